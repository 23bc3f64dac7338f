"""Brokered reads: the municipal service gets the decided view, or nothing at all."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from support.gateway_harness import COMMISSION_KEY, READER, dataset, item, say
from support.until import until
from zhengshu_chassis import signature
from zhengshu_chassis.rows import BadQuery
from zhengshu_contracts.identity import View
from zhengshu_contracts.limits import HashMask, ItemMask, Quota
from zhengshu_contracts.policy import DatasetGrants, GrantPolicy, dataset_key
from zhengshu_contracts.vocabulary import GrantState, Mode, Origin, ServiceRegistrationState
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


async def test_only_queries_are_brokered(municipal):
    response = await municipal.get(f"/v1/datasets/{ID}/exports", "sys-reader")
    assert response.json()["type"] == "/problems/mode-not-offered"


async def test_a_commission_that_is_away_is_said_to_be(municipal):
    municipal.services["commission"].answers[f"GET {SERVICE}"] = say(503, {"status": 503})
    assert (await municipal.get(PATH, "sys-reader")).status_code == 503


def test_the_views_filter_cannot_be_widened():
    view = View(columns=("code", "name"), filter="or=(town.eq.a,town.eq.b)")
    assert dict(parse_qsl(restricted(b"code=eq.1", view))) == {
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
    assert "limit=1000" in restricted(b"limit=999999", view)
    assert "limit=7" in restricted(b"limit=999999", view, 7)


async def test_a_quota_of_rows_bounds_municipal_reads(municipal):
    commission = municipal.services["commission"]
    await municipal.put(dataset_key("sharing", ID), granted(quota=Quota(rows=3)))
    municipal.parts.quotas._used.clear()
    commission.answers[f"GET {SERVICE}"] = say(200, [{"code": "1"}])
    refused = await municipal.get(PATH, "sys-reader")
    assert refused.json()["type"] == "/problems/upstream-broken"
    commission.answers[f"GET {SERVICE}"] = say(200, [{"code": "1"}], zhengshu_rows="3")
    assert (await municipal.get(PATH, "sys-reader")).status_code == 200
    assert dict(parse_qsl(commission.seen[-1].query))["limit"] == "3"
    assert (await municipal.get(PATH, "sys-reader")).status_code == 429
    municipal.parts.quotas._used.clear()
