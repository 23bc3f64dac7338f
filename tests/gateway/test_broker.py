"""Brokered reads: the municipal service gets the decided view, or nothing at all."""

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from support.gateway_harness import COMMISSION_KEY, READER, dataset, item, say, stream
from support.until import until
from zhengshu_chassis import signature
from zhengshu_chassis.rows import BadQuery, render
from zhengshu_contracts.identity import View
from zhengshu_contracts.limits import HashMask, ItemMask, Quota
from zhengshu_contracts.policy import DatasetGrants, GrantPolicy, dataset_key
from zhengshu_contracts.vocabulary import GrantState, Mode, Origin, ServiceRegistrationState
from zhengshu_gateway import forward
from zhengshu_gateway.broker import restricted
from zhengshu_gateway.errors import NotBrokered

ID = "307350100001-000001"
CODE = "FZ3501000001"
PATH = f"/v1/datasets/{ID}/rows"
SERVICE = f"/exchange/v1/services/{CODE}/rows"


def granted(**members):
    now = datetime.now(UTC)
    grant = GrantPolicy(
        id="g-9",
        holder=READER,
        items=("legal_person",),
        modes=(Mode.QUERY,),
        purpose="核对",
        filter="district=eq.罗源县",
        starts=now - timedelta(days=1),
        ends=now + timedelta(days=1),
        state=GrantState.ACTIVE,
        **members,
    )
    return DatasetGrants(id=ID, grants=(grant,))


@pytest.fixture
async def municipal(node):
    record = dataset(
        item("code"),
        item("name"),
        item("legal_person", "conditional"),
        id=ID,
        provider="113501000036152003",
        origin=Origin.MUNICIPAL,
        municipal_code=CODE,
        registration=ServiceRegistrationState.ABSENT,
    )
    await node.put(dataset_key("catalog", ID), record)
    await node.put(dataset_key("sharing", ID), granted())
    yield node
    await node.put(dataset_key("sharing", ID), None)


async def test_the_view_goes_into_a_signed_query(municipal):
    commission = municipal.services["commission"]
    commission.answers[f"GET {SERVICE}"] = say(200, [{"code": "1"}], zhengshu_rows="1")
    response = await municipal.get(f"{PATH}?name=like.示例*&order=code.desc&limit=5", "sys-reader")
    assert response.json() == [{"code": "1"}]
    (seen,) = commission.seen
    assert dict(parse_qsl(seen.query)) == {
        "select": "code,name,legal_person",
        "district": "eq.罗源县",
        "name": "like.示例*",
        "order": "code.desc",
        "limit": "5",
    }
    key = COMMISSION_KEY.encode()
    assert signature.verify(key, seen.headers) == "350123000000"
    assert seen.headers[signature.SERVICE] == CODE
    assert not {"authorization", "zhengshu-identity"} & set(seen.headers)
    records = await until(lambda: _two(municipal))
    assert [each["data"]["dataset"] for each in records if "dataset" in each["data"]] == [ID]


async def _two(node):
    records = await node.records()
    return records if len(records) == 2 else None


async def test_a_condition_on_a_column_is_asked_for_like_the_column(municipal):
    await municipal.put(dataset_key("sharing", ID), None)
    for query in ("?legal_person=eq.x&select=code", "?order=legal_person&select=code"):
        response = await municipal.get(PATH + query, "sys-reader")
        assert response.json()["type"] == "/problems/items-conditional"


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("?district=eq.x&select=code", "items-unknown"),
        ("?or=(district.eq.x,code.eq.1)&select=code", "items-unknown"),
        ("?order=district&select=code", "items-unknown"),
        ("?code=eq.1&district=eq.x", "municipal-inexpressible"),
        ("?code=steal.1", "rows-query-invalid"),
    ],
)
async def test_what_the_view_hides_cannot_be_asked_about(municipal, query, slug):
    response = await municipal.get(PATH + query, "sys-reader")
    assert response.json()["type"] == f"/problems/{slug}"
    assert municipal.services["commission"].seen == []


async def test_only_json_is_brokered(municipal):
    response = await municipal.get(PATH, "sys-reader", accept="text/csv")
    assert response.json()["type"] == "/problems/municipal-inexpressible"
    assert municipal.services["commission"].seen == []


async def test_only_queries_are_brokered(municipal):
    response = await municipal.get(f"/v1/datasets/{ID}/exports", "sys-reader")
    assert response.json()["type"] == "/problems/mode-not-offered"


def tell(body, status=200, media="application/json", length=None):
    """Answer with these very bytes, in two parts; a `length` beyond them breaks off."""

    async def answer(_, send):
        headers = [(b"content-type", media.encode()), (b"set-cookie", b"municipal=1")]
        headers += [(b"zhengshu-rows", b"0"), (b"zhengshu-version", b"9.9")]
        headers += [(b"content-length", str(length).encode())] if length else []
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body[:9], "more_body": True})
        await send({"type": "http.response.body", "body": body[9:]})

    return answer


