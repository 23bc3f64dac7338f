"""The stand-in over real PostgreSQL: filings, decisions, uploads, faults."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from zhengshu_chassis import signature
from zhengshu_commission.main import build
from zhengshu_commission.settings import CommissionSettings
from zhengshu_contracts.audit import LEDGER_ORIGIN, WITNESS_NAME
from zhengshu_verify import keys, merkle
from zhengshu_verify.note import Algorithm, Checkpoint, Note, SigningKey, VerifierKey

KEY = b"shared"
WITNESS = keys.generate()
LEDGER = keys.generate()
DATASET = "307350123001-000001"


class County:
    """Speaks to the stand-in as the county's node does."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def put(self, path: str, body: object, *, key: bytes = KEY) -> httpx.Response:
        data = json.dumps(body).encode()
        digest = signature.content_digest(data)
        headers = signature.sign(key, requester="350123", service="x", digest=digest)
        headers["Content-Type"] = "application/json"
        return await self.http.put(f"/exchange/v1/{path}", content=data, headers=headers)

    async def get(self, path: str) -> httpx.Response:
        headers = signature.sign(KEY, requester="350123", service="x")
        return await self.http.get(f"/exchange/v1/{path}", headers=headers)

    async def upload(self, ref: str, since: int, to: int, changes: list[dict]) -> httpx.Response:
        headers = signature.sign(KEY, requester="350123", service="x")
        headers |= {"Content-Type": "application/x-ndjson", "Zhengshu-Dataset": DATASET}
        headers |= {"Zhengshu-Epoch": "1", "Zhengshu-Since": str(since), "Zhengshu-To": str(to)}
        data = "".join(json.dumps(each) + "\n" for each in changes).encode()
        return await self.http.put(f"/exchange/v1/upload/{ref}", content=data, headers=headers)

    async def answers(self, kind: str, ref: str) -> list[dict]:
        callbacks = (await self.get(f"{kind}/{ref}")).json()["callbacks"]
        return [each["answer"] for each in callbacks]

    async def desk(self, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"Authorization": "Bearer desk"}
        return await self.http.request(method, f"/desk/{path}", json=body, headers=headers)


@pytest.fixture
async def county(database) -> AsyncIterator[County]:
    mine = await database("commission")
    settings = CommissionSettings(
        port=1,
        mode="serve",
        database_url=mine.url,
        gateway_url="http://127.0.0.1:9",
        shared_key=KEY.decode(),
        desk_token="desk",
        witness_key=json.dumps(keys.private_jwk(WITNESS)),
        ledger_key=json.dumps(keys.public_jwk(LEDGER.public_key())),
    )
    app = build(settings)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://commission") as http,
    ):
        county = County(http)
        await county.desk("PUT", "switches", {"delay": 0})
        yield county


def application(part: str = "p-1", dataset: str = DATASET) -> dict:
    return {
        "application": "a-1",
        "number": "1",
        "part": part,
        "applicant": "113501230036150002",
        "applicant_name": "甲局",
        "provider": "113501230036150002",
        "dataset": dataset,
        "municipal_code": None,
        "items": ["name"],
        "modes": ["query"],
        "filter": "",
        "basis": "依据",
        "scenario": "场景",
        "scope": "范围",
        "purpose": "用途",
        "until": "2027-01-01",
        "endorsement": "同意",
    }


async def test_unsigned_and_forged_requests_are_refused(county: County) -> None:
    assert (await county.http.get("/exchange/v1/catalogue")).status_code == 401
    forged = await county.put("application/d-1", application(), key=b"other")
    assert (forged.status_code, forged.json()["type"]) == (401, "/problems/signature-refused")


async def test_the_same_reference_twice_has_one_effect(county: County) -> None:
    first = await county.put("application/d-1", application())
    again = await county.put("application/d-1", application())
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    assert len(await county.answers("application", "d-1")) == 1


async def test_an_application_is_decided_after_the_providers_opinion(county: County) -> None:
    await county.put("application/d-1", application())
    assert [a["kind"] for a in await county.answers("application", "d-1")] == ["opinion_request"]
    opinion = {"opinion": "o-1", "part": "p-1", "outcome": "refuse", "reason": "与履职无关"}
    await county.put("opinion/d-2", opinion)
    decision = (await county.answers("application", "d-1"))[-1]
    assert (decision["outcome"], decision["reason"]) == ("refuse", "与履职无关")


async def test_the_desk_decides_by_hand_even_late(county: County) -> None:
    await county.desk("PUT", "switches", {"delay": 0, "application": "manual"})
    await county.put("application/d-1", application(dataset="307350100001-000001"))
    pending = (await county.desk("GET", "filings?state=pending")).json()
    assert [each["ref"] for each in pending] == ["d-1"]
    await county.put("withdrawal/d-2", {"part": "p-1", "reason": "不再需要"})
    done = await county.desk("POST", "filings/d-1/decision", {"outcome": "agree"})
    assert done.status_code == 204
    assert (await county.answers("application", "d-1"))[-1]["outcome"] == "agree"
    twice = await county.desk("POST", "filings/d-1/decision", {"outcome": "agree"})
    assert twice.status_code == 409


