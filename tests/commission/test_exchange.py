"""The stand-in over real PostgreSQL: filings, decisions, uploads, faults."""

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest
from commission.cast import DATASET, LEDGER, WITNESS, County, application, standing_in
from zhengshu_contracts.audit import LEDGER_ORIGIN, WITNESS_NAME
from zhengshu_verify import keys, merkle
from zhengshu_verify.note import Algorithm, Checkpoint, Note, SigningKey, VerifierKey


@pytest.fixture
async def county(database) -> AsyncIterator[County]:
    async with standing_in(await database("commission")) as county:
        yield county


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


@pytest.mark.parametrize("outcome", ["agree", "refuse"])
async def test_who_was_asked_by_the_county_is_not_asked_again(county: County, outcome: str) -> None:
    said = {"opinion": "o-1", "part": "p-1", "outcome": outcome, "reason": "县里已答复"}
    await county.put("application/d-1", application() | {"provider_opinion": said})
    (decision,) = await county.answers("application", "d-1")
    assert (decision["kind"], decision["outcome"]) == ("decision", outcome)
    assert decision["reason"] == "县里已答复"


async def test_the_desk_sees_everything_it_could_decide(county: County) -> None:
    await county.desk("PUT", "switches", {"delay": 0, "application": "manual"})
    said = {"opinion": "o-1", "part": "p-1", "outcome": "agree", "reason": ""}
    await county.put("application/d-1", application() | {"provider_opinion": said})
    await county.put("application/d-2", application("p-2"))
    await county.put("application/d-3", application("p-3"))
    await county.put("withdrawal/d-4", {"part": "p-3", "reason": "不再需要"})
    waiting = (await county.desk("GET", "filings?state=waiting")).json()
    states = {each["ref"]: each["state"] for each in waiting}
    assert states == {"d-1": "pending", "d-2": "consulting"}
    page = (await county.http.get("/")).text
    assert "state=waiting" in page
    assert "征求提供单位意见中" in page


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


async def test_the_desk_takes_back_what_it_agreed_to_once(county: County) -> None:
    await county.desk("PUT", "switches", {"delay": 0})
    for ref, part in (("d-1", "p-1"), ("d-2", "p-2")):
        await county.put(f"application/{ref}", application(part, "307350100001-000001"))
    back = {"reason": "依据已失效"}
    for ref, status in (("d-1", 204), ("d-1", 409), ("none", 404)):
        answer = await county.desk("POST", f"filings/{ref}/withdrawal", back)
        assert answer.status_code == status
    (told,) = (await county.get("answers")).json()["answers"]
    answer = told["callback"]["answer"]
    assert (answer["part"], answer["outcome"]) == ("p-1", "refuse")


async def test_the_desk_narrows_and_returns(county: County) -> None:
    await county.desk("PUT", "switches", {"delay": 0, "application": "manual"})
    for ref, part in (("d-1", "p-1"), ("d-2", "p-2")):
        await county.put(f"application/{ref}", application(part, "307350100001-000001"))
    narrow = {
        "outcome": "agree",
        "reason": "同意部分",
        "items": ["name"],
        "modes": ["query"],
        "filter": "town=eq.凤山镇",
        "until": "2026-12-31",
        "masks": [{"item": "name", "mask": {"kind": "keep", "first": 1, "last": 0}}],
        "quota": {"calls": 5, "rows": None},
    }
    assert (await county.desk("POST", "filings/d-1/decision", narrow)).status_code == 204
    (decision,) = await county.answers("application", "d-1")
    assert {name: decision[name] for name in narrow} == narrow
    back = {"outcome": "return", "missing": ["职责文号"]}
    assert (await county.desk("POST", "filings/d-2/decision", back)).status_code == 204
    (returned,) = await county.answers("application", "d-2")
    assert (returned["outcome"], returned["missing"]) == ("return", ["职责文号"])
    await county.put("application/d-3", application("p-2", "307350100001-000001"))
    waiting = (await county.desk("GET", "filings?state=waiting")).json()
    assert [each["ref"] for each in waiting] == ["d-3"]


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


