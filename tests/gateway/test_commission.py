"""The commission worker: one attempt a wake-up, told to the owner; uploads decided and recorded."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from support.gateway_harness import COMMISSION_KEY, DATASET, dataset, item, say, stream
from support.until import until
from zhengshu_chassis import signature
from zhengshu_contracts.dispatch import DispatchOut, DispatchState, WakeUp
from zhengshu_contracts.policy import dataset_key
from zhengshu_gateway import upstreams
from zhengshu_gateway.errors import UpstreamAway

NUMBER = "榕数受〔2026〕000001号"
ANSWER = {"kind": "decision", "part": "p-1", "outcome": "agree"}


def dispatch(state="due", kind="application", payload=None, ref="d-1"):
    now = datetime.now(UTC)
    return DispatchOut(
        id=ref,
        kind=kind,
        subject="p-1",
        payload=payload or {"part": "p-1"},
        expects_answer=True,
        state=DispatchState(state),
        attempts=0,
        created_at=now,
        next_offer_at=now,
    ).model_dump(mode="json")


def hold(node, owner, about):
    """Let an owner hold a dispatch; return where its attempts arrive."""
    service, path = node.services[owner], f"/internal/dispatches/{about['id']}"
    service.answers[f"GET {path}"] = say(200, about)
    return lambda: [json.loads(each.body) for each in service.asked(f"{path}/attempts")]


async def attend(node, owner="sharing", ref="d-1"):
    await node.parts.worker.attend(owner, ref)


class TestFiling:
    PUT = "PUT /exchange/v1/application/d-1"

    async def test_is_signed_sent_under_its_id_and_told_to_its_owner(self, node):
        attempts = hold(node, "sharing", dispatch())
        node.services["commission"].answers[self.PUT] = say(202, {"number": NUMBER})
        await attend(node)
        (sent,) = node.services["commission"].seen
        assert json.loads(sent.body) == {"part": "p-1"}
        assert signature.verify(COMMISSION_KEY.encode(), sent.headers, body=sent.body)
        (told,) = attempts()
        assert (told["outcome"], told["acceptance"]) == ("accepted", NUMBER)

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (200, "<title>请登录</title>"),
            (202, {"code": 0}),
            (202, {"number": "9" * 65}),
            (202, []),
            (302, ""),
            (404, "<title>404 Not Found</title>"),
            (400, {"message": "bad gateway"}),
        ],
    )
    async def test_what_the_commission_never_said_is_tried_again(self, node, status, body):
        """A login page, a proxy's error: nothing is accepted by it, and nothing parked."""
        attempts = hold(node, "sharing", dispatch())
        node.services["commission"].answers[self.PUT] = say(status, body)
        await attend(node)
        (told,) = attempts()
        assert told["outcome"] == "failed"
        assert f"HTTP {status}" in told["reason"]

    async def test_more_than_the_number_may_be_told(self, node):
        attempts = hold(node, "sharing", dispatch())
        told = {"number": NUMBER, "received_at": "2026-03-02T09:00:00Z"}
        node.services["commission"].answers[self.PUT] = say(202, told)
        await attend(node)
        assert attempts()[0]["outcome"] == "accepted"

    @pytest.mark.parametrize(
        ("status", "outcome"),
        [
            (500, "failed"),
            (503, "failed"),
            (429, "failed"),
            (401, "failed"),
            (422, "rejected"),
            (409, "rejected"),
            (404, "rejected"),
        ],
    )
    async def test_what_is_refused_for_good_is_told_apart_from_what_may_pass(
        self, node, status, outcome
    ):
        attempts = hold(node, "sharing", dispatch())
        problem = {"title": "内容不合约定", "detail": "缺少编号"}
        node.services["commission"].answers[self.PUT] = say(status, problem)
        await attend(node)
        (told,) = attempts()
        assert told["outcome"] == outcome
        if outcome == "rejected":
            assert told["reason"] == "内容不合约定:缺少编号"

    @pytest.mark.parametrize("state", ["answered", "parked"])
    async def test_what_is_done_or_parked_is_left_alone(self, node, state):
        attempts = hold(node, "sharing", dispatch(state))
        await attend(node)
        assert (attempts(), node.services["commission"].seen) == ([], [])

    async def test_lost_answers_are_asked_for_and_handed_on(self, node):
        hold(node, "sharing", dispatch("accepted"))
        callback = {
            "id": "c-1",
            "ref": "d-1",
            "issued_at": "2026-03-02T09:00:00Z",
            "answer": ANSWER,
        }
        node.services["commission"].answers["GET /exchange/v1/application/d-1"] = say(
            200, {"number": NUMBER, "callbacks": [callback]}
        )
        await attend(node)
        (handed,) = node.services["sharing"].asked("/internal/callbacks")
        assert json.loads(handed.body)["id"] == "c-1"

    async def test_an_answer_that_cannot_be_read_holds_up_no_other(self, node):
        hold(node, "sharing", dispatch("accepted"))
        at = {"ref": "d-1", "issued_at": "2026-03-02T09:00:00Z"}
        newer = {"id": "c-1", "answer": {"kind": "reconsideration", "part": "p-1"}} | at
        wider = {"id": "c-2", "answer": ANSWER | {"on_condition": "只限核对"}} | at
        known = {"id": "c-3", "answer": ANSWER, "signed_by": "某某"} | at
        told = {"number": NUMBER, "callbacks": [newer, wider, known, None], "state": "done"}
        node.services["commission"].answers["GET /exchange/v1/application/d-1"] = say(200, told)
        await attend(node)
        (handed,) = node.services["sharing"].asked("/internal/callbacks")
        assert json.loads(handed.body)["id"] == "c-3"

    async def test_what_the_commission_lost_is_sent_again(self, node):
        attempts = hold(node, "sharing", dispatch("accepted"))
        commission = node.services["commission"]
        path = "/exchange/v1/application/d-1"
        commission.answers[f"GET {path}"] = say(404, {"title": "没有此报件"})
        commission.answers[f"PUT {path}"] = say(202, {"number": NUMBER})
        await attend(node)
        assert [each.method for each in commission.asked(path)] == ["GET", "PUT"]
        assert attempts()[0]["acceptance"] == NUMBER
        commission.answers[f"GET {path}"] = say(404, "<title>404</title>")
        with pytest.raises(UpstreamAway):
            await attend(node)
        assert len(commission.asked(path)) == 3