LOGIN = "<!doctype html><title>请登录</title>".encode()
WRONG = {
    "a page of a proxy": (tell(LOGIN, media="text/html"), "upstream-broken"),
    "a page that calls itself JSON": (tell(LOGIN), "upstream-broken"),
    "one row alone": (tell(b'{"code":"1"}'), "upstream-broken"),
    "no rows": (tell(b'[["1","2"]]'), "upstream-broken"),
    "nothing": (tell(b""), "upstream-broken"),
    "half a text": (tell(b'[{"code":"1"},{"co'), "upstream-broken"),
    "half an answer": (tell(b'[{"code":"1"},{"co', length=900), "upstream-broken"),
    "more rows": (tell(b"[" + b",".join([b'{"code":"1"}'] * 6) + b"]"), "upstream-broken"),
    "a column not granted": (tell(b'[{"code":"1"},{"code":"2","phone":"3"}]'), "upstream-broken"),
    "another place": (tell(LOGIN, 302, "text/html"), "upstream-broken"),
    "our signature refused": (say(401, {"status": 401}), "upstream-broken"),
    "no such service": (say(404, {"status": 404}), "upstream-broken"),
    "a value it cannot read": (say(400, {"status": 400}), "municipal-inexpressible"),
    "a failure": (say(500, {"status": 500}), "upstream-away"),
    "an outage": (tell(LOGIN, 503, "text/html"), "upstream-away"),
}


@pytest.mark.parametrize("wrong", list(WRONG))
async def test_nothing_of_an_answer_that_was_not_asked_for_goes_on(municipal, wrong):
    """The reader is told so, the record as well, and only its own mistakes count as a call."""
    answer, slug = WRONG[wrong]
    await municipal.put(dataset_key("sharing", ID), granted(quota=Quota(calls=2, rows=50)))
    municipal.parts.quotas._used.clear()
    municipal.services["commission"].answers[f"GET {SERVICE}"] = answer
    response = await municipal.get(f"{PATH}?limit=5", "sys-reader")
    assert response.json()["type"] == f"/problems/{slug}"
    assert not {"set-cookie", "zhengshu-version", "zhengshu-rows"} & set(response.headers)
    told = (await until(lambda: _two(municipal)))[1]["data"]
    assert (told["outcome"], told["status"]) == ("failed", response.status_code)
    assert not told["bytes"]
    assert municipal.parts.quotas.used("g-9") == (int(slug == "municipal-inexpressible"), 0)


async def test_what_was_asked_for_goes_on_as_it_came_with_nothing_beside_it(municipal):
    body = '[{"code":"1","name":"示例", "legal_person":null}]'.encode()
    municipal.services["commission"].answers[f"GET {SERVICE}"] = tell(body)
    response = await municipal.get(PATH, "sys-reader")
    assert (response.content, response.headers["zhengshu-rows"]) == (body, "1")
    assert not {"set-cookie", "zhengshu-version"} & set(response.headers)
    told = (await until(lambda: _two(municipal)))[1]["data"]
    assert (told["outcome"], told["bytes"], told["rows"]) == ("complete", len(body), 1)
    head = await municipal.http.head(PATH, headers=municipal.bearer("sys-reader"))
    assert (head.status_code, head.content) == (200, b"")


async def test_an_answer_that_does_not_end_is_given_up(municipal, monkeypatch):
    monkeypatch.setattr(forward, "WHOLE_PATIENCE", 0.1)
    municipal.services["commission"].answers[f"GET {SERVICE}"] = stream(4, pause=0.05)
    response = await municipal.get(PATH, "sys-reader")
    assert response.json()["type"] == "/problems/upstream-away"
    monkeypatch.setattr(forward, "LARGEST_WHOLE", 1500)
    municipal.services["commission"].answers[f"GET {SERVICE}"] = stream(2, pause=0)
    response = await municipal.get(PATH, "sys-reader")
    assert response.json()["type"] == "/problems/upstream-broken"


async def test_a_grant_that_ends_while_the_municipal_service_thinks_lets_nothing_out(municipal):
    asked, answered = asyncio.Event(), asyncio.Event()

    async def think(seen, send):
        asked.set()
        await answered.wait()
        await say(200, [{"legal_person": "示例"}])(seen, send)

    municipal.services["commission"].answers[f"GET {SERVICE}"] = think
    reading = asyncio.create_task(municipal.get(PATH, "sys-reader"))
    await asked.wait()
    await municipal.put(dataset_key("sharing", ID), None)
    response = await reading
    answered.set()
    assert response.json()["type"] == "/problems/decision-changed"


def test_the_views_filter_cannot_be_widened():
    view = View(columns=("code", "name"), filter="or=(town.eq.a,town.eq.b)")
    assert dict(parse_qsl(render(restricted(b"code=eq.1", view)))) == {
        "select": "code,name",
        "or": "(town.eq.a,town.eq.b)",
        "code": "eq.1",
        "limit": "100",
    }
    with pytest.raises(NotBrokered):
        restricted(b"select=code,town", view)
    with pytest.raises(NotBrokered):
        restricted(b"", View(columns=("code",), masks=(ItemMask(item="code", mask=HashMask()),)))
    with pytest.raises(BadQuery):
        restricted(b"select=code::text", view)
    assert restricted(b"limit=999999", view).limit == 1000
    assert restricted(b"limit=999999", view, 7).limit == 7


async def test_a_quota_of_rows_bounds_municipal_reads(municipal):
    commission = municipal.services["commission"]
    await municipal.put(dataset_key("sharing", ID), granted(quota=Quota(rows=3)))
    municipal.parts.quotas._used.clear()
    commission.answers[f"GET {SERVICE}"] = say(200, [{"code": "1"}] * 4)
    refused = await municipal.get(PATH, "sys-reader")
    assert refused.json()["type"] == "/problems/upstream-broken"
    commission.answers[f"GET {SERVICE}"] = say(200, [{"code": "1"}] * 3)
    assert (await municipal.get(PATH, "sys-reader")).status_code == 200
    assert dict(parse_qsl(commission.seen[-1].query))["limit"] == "3"
    assert (await municipal.get(PATH, "sys-reader")).status_code == 429
    municipal.parts.quotas._used.clear()
