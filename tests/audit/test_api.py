"""The ledger over HTTP: who may read what, and whether it verifies."""

import base64

import pytest
from httpx import ASGITransport, AsyncClient
from support import ledger as support
from support.ledger import (
    AT,
    LOG,
    WITNESS,
    caller,
    envelope,
    fill,
    running,
    settings,
    sign,
)
from zhengshu_chassis.auth import HEADER
from zhengshu_contracts.audit import CheckpointOut, ConsistencyProof, InclusionProof, LeafList
from zhengshu_contracts.commission import Callback, CountersignatureAnswer
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import PrincipalKind, Role
from zhengshu_verify import ledger, merkle
from zhengshu_verify.note import open_checkpoint

READ, CHECKPOINT, INTERNAL_ACTION = (
    Action.LEDGER_READ,
    Action.LEDGER_CHECKPOINT,
    Action.INTERNAL,
)
PUBLIC = {"kind": PrincipalKind.PUBLIC, "roles": set()}
GATEWAY = {"kind": PrincipalKind.GATEWAY, "roles": set()}
PATHS = {
    "/v1/ledger/checkpoint": CHECKPOINT,
    "/v1/ledger/leaves": READ,
    "/v1/ledger/proofs/inclusion?index=0": Action.LEDGER_PROVE,
    "/v1/ledger/proofs/consistency?from=0": Action.LEDGER_PROVE,
    "/v1/accesses": Action.ACCESS_READ,
}


@pytest.fixture
async def app(made):
    async with running(settings(made)) as app:
        yield app


async def get(app, path, action=None, **principal):
    action = action or (Action.LEDGER_PROVE if "/proofs/" in path else READ)
    async with caller(app, action, **principal) as client:
        return await client.get(path)


async def answer(app, dispatch, line, size, callback="cb-1"):
    callback = Callback(
        id=callback,
        ref=dispatch,
        issued_at=AT,
        answer=CountersignatureAnswer(size=size, signature=line),
    )
    async with caller(app, INTERNAL_ACTION, **GATEWAY) as client:
        return await client.post("/internal/callbacks", json=callback.model_dump(mode="json"))


async def note(app):
    response = await get(app, "/v1/ledger/checkpoint", CHECKPOINT)
    return CheckpointOut.model_validate(response.json()).note


class TestWhoMay:
    @pytest.mark.parametrize("path", PATHS)
    async def test_nobody_without_an_identity(self, app, path):
        for headers in ({}, {HEADER: "forged.forged"}):
            transport = ASGITransport(app)
            async with AsyncClient(transport=transport, base_url="http://audit") as client:
                assert (await client.get(path, headers=headers)).status_code == 401

    @pytest.mark.parametrize("path", [path for path, action in PATHS.items() if action is READ])
    @pytest.mark.parametrize(
        "principal", [PUBLIC, {"roles": {Role.DATA_OFFICER}}, {"kind": PrincipalKind.SYSTEM}]
    )
    async def test_leaves_are_for_auditors(self, app, path, principal):
        assert (await get(app, path, **principal)).status_code == 403

    @pytest.mark.parametrize("path", PATHS)
    async def test_a_decision_for_one_action_opens_no_other(self, app, path):
        assert (await get(app, path, action=Action.GRANT_READ)).status_code == 403

    async def test_proofs_are_for_every_system_and_officer_but_not_for_the_public(self, app, audit):
        await fill(audit, envelope(1))
        await sign(audit)
        path = "/v1/ledger/proofs/inclusion?index=0"
        for principal in ({"kind": PrincipalKind.SYSTEM}, {"roles": {Role.DATA_OFFICER}}):
            assert (await get(app, path, **principal)).status_code == 200
        assert (await get(app, path, **PUBLIC)).status_code == 403

    async def test_anybody_may_see_the_checkpoint(self, app, audit):
        await fill(audit, envelope(1))
        await sign(audit)
        assert (await get(app, "/v1/ledger/checkpoint", CHECKPOINT, **PUBLIC)).status_code == 200