RANGE = {"dataset": DATASET, "epoch": 1, "since": 2, "to": 5}


class TestUpload:
    CHANGES = f"/v1/datasets/{DATASET}/changes"
    PUT = "PUT /exchange/v1/upload/d-1"

    async def test_streams_what_is_not_withheld_and_is_recorded(self, node):
        attempts = hold(node, "catalog", dispatch(kind="upload", payload=RANGE))
        node.services["catalog"].answers[f"GET {self.CHANGES}"] = stream(5, pause=0)
        node.services["commission"].answers[self.PUT] = say(202, {"number": NUMBER})
        await attend(node, "catalog")
        (read,) = node.services["catalog"].asked(self.CHANGES)
        assert read.query == "since=1.2&until=1.5"
        assert read.identity.view.columns == ("town", "amount")
        assert read.identity.principal.kind == "commission_worker"
        (sent,) = node.services["commission"].seen
        assert len(sent.body) == 5000
        told = {
            name: sent.headers[f"zhengshu-{name}"] for name in ("dataset", "epoch", "since", "to")
        }
        assert told == {name: str(value) for name, value in RANGE.items()}
        assert signature.verify(COMMISSION_KEY.encode(), sent.headers)
        assert attempts()[0]["outcome"] == "accepted"
        records = await until(lambda: _two(node))
        assert [each["data"].get("action") for each in records] == ["dataset.upload", None]
        assert records[1]["data"]["bytes"] == 5000

    async def test_a_refused_one_stays_due(self, node):
        record = dataset(item("town"), id="303084122704-000005", suspended=True)
        await node.put(dataset_key("catalog", record.id), record)
        payload = RANGE | {"dataset": record.id}
        attempts = hold(node, "catalog", dispatch(kind="upload", payload=payload))
        await attend(node, "catalog")
        assert attempts()[0]["outcome"] == "failed"
        assert "dataset-suspended" in attempts()[0]["reason"]
        assert node.services["commission"].seen == []

    async def test_a_source_that_breaks_off_uploads_nothing_whole(self, node):
        attempts = hold(node, "catalog", dispatch(kind="upload", payload=RANGE))

        async def broken(seen, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"{}\n", "more_body": True})
            await asyncio.sleep(0.05)

        node.services["catalog"].answers[f"GET {self.CHANGES}"] = broken
        node.services["commission"].answers[self.PUT] = say(202, {"number": NUMBER})
        await attend(node, "catalog")
        assert attempts()[0]["outcome"] == "failed"


async def _two(node):
    records = await node.records()
    return records if len(records) == 2 else None


async def test_the_municipal_catalogue_is_copied_from_where_the_copy_ends(node):
    entry = {
        "id": "307350100001-000001",
        "code": "307350100001/000001",
        "municipal_code": "FZ1",
        "revision": 1,
        "sequence": 8,
        "title": "企业",
        "abstract": "企业",
        "provider": "113501000036152003",
        "provider_name": "市局",
        "update_cycle": "daily",
        "items": [],
    }
    node.services["catalog"].answers["GET /internal/municipal/copy"] = say(200, {"sequence": 7})
    odd = {"sequence": 9, "items": "not a list"}
    node.services["commission"].answers["GET /exchange/v1/catalogue"] = say(
        200, {"entries": [entry, odd]}
    )
    copied = say(200, {"sequence": 9})
    node.services["catalog"].answers["PUT /internal/municipal/entries"] = copied
    await node.parts.worker.copy_catalogue()
    asked = [each.query for each in node.services["commission"].seen]
    assert asked == ["after=7", "after=9"]
    put = node.services["catalog"].asked("/internal/municipal/entries")[0]
    assert json.loads(put.body) == [entry, odd]