async def test_a_restored_ledger_is_countersigned_once_a_person_agrees(county: County) -> None:
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(3)]
    await county.put("checkpoint/c-1", {"note": checkpoint(leaves[:2]), "since": 0, "proof": []})
    note = checkpoint([leaves[0], leaves[2]])
    restored = {"note": note, "since": 1, "proof": [base64.b64encode(leaves[2]).decode()]}
    assert (await county.put("checkpoint/c-2", restored)).status_code == 409
    told = restored | {"restart": "恢复至昨日的备份"}
    assert (await county.put("checkpoint/c-3", told)).status_code == 202
    assert await county.answers("checkpoint", "c-3") == []
    (waiting,) = (await county.desk("GET", "filings?state=waiting")).json()
    assert (waiting["ref"], waiting["body"]["restart"]) == ("c-3", "恢复至昨日的备份")
    path = "filings/c-3/decision"
    for outcome, status in (("refuse", 409), ("agree", 204), ("agree", 409)):
        assert (await county.desk("POST", path, {"outcome": outcome})).status_code == status
    (signed,) = await county.answers("checkpoint", "c-3")
    assert signed["size"] == 2


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


async def test_a_reference_names_one_thing(county: County) -> None:
    await county.put("application/d-1", application())
    for path, body in (
        ("application/d-1", application("p-9")),
        ("withdrawal/d-1", {"part": "p-1", "reason": "不再需要"}),
    ):
        refused = await county.put(path, body)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/ref-taken")


async def test_the_same_filed_twice_at_once_is_filed_once(county: County) -> None:
    """Two replicas of the node may send one dispatch at the same time."""
    filed = await asyncio.gather(*(county.put("application/d-1", application()) for _ in range(6)))
    assert {each.status_code for each in filed} == {202}
    assert len({each.json()["number"] for each in filed}) == 1
    rows = [{"op": "upsert", "id": "1", "row": {"a": "x"}}]
    sent = await asyncio.gather(*(county.upload("u-1", 0, 1, rows) for _ in range(4)))
    assert [each.status_code for each in sent] == [202] * 4
    assert len(await county.answers("upload", "u-1")) == 1


async def test_filings_at_once_each_get_a_number(county: County) -> None:
    filed = [county.put(f"application/d-{n}", application(f"p-{n}")) for n in range(8)]
    numbers = {each.json()["number"] for each in await asyncio.gather(*filed)}
    assert len(numbers) == 8


ENTRY = {
    "entry": DATASET,
    "code": "307350123001/000001",
    "revision": 1,
    "title": "学校",
    "abstract": "学校名录",
    "provider": "113501230036150002",
    "provider_name": "甲局",
    "update_cycle": "daily",
    "items": [],
}


async def test_what_is_said_unasked_can_be_fetched_in_order(county: County) -> None:
    await county.desk("PUT", "switches", {"delay": 0, "lose": True})
    assert (await county.put("entry/e-1", ENTRY)).status_code == 202
    await county.upload("u-1", 0, 1, [])
    await county.desk("POST", f"datasets/{DATASET}/withdrawal", {"reason": "停用"})
    await asyncio.sleep(0.06)  # the registration is announced a moment after its acknowledgement
    found = (await county.get("answers?after=0")).json()["answers"]
    assert [each["sequence"] for each in found] == [1, 2]
    kinds = [each["callback"]["answer"]["kind"] for each in found]
    assert kinds == ["service_registration", "service_withdrawal"]
    rest = (await county.get("answers?after=1")).json()["answers"]
    assert rest == found[1:]
    assert (await county.http.get("/exchange/v1/answers")).status_code == 401


async def test_what_is_not_yet_due_holds_back_what_was_said_after_it(county: County) -> None:
    await county.desk("PUT", "switches", {"delay": 60})
    await county.put("entry/e-1", ENTRY)
    await county.upload("u-1", 0, 1, [])
    await county.desk("PUT", "switches", {"delay": 0})
    await county.desk("POST", f"datasets/{DATASET}/withdrawal", {"reason": "停用"})
    assert (await county.get("answers")).json()["answers"] == []
