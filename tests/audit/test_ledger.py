"""Appending, signing, laying before the witness, proving: on a real database."""

import asyncio
import base64
from datetime import timedelta

import asyncpg
import pytest
from support import ledger as support
from support.ledger import AT, LOG, WITNESS, decided, ended, envelope, fill, look, sign, wire
from zhengshu_audit import domain, operations
from zhengshu_audit.errors import BeyondLedger, CheckpointNotFound, CountersignatureRefused
from zhengshu_audit.operations import Unit
from zhengshu_chassis.db import connect
from zhengshu_contracts.audit import AccessClosed, CheckpointCountersigned, LedgerRestarted
from zhengshu_contracts.base import Envelope
from zhengshu_contracts.commission import CheckpointFiling, CountersignatureAnswer
from zhengshu_verify import merkle
from zhengshu_verify.ledger import verify_successor
from zhengshu_verify.note import Algorithm, SigningKey, open_checkpoint


async def countersign(audit, size, line):
    async with audit.sessions.begin() as session:
        answer = CountersignatureAnswer(size=size, signature=line)
        return await operations.countersign(Unit.of(session), answer, WITNESS.verifier, now=AT)


async def file(audit, now=AT):
    async with audit.sessions.begin() as session:
        return await operations.file(Unit.of(session), now=now)


async def newest(audit, *, countersigned=False):
    async with audit.reads.begin() as session:
        return await operations.newest(Unit.of(session), countersigned=countersigned)


class TestAppend:
    async def test_leaves_follow_one_another_and_say_what_they_hash(self, made, audit):
        events = [envelope(n) for n in range(3)]
        await fill(audit, *events[:2])
        await fill(audit, events[2])
        leaves = await look(made, "SELECT * FROM leaves ORDER BY index")
        assert [leaf["index"] for leaf in leaves] == [0, 1, 2]
        assert [leaf["event_id"] for leaf in leaves] == [event.id for event in events]
        for leaf in leaves:
            assert merkle.leaf_hash(leaf["payload"].encode()) == leaf["leaf_hash"]

    async def test_an_event_has_one_leaf(self, made, audit):
        one, two = envelope(1), envelope(2)
        await fill(audit, one, one)
        await fill(audit, two, one)
        leaves = await look(made, "SELECT event_id FROM leaves ORDER BY index")
        assert [leaf["event_id"] for leaf in leaves] == [one.id, two.id]

    async def test_workers_side_by_side_leave_no_gap_and_no_double(self, made):
        """Two processes' worth of connections, the same events offered to both."""
        events = [envelope(n) for n in range(60)]
        groups = [events[n : n + 3] for n in range(0, 60, 3)]
        workers = [connect(made.url, f"worker-{n}") for n in range(2)]
        await asyncio.gather(
            *(fill(worker, *group) for worker in workers for group in groups),
            *(sign(worker) for worker in workers),
        )
        for worker in workers:
            await worker.engine.dispose()
        leaves = await look(made, "SELECT index, event_id FROM leaves ORDER BY index")
        assert [leaf["index"] for leaf in leaves] == list(range(60))
        assert {leaf["event_id"] for leaf in leaves} == {event.id for event in events}

    async def test_what_fails_leaves_no_gap(self, made, audit):
        async with audit.sessions.begin() as session:
            await operations.record(Unit.of(session), domain.enter(wire(envelope(1)), at=AT))
            await session.flush()
            await session.rollback()
        await fill(audit, envelope(2))
        assert [leaf["index"] for leaf in await look(made, "SELECT index FROM leaves")] == [0]


class TestRights:
    @pytest.mark.parametrize("table", ["leaves", "nodes", "checkpoints", "countersignatures"])
    @pytest.mark.parametrize(
        "statement",
        ["DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}", "ALTER TABLE {} ADD x int"],
    )
    async def test_the_serving_role_cannot_change_what_was_recorded(self, made, table, statement):
        connection = await asyncpg.connect(made.url)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement.format(table))
        await connection.close()

    @pytest.mark.parametrize(
        "change",
        [
            "leaves SET payload = ''",
            "nodes SET hash = ''",
            "checkpoints SET note = ''",
            "countersignatures SET line = ''",
        ],
    )
    async def test_nor_update_it(self, made, change):
        connection = await asyncpg.connect(made.url)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"UPDATE {change}")
        await connection.close()


