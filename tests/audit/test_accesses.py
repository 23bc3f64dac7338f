"""Both sides of an access see it, nobody else does, and each can prove that it was recorded."""

import base64
from datetime import timedelta

import pytest
from support.ledger import AT, LOG, caller, fill, look, running, settings, sign
from zhengshu_contracts.access import AccessDecided, AccessEnded, AccessOutcome
from zhengshu_contracts.audit import AccessList, CheckpointOut, InclusionProof
from zhengshu_contracts.base import Envelope
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import PrincipalKind, Role
from zhengshu_verify import merkle
from zhengshu_verify.note import open_checkpoint

PROVIDER, READER, OTHER = "11350123003612345A", "11350123003654321B", "11350123003688888D"
TOWNS, AID = "303084122704-000001", "303084122704-000002"


def decided(record: str, dataset: str = TOWNS, **members) -> Envelope:
    event = AccessDecided(
        record=record,
        at=AT,
        client="sys-1",
        client_kind=PrincipalKind.SYSTEM,
        action=Action.DATASET_QUERY,
        dataset=dataset,
        rule="granted",
        **{"organization": READER, "provider": PROVIDER, "allowed": True, "purpose": "核对"}
        | members,
    )
    wrapped = Envelope.wrap(event, source="gateway", about=record)
    return wrapped.model_copy(update={"id": f"{record}.decided"})


def ended(record: str) -> Envelope:
    event = AccessEnded(
        record=record, at=AT, outcome=AccessOutcome.COMPLETE, status=200, bytes=5, rows=2
    )
    wrapped = Envelope.wrap(event, source="gateway", about=record)
    return wrapped.model_copy(update={"id": f"{record}.ended"})


@pytest.fixture
async def app(made, audit):
    await fill(audit, decided("r-1"), ended("r-1"), decided("r-2", AID, allowed=False))
    await fill(audit, decided("r-3", organization=OTHER, purpose=None), at=AT + timedelta(hours=1))
    async with running(settings(made)) as app:
        yield app


async def listed(
    app, query: str = "", organization: str | None = PROVIDER, **members
) -> AccessList:
    who = {"roles": {Role.DATA_OFFICER}, "organization": organization} | members
    async with caller(app, Action.ACCESS_READ, **who) as client:
        response = await client.get(f"/v1/accesses?{query}")
    assert response.status_code == 200, response.text
    return AccessList.model_validate(response.json())


def records(found: AccessList) -> list[str]:
    return [each.record for each in found.accesses]


async def test_a_provider_sees_who_read_its_data_and_a_reader_what_it_read(app):
    assert records(await listed(app)) == ["r-3", "r-2", "r-1"]
    assert records(await listed(app, "side=reader")) == []
    assert records(await listed(app, "side=reader", READER)) == ["r-2", "r-1"]
    assert records(await listed(app, "side=reader", OTHER)) == ["r-3"]
    assert records(await listed(app, "", OTHER)) == []
    assert records(await listed(app, "", None)) == []
    last = (await listed(app)).accesses[-1]
    told = (last.purpose, last.organization, last.outcome, last.rows, last.allowed)
    assert told == ("核对", READER, "complete", 2, True)
    assert (await listed(app)).accesses[0].ended is None


async def test_lists_are_narrowed_and_go_on(app):
    assert records(await listed(app, f"dataset={AID}")) == ["r-2"]
    later = (AT + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert records(await listed(app, f"from={later}")) == ["r-3"]
    first = await listed(app, "limit=2")
    assert records(await listed(app, f"limit=2&before={first.next}")) == ["r-1"]


@pytest.mark.parametrize(
    "query",
    [
        f"before={2**63}",
        "from=0001-01-01T00:00:00%2B23:59",
        "from=9999-12-31T23:59:59-23:59",
        "dataset=%00",
    ],
)
async def test_what_no_database_could_look_for_is_refused(app, query):
    async with caller(
        app, Action.ACCESS_READ, roles={Role.AUDITOR}, organization=PROVIDER
    ) as client:
        assert (await client.get(f"/v1/accesses?{query}")).status_code == 422


async def test_only_officers_of_an_organisation_ask(app):
    for role in set(Role) - {Role.DATA_OFFICER, Role.OFFICE_HEAD, Role.AUDITOR}:
        async with caller(app, Action.ACCESS_READ, roles={role}, organization=PROVIDER) as client:
            assert (await client.get("/v1/accesses")).status_code == 403, role


async def test_what_is_shown_can_be_proven(app, audit):
    await sign(audit)
    async with caller(app, Action.LEDGER_CHECKPOINT) as client:
        told = CheckpointOut.model_validate((await client.get("/v1/ledger/checkpoint")).json())
    checkpoint = open_checkpoint(told.note, LOG.verifier)
    (access,) = (each for each in (await listed(app)).accesses if each.record == "r-1")
    who = {"kind": PrincipalKind.SYSTEM, "roles": set()}
    for leaf in (access.decided, access.ended):
        path = f"/v1/ledger/proofs/inclusion?index={leaf.index}"
        async with caller(app, Action.LEDGER_PROVE, **who) as client:
            proof = InclusionProof.model_validate((await client.get(path)).json())
        hashed = merkle.leaf_hash(leaf.payload.encode())
        assert hashed.hex() == leaf.hash
        hashes = [base64.b64decode(each) for each in proof.hashes]
        merkle.verify_inclusion(
            hashed, index=leaf.index, size=proof.size, proof=hashes, root=checkpoint.root
        )


async def test_both_lists_are_found_by_an_index(app, made):
    for column in ("provider", "organization"):
        rows = await look(
            made,
            "EXPLAIN SELECT index FROM leaves WHERE subject = 'zhengshu.access.decided.v1'"
            f" AND (payload::json #>> '{{event,data,{column}}}') = 'x' ORDER BY index DESC LIMIT 1",
        )
        assert f"ix_leaves_access_{column}" in str(rows)