async def test_a_withdrawal_that_overtakes_its_application_holds(county: County) -> None:
    await county.put("withdrawal/d-2", {"part": "p-1", "reason": "不再需要"})
    await county.put("application/d-1", application())
    assert await county.answers("application", "d-1") == []


async def test_the_desk_is_closed_without_its_token(county: County) -> None:
    assert (await county.http.get("/desk/filings")).status_code == 401


async def test_uploads_must_follow_what_is_held(county: County) -> None:
    rows = [{"op": "upsert", "id": "1", "row": {"a": "x"}}, {"op": "upsert", "id": "2", "row": {}}]
    assert (await county.upload("u-1", 0, 1, rows)).status_code == 202
    gap = await county.upload("u-2", 2, 3, [])
    assert (gap.status_code, gap.json()["type"]) == (409, "/problems/upload-gap")
    assert (await county.upload("u-3", 1, 2, [{"op": "delete", "id": "1"}])).status_code == 202
    assert (await county.upload("u-3", 1, 2, [{"op": "delete", "id": "2"}])).status_code == 202
    held = (await county.desk("GET", f"datasets/{DATASET}")).json()
    assert (held["epoch"], held["to"], held["rows"]) == (1, 2, 1)
    acknowledged = (await county.answers("upload", "u-1"))[0]
    assert (acknowledged["since"], acknowledged["to"], acknowledged["rows"]) == (0, 1, 2)


async def test_a_broken_upload_leaves_nothing(county: County) -> None:
    broken = await county.upload("u-1", 0, 1, [{"op": "upsert", "id": "1", "row": {}}, {"no": 1}])
    assert broken.status_code == 422
    assert (await county.desk("GET", f"datasets/{DATASET}")).json()["rows"] == 0


async def test_municipal_rows_come_within_the_view(county: County) -> None:
    entry = (await county.get("catalogue")).json()["entries"][0]
    path = f"services/{entry['municipal_code']}/rows"
    answer = await county.get(f"{path}?select=name&district=eq.罗源县")
    assert answer.json() == [{"name": "罗源县示例商行"}, {"name": "罗源湾示例船厂"}]
    assert answer.headers["zhengshu-rows"] == "2"
    for query, rows in (("limit=0", "0"), ("limit=1", "1"), ("name=eq.none", "0")):
        assert (await county.get(f"{path}?{query}")).headers["zhengshu-rows"] == rows
    assert (await county.get(f"{path}?select=password")).status_code == 400
    assert (await county.get("catalogue?after=1")).json()["entries"] == []


def checkpoint(leaves: list[bytes]) -> str:
    tree = merkle.Frontier().extend(leaves)[0]
    signer = SigningKey(LEDGER_ORIGIN, Algorithm.ED25519, LEDGER)
    return Checkpoint(LEDGER_ORIGIN, len(leaves), tree.root()).signed(signer).encode()


async def test_only_a_ledger_that_grows_is_countersigned(county: County) -> None:
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(3)]
    first = {"note": checkpoint(leaves[:1]), "since": 0, "proof": []}
    assert (await county.put("checkpoint/c-1", first)).status_code == 202
    signed = (await county.answers("checkpoint", "c-1"))[0]
    note = Note.parse(first["note"] + signed["signature"])
    witness = VerifierKey.of(
        WITNESS_NAME, Algorithm.COSIGNATURE, keys.public_jwk(WITNESS.public_key())
    )
    assert witness.verify(note)
    proof = [leaves[1], leaves[2]]
    good = [base64.b64encode(each).decode() for each in proof]
    rewritten = {"note": checkpoint([leaves[2], *leaves[1:]]), "since": 1, "proof": good}
    assert (await county.put("checkpoint/c-2", rewritten)).status_code == 409
    grown = {"note": checkpoint(leaves), "since": 1, "proof": good}
    assert (await county.put("checkpoint/c-3", grown)).status_code == 202


async def test_an_outage_refuses_and_forgets_nothing(county: County) -> None:
    await county.desk("PUT", "switches", {"delay": 0, "outage": True})
    assert (await county.put("application/d-1", application())).status_code == 503
    await county.desk("PUT", "switches", {"delay": 0})
    assert (await county.put("application/d-1", application())).status_code == 202


async def test_malformed_filings_say_where(county: County) -> None:
    answer = await county.put("opinion/d-1", {"opinion": "o-1"})
    places = {each["pointer"] for each in answer.json()["errors"]}
    assert answer.status_code == 422
    assert places == {"/part", "/outcome", "/reason"}


async def test_filings_at_once_each_get_a_number(county: County) -> None:
    filed = [county.put(f"application/d-{n}", application(f"p-{n}")) for n in range(8)]
    numbers = {each.json()["number"] for each in await asyncio.gather(*filed)}
    assert len(numbers) == 8