class TestSign:
    async def test_signs_what_is_new_and_nothing_twice(self, audit):
        assert await sign(audit) is None
        await fill(audit, *(envelope(n) for n in range(5)))
        assert await sign(audit) == 5
        assert await sign(audit) is None
        await fill(audit, envelope(6))
        assert await sign(audit) == 6

    async def test_the_root_is_the_trees(self, made, audit):
        for size in (1, 3, 8, 13):
            await fill(audit, *(envelope(n) for n in range(size)))
            await sign(audit)
        signed = (await newest(audit)).checkpoint
        leaves = await look(made, "SELECT leaf_hash FROM leaves ORDER BY index")
        assert signed.root == merkle.root(leaf["leaf_hash"] for leaf in leaves)
        assert open_checkpoint(signed.note, LOG.verifier).size == 25

    async def test_sealing_stalls_no_recording(self, made, audit):
        """While a checkpoint is made, records go on arriving, and lie outside of it."""
        await fill(audit, *(envelope(n) for n in range(3)))
        async with audit.sessions() as sealing, asyncio.timeout(5):
            await operations.sign(Unit.of(sealing), LOG, now=AT)
            await fill(audit, envelope(3), envelope(4))
            await sealing.commit()
        assert (await newest(audit)).checkpoint.size == 3
        assert await count(made) == 5

    async def test_an_announcement_of_a_checkpoint_alone_is_no_reason_for_another(self, audit):
        await fill(audit, envelope(1))
        await sign(audit)
        about = Envelope.wrap(CheckpointCountersigned(size=1, root="-"), source="audit", about="-")
        await fill(audit, about)
        assert await sign(audit) is None
        await fill(audit, envelope(2))
        assert await sign(audit) == 3


class TestWitness:
    async def test_one_unanswered_checkpoint_at_a_time(self, made, audit):
        assert not await file(audit)
        await fill(audit, envelope(1))
        await sign(audit)
        assert await file(audit)
        await fill(audit, envelope(2))
        await sign(audit)
        assert not await file(audit)
        await look(made, "UPDATE dispatches SET state = 'answered'")
        assert await file(audit)

    async def test_the_filing_is_what_a_witness_can_follow(self, made, audit):
        older = None
        for size in (3, 9, 17):
            await fill(audit, *(envelope(n) for n in range(size)))
            await sign(audit)
            assert await file(audit)
            (row,) = await look(made, "SELECT payload FROM dispatches WHERE state = 'due'")
            filing = CheckpointFiling.model_validate_json(row["payload"])
            proof = [base64.b64decode(one) for one in filing.proof]
            checkpoint = verify_successor(older, filing.note, proof, log=LOG.verifier)
            assert await countersign(audit, checkpoint.size, support.cosignature(filing.note))
            await look(made, "UPDATE dispatches SET state = 'answered'")
            assert not await file(audit)
            older = filing.note

    async def test_after_a_refusal_it_waits_before_it_asks_again(self, made, audit):
        await fill(audit, envelope(1))
        await sign(audit)
        await file(audit)
        (row,) = await look(made, "UPDATE dispatches SET state = 'parked' RETURNING created_at")
        assert not await file(audit, now=row["created_at"] + timedelta(minutes=9))
        assert await file(audit, now=row["created_at"] + timedelta(minutes=11))

    async def test_a_restart_is_a_leaf_and_asks_the_witness_at_once(self, made, audit):
        await fill(audit, envelope(1))
        await sign(audit)
        await file(audit)
        (row,) = await look(made, "UPDATE dispatches SET state = 'parked' RETURNING created_at")
        at = row["created_at"] + timedelta(minutes=1)
        event = LedgerRestarted(reason="恢复至昨日的备份")
        await fill(audit, Envelope.wrap(event, source="audit", about="ledger"), at=at)
        await sign(audit)
        assert await file(audit, now=at)
        query = "SELECT payload FROM dispatches WHERE state = 'due'"
        (row,) = await look(made, query)
        filing = CheckpointFiling.model_validate_json(row["payload"])
        assert filing.restart == "恢复至昨日的备份"
        line = support.cosignature(filing.note)
        assert await countersign(audit, 2, line)
        await look(made, "UPDATE dispatches SET state = 'answered'")
        await fill(audit, envelope(3))
        await sign(audit)
        assert await file(audit, now=at)
        (row,) = await look(made, query)
        assert CheckpointFiling.model_validate_json(row["payload"]).restart == ""

    async def test_a_countersignature_is_stored_once_and_announced(self, made, audit):
        await fill(audit, envelope(1))
        await sign(audit)
        line = support.cosignature((await newest(audit)).checkpoint.note)
        assert await countersign(audit, 1, line)
        assert not await countersign(audit, 1, line)
        assert (await newest(audit, countersigned=True)).countersignature.line == line
        announced = await look(made, "SELECT subject FROM outbox")
        assert [row["subject"] for row in announced] == [CheckpointCountersigned.subject]

    async def test_what_the_witness_did_not_sign_is_refused(self, made, audit):
        await fill(audit, envelope(1))
        await sign(audit)
        note = (await newest(audit)).checkpoint.note
        stranger = SigningKey.generate(WITNESS.name, Algorithm.COSIGNATURE)
        await fill(audit, envelope(2))
        await sign(audit)
        other = (await newest(audit)).checkpoint.note
        for line in (support.cosignature(note, stranger), support.cosignature(other), "rubbish"):
            with pytest.raises(CountersignatureRefused):
                await countersign(audit, 1, line)
        with pytest.raises(CheckpointNotFound):
            await countersign(audit, 7, support.cosignature(note))
        assert not await look(made, "SELECT * FROM countersignatures")