class TestLedger:
    async def test_an_empty_ledger_says_so(self, app):
        for path, action in PATHS.items():
            response = await get(app, path, action)
            if path.endswith(("leaves", "accesses")):
                assert response.json() == {path.rsplit("/", 1)[1]: [], "next": None}
            else:
                assert response.status_code == 404
                assert response.json()["type"] == "/problems/checkpoint-not-found"

    async def test_what_is_read_verifies_offline(self, app, audit):
        await fill(audit, *(envelope(n) for n in range(7)))
        await sign(audit)
        signed = await note(app)
        assert (await answer(app, None, support.cosignature(signed), 7)).json() == {
            "outcome": "applied"
        }
        path = "/v1/ledger/checkpoint?countersigned=true"
        checkpoint = CheckpointOut.model_validate((await get(app, path, CHECKPOINT)).json())
        assert checkpoint.countersigned
        lines, start = [], 0
        while start is not None:
            response = await get(app, f"/v1/ledger/leaves?from={start}&limit=3")
            page = LeafList.model_validate(response.json())
            lines += [leaf.model_dump_json() for leaf in page.leaves]
            start = page.next
        verdict = ledger.verify_ledger(
            [checkpoint.note], lines, log=LOG.verifier, witness=WITNESS.verifier
        )
        assert verdict.sound
        assert verdict.cosigned == (7, int(AT.timestamp()))

    async def test_proofs_verify(self, app, audit):
        await fill(audit, *(envelope(n) for n in range(5)))
        await sign(audit)
        old = open_checkpoint(
            (await get(app, "/v1/ledger/checkpoint", CHECKPOINT)).json()["note"], LOG.verifier
        )
        await fill(audit, *(envelope(n) for n in range(6)))
        await sign(audit)
        new = open_checkpoint(
            (await get(app, "/v1/ledger/checkpoint", CHECKPOINT)).json()["note"], LOG.verifier
        )
        response = await get(app, "/v1/ledger/proofs/consistency?from=5")
        proof = ConsistencyProof.model_validate(response.json())
        assert (proof.start, proof.end) == (5, 11)
        merkle.verify_consistency(
            old=5, new=11, old_root=old.root, new_root=new.root, proof=plain(proof)
        )
        leaf = (await get(app, "/v1/ledger/leaves?from=3&limit=1")).json()["leaves"][0]
        response = await get(app, "/v1/ledger/proofs/inclusion?index=3&size=5")
        proof = InclusionProof.model_validate(response.json())
        merkle.verify_inclusion(
            bytes.fromhex(leaf["hash"]), index=3, size=5, proof=plain(proof), root=old.root
        )

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("leaves?from=-1", 422),
            ("leaves?limit=1001", 422),
            ("proofs/inclusion", 422),
            ("proofs/inclusion?index=1", 404),
            ("proofs/inclusion?index=0&size=2", 404),
            ("proofs/consistency?from=2&to=1", 404),
        ],
    )
    async def test_out_of_bounds(self, app, audit, query, status):
        await fill(audit, envelope(1))
        await sign(audit)
        response = await get(app, f"/v1/ledger/{query}")
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"


class TestCountersignature:
    async def test_done_once_and_refused_when_forged(self, app, audit, made):
        await fill(audit, envelope(1))
        await sign(audit)
        signed = await note(app)
        forged = await answer(app, None, support.cosignature(signed, another()), 1)
        assert forged.status_code == 422
        assert forged.json()["type"] == "/problems/countersignature-refused"
        line = support.cosignature(signed)
        for callback, outcome in (("a", "applied"), ("a", "no-effect"), ("b", "no-effect")):
            response = await answer(app, None, line, 1, callback)
            assert response.json() == {"outcome": outcome}
        assert len(await support.look(made, "SELECT * FROM outbox")) == 1


def another():
    return support.SigningKey.generate(WITNESS.name, support.Algorithm.COSIGNATURE)


def plain(proof):
    return [base64.b64decode(one) for one in proof.hashes]