async def test_a_page_in_place_of_the_commission_is_an_outage(node):
    """No worker falls over it: the next round asks again."""
    node.services["catalog"].answers["GET /internal/municipal/copy"] = say(200, {"sequence": 7})
    node.services["catalog"].answers[f"GET {UNASKED}"] = say(200, {"sequence": 7})
    hold(node, "sharing", dispatch("accepted"))
    for path in ("catalogue", "answers", "application/d-1"):
        page = say(200, "<title>维护中</title>")
        node.services["commission"].answers[f"GET /exchange/v1/{path}"] = page
    for ask in (node.parts.worker.copy_catalogue, node.parts.worker.fetch_answers):
        with pytest.raises(UpstreamAway):
            await ask()
    with pytest.raises(UpstreamAway):
        await attend(node)


async def test_an_answer_without_end_is_an_outage(node, monkeypatch):
    monkeypatch.setattr(upstreams, "LARGEST_REPLY", 1500)
    hold(node, "sharing", dispatch("accepted"))
    node.services["commission"].answers["GET /exchange/v1/application/d-1"] = stream(2, pause=0)
    with pytest.raises(UpstreamAway):
        await attend(node)


UNASKED = "/internal/municipal/answers"


def unasked(sequence):
    answer = {"kind": "service_withdrawal", "dataset": DATASET, "reason": "停用"}
    callback = {"id": f"c-{sequence}", "issued_at": "2026-03-02T09:00:00Z", "answer": answer}
    return {"sequence": sequence, "callback": callback}


@pytest.mark.parametrize(
    ("broken", "taken"),
    [(None, [9]), ("c-9", [8]), ("c-8", []), ("unknown", [9]), ("illegible", [8])],
)
async def test_what_was_said_unasked_is_fetched_from_where_its_owner_has_it(node, broken, taken):
    async def apply(seen, send):
        status = {broken: 500}.get(json.loads(seen.body)["id"], 200)
        await say(404 if broken == "unknown" else status, {})(seen, send)

    catalog, commission = node.services["catalog"], node.services["commission"]
    catalog.answers[f"GET {UNASKED}"] = say(200, {"sequence": 7})
    catalog.answers["POST /internal/callbacks"] = apply
    later = unasked(9) if broken != "illegible" else {"sequence": 9, "callback": {"id": "c-9"}}
    found = {"answers": [unasked(8), later]}
    commission.answers["GET /exchange/v1/answers"] = say(200, found)
    await node.parts.worker.fetch_answers()
    assert commission.seen[0].query == "after=7"
    assert signature.verify(COMMISSION_KEY.encode(), commission.seen[0].headers)
    handed = [json.loads(each.body)["id"] for each in catalog.asked("/internal/callbacks")]
    assert handed == ["c-8", "c-9"][: 1 if broken == "illegible" else 2]
    told = [json.loads(each.body) for each in catalog.asked(UNASKED) if each.method == "PUT"]
    assert told == [{"sequence": one} for one in taken]


class Waking:
    """A message as NATS brings it."""

    def __init__(self, owner, ref):
        self.subject = f"zhengshu.dispatch.{owner}"
        self.data = WakeUp(id=ref, state=DispatchState.DUE).model_dump_json().encode()


async def test_one_owner_that_hangs_does_not_hold_up_another(node):
    async def hang(seen, send):
        await asyncio.sleep(1)
        await say(503, {})(seen, send)

    worker = node.parts.worker
    for number in range(8):
        node.services["catalog"].answers[f"GET /internal/dispatches/h-{number}"] = hang
        await worker.wake(Waking("catalog", f"h-{number}"))
        await worker.wake(Waking("catalog", f"h-{number}"))
    attempts = hold(node, "sharing", dispatch())
    node.services["commission"].answers["PUT /exchange/v1/application/d-1"] = say(
        202, {"number": NUMBER}
    )
    await worker.wake(Waking("sharing", "d-1"))
    await until(attempts, patience=0.9)
    assert len(node.services["catalog"].seen) <= 4
    await until(lambda: not worker._in_hand)
    assert len(node.services["catalog"].seen) == 8


async def test_a_wake_up_that_says_nothing_is_let_go(node):
    message = Waking("sharing", "d-1")
    message.data = b"nonsense"
    await node.parts.worker.wake(message)
    assert not node.parts.worker._in_hand