class TestAccesses:
    async def test_an_access_that_ended_is_forgotten_in_either_order(self, made, audit):
        await fill(audit, decided("a"), ended("a"))
        await fill(audit, ended("b"))
        await fill(audit, decided("b"))
        assert not await look(made, "SELECT * FROM open_accesses")

    async def test_one_that_never_ends_is_closed_once(self, made, audit):
        await fill(audit, decided("a"), decided("b", allowed=False))
        assert await close(audit, AT) == 0
        assert await close(audit, AT + timedelta(seconds=1)) == 1
        assert await close(audit, AT + timedelta(seconds=1)) == 0
        (row,) = await look(made, "SELECT subject, payload FROM outbox")
        assert row["subject"] == AccessClosed.subject
        assert Envelope.model_validate_json(row["payload"]).data == {"record": "a"}

    async def test_redelivery_opens_nothing_again(self, made, audit):
        begin = decided("a")
        await fill(audit, begin)
        await fill(audit, ended("a"))
        await fill(audit, begin)
        assert not await look(made, "SELECT * FROM open_accesses")

    async def test_an_ending_without_a_beginning_is_dropped_in_time(self, made, audit):
        await fill(audit, ended("a"))
        await close(audit, AT + timedelta(hours=23))
        assert await look(made, "SELECT * FROM open_accesses")
        await close(audit, AT + timedelta(hours=25))
        assert not await look(made, "SELECT * FROM open_accesses")


async def close(audit, before):
    async with audit.sessions.begin() as session:
        return await operations.close_lapsed(Unit.of(session), before=before)


class TestProofs:
    async def test_every_proof_of_every_signed_tree_verifies(self, made, audit):
        sizes = (1, 4, 11)
        for size in sizes:
            await fill(audit, *(envelope(n) for n in range(size - await count(made))))
            await sign(audit)
        leaves = [r["leaf_hash"] for r in await look(made, "SELECT * FROM leaves ORDER BY index")]
        async with audit.reads.begin() as session:
            unit = Unit.of(session)
            for size in range(1, 12):
                root = merkle.root(leaves[:size])
                for index in range(size):
                    _, proof = await operations.prove_inclusion(unit, index, size)
                    merkle.verify_inclusion(
                        leaves[index], index=index, size=size, proof=plain(proof), root=root
                    )
                for old in range(size + 1):
                    _, proof = await operations.prove_consistency(unit, old, size)
                    merkle.verify_consistency(
                        old=old,
                        new=size,
                        old_root=merkle.root(leaves[:old]),
                        new_root=root,
                        proof=plain(proof),
                    )

    async def test_nothing_unsigned_is_proved(self, audit):
        async with audit.reads.begin() as session:
            with pytest.raises(CheckpointNotFound):
                await operations.prove_inclusion(Unit.of(session), 0, None)
        await fill(audit, envelope(1))
        await sign(audit)
        await fill(audit, envelope(2))
        async with audit.reads.begin() as session:
            unit = Unit.of(session)
            assert await operations.prove_inclusion(unit, 0, None) == (1, [])
            for index, size in ((1, 2), (1, None)):
                with pytest.raises(BeyondLedger):
                    await operations.prove_inclusion(unit, index, size)
            for old, new in ((0, 2), (2, 1)):
                with pytest.raises(BeyondLedger):
                    await operations.prove_consistency(unit, old, new)


async def count(made):
    return (await look(made, "SELECT count(*) FROM leaves"))[0][0]


def plain(proof):
    return [base64.b64decode(one) for one in proof]
