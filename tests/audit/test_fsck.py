"""The check of a copy: sound as long as nobody touched it, and each way of touching it is named."""

import asyncio
import os
import subprocess
import sys

import pytest
from support import ledger as support
from support.databases import Database
from support.ledger import AT, LOG, WITNESS, envelope, fill, look, sign
from zhengshu_audit import fsck, operations
from zhengshu_audit.operations import Unit
from zhengshu_contracts.commission import CountersignatureAnswer
from zhengshu_verify import keys
from zhengshu_verify.note import Algorithm, SigningKey

COUNT = 23


@pytest.fixture
async def copy(made, audit, databases):
    """A copy of a ledger with three checkpoints, the second countersigned, and unsigned leaves."""
    for size, countersigned in ((5, False), (13, True), (20, False)):
        have = (await look(made, "SELECT count(*) FROM leaves"))[0][0]
        await fill(audit, *(envelope(n) for n in range(size - have)))
        await sign(audit)
        if countersigned:
            await countersign(audit)
    await fill(audit, *(envelope(n) for n in range(3)))
    await audit.engine.dispose()
    copied = Database("audit", f"{made.name}_copy", made.server, made.secrets)
    await databases._execute(f"CREATE DATABASE {copied.name} TEMPLATE {made.name}")
    yield copied
    await databases.drop(copied)


async def countersign(audit):
    async with audit.sessions.begin() as session:
        unit = Unit.of(session)
        signed = await operations.newest(unit, countersigned=False)
        line = support.cosignature(signed.checkpoint.note)
        answer = CountersignatureAnswer(size=signed.checkpoint.size, signature=line)
        await operations.countersign(unit, answer, WITNESS.verifier, now=AT)


async def check(copy, log=LOG.verifier, witness=WITNESS.verifier, kept=None):
    return await fsck.check(copy.superuser_url, log, witness, kept=kept)


async def test_an_untouched_copy_is_sound(copy):
    verdict = await check(copy)
    assert verdict.sound
    assert (verdict.size, verdict.checkpoints, verdict.cosigned.size) == (COUNT, 3, 13)


async def test_an_erased_payload_is_no_difference(copy):
    await look(copy, "UPDATE leaves SET payload = NULL WHERE index = 4")
    assert (await check(copy)).sound


FORGED = "sha256('\\x00'::bytea || convert_to(payload, 'UTF8'))"
TAMPERINGS = {
    "a payload": ("UPDATE leaves SET payload = payload || ' ' WHERE index = 7", "leaf", 7),
    "a hash": ("UPDATE leaves SET leaf_hash = sha256('x') WHERE index = 7", "leaf", 7),
    "a subject": ("UPDATE leaves SET subject = 'x' WHERE index = 7", "leaf", 7),
    "a kind": ("UPDATE leaves SET kind = 'access' WHERE index = 7", "leaf", 7),
    "a time": ("UPDATE leaves SET at = at + interval '1 s' WHERE index = 7", "leaf", 7),
    "an id": ("UPDATE leaves SET event_id = 'x' WHERE index = 7", "leaf", 7),
    "an unsigned leaf": ("UPDATE leaves SET payload = '' WHERE index = 22", "leaf", 22),
    "a leaf removed": ("DELETE FROM leaves WHERE index = 7", "leaf", 7),
    "the signed end cut off": ("DELETE FROM leaves WHERE index >= 17", "leaf", 17),
    "two leaves exchanged": (
        "UPDATE leaves SET index = CASE index WHEN 7 THEN 108 WHEN 8 THEN 107 ELSE index END"
        " WHERE index IN (7, 8); UPDATE leaves SET index = index - 100 WHERE index > 100",
        "root",
        5,
    ),
    "a payload with its hash": (
        "UPDATE leaves SET payload = replace(payload, '000001', '000009') WHERE index = 6;"
        f" UPDATE leaves SET leaf_hash = {FORGED} WHERE index = 6",
        "root",
        5,
    ),
    "a stored subtree": (
        "UPDATE nodes SET hash = sha256('x') WHERE level = 2 AND \"offset\" = 1",
        "node",
        4,
    ),
    "a stored subtree removed": (
        'DELETE FROM nodes WHERE level = 1 AND "offset" = 3',
        "node",
        6,
    ),
    "a checkpoint's root": (
        "UPDATE checkpoints SET root = sha256('x') WHERE size = 13",
        "checkpoint",
        None,
    ),
    "a checkpoint's note": (
        "UPDATE checkpoints SET note = replace(note, E'\\n13\\n', E'\\n14\\n') WHERE size = 13",
        "checkpoint",
        None,
    ),
    "the countersignature": (
        "UPDATE countersignatures SET line = replace(line, ' ', '  ')",
        "cosignature",
        None,
    ),
    "every countersignature removed": ("DELETE FROM countersignatures", "cosignature", None),
    "everything": (
        "TRUNCATE leaves, nodes, checkpoints, countersignatures",
        "checkpoint",
        None,
    ),
}


@pytest.mark.parametrize("what", TAMPERINGS)
async def test_what_was_touched_is_named(copy, what):
    statement, kind, index = TAMPERINGS[what]
    for one in statement.split(";"):
        await look(copy, one)
    difference = (await check(copy)).difference
    assert (difference.what, difference.index) == (kind, index)


async def test_a_ledger_cut_off_at_an_older_checkpoint_is_found_by_one_kept_elsewhere(copy):
    (kept,) = await look(copy, "SELECT note FROM checkpoints WHERE size = 20")
    assert (await check(copy, kept=kept["note"])).sound
    await look(copy, "DELETE FROM checkpoints WHERE size > 13")
    await look(copy, "DELETE FROM leaves WHERE index >= 13")
    assert (await check(copy)).sound
    difference = (await check(copy, kept=kept["note"])).difference
    assert (difference.what, difference.index) == ("leaf", 13)
    assert (await check(copy, kept="rubbish")).difference.what == "checkpoint"


async def test_a_forger_who_signs_with_another_key_is_named(copy):
    stranger = SigningKey.generate(LOG.name).verifier
    assert (await check(copy, log=stranger)).difference.what == "checkpoint"
    stranger = SigningKey.generate(WITNESS.name, Algorithm.COSIGNATURE).verifier
    assert (await check(copy, witness=stranger)).difference.what == "cosignature"


async def test_a_countersignature_of_somebody_else_is_named(copy):
    note = (await look(copy, "SELECT note FROM checkpoints WHERE size = 13"))[0]["note"]
    stranger = SigningKey.generate("somebody.example", Algorithm.COSIGNATURE)
    line = support.cosignature(note, stranger)
    await look(copy, "UPDATE countersignatures SET line = $1", line)
    assert (await check(copy)).difference.what == "cosignature"


async def run(copy, *more):
    """The command, as an auditor runs it: a role that may only read, and public keys."""
    await look(copy, "GRANT CONNECT ON DATABASE " + copy.name + " TO audit_app")
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "zhengshu_audit", "fsck", "--database-url", copy.url, *more],
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )


def public(key):
    return support.json.dumps(keys.public_jwk(key.private.public_key()))


async def test_the_command(copy):
    given = ("--public-key", LOG.verifier.encode(), "--witness-key", WITNESS.verifier.encode())
    done = await run(copy, *given)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"已核对 {COUNT} 条记录、3 个检查点" in done.stdout
    await look(copy, "UPDATE leaves SET payload = '{}' WHERE index = 7")
    done = await run(copy, "--public-key", public(LOG), "--witness-key", public(WITNESS))
    assert done.returncode == 1
    assert "记录不符,第一处在序号 7" in done.stdout
