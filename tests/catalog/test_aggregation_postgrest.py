"""The published Python client of PostgREST works unchanged: select, filters, order, range and count."""

from collections.abc import AsyncIterator

import pytest
from catalog.aggregation_harness import Dataset, dataset, town
from catalog.harness import Catalog, identity
from catalog.samples import system
from httpx import ASGITransport, AsyncClient
from postgrest import AsyncPostgrestClient
from postgrest.exceptions import APIError
from postgrest.types import CountMethod
from zhengshu_contracts.roles import Action

CODES = [f"{n:09}" for n in range(1, 31)]


@pytest.fixture
async def towns(catalog: Catalog) -> Dataset:
    made = await dataset(catalog)
    names = {5: "凤山镇,甲", 6: '"松山"镇', 7: None}
    rows = [
        town(
            code,
            level=n % 5,
            name=names.get(n) or f"镇{n}",
            founded=None if n == 7 else "2001-01-31",
        )
        for n, code in enumerate(CODES, 1)
    ]
    await made.pushed(rows, "append")
    return made


@pytest.fixture
async def client(towns: Dataset) -> AsyncIterator[AsyncPostgrestClient]:
    token = identity(system(), Action.DATASET_QUERY, dataset=towns.id, view=towns.whole)
    base = f"http://node/v1/datasets/{towns.id}"
    transport = towns.catalog.http._transport
    assert isinstance(transport, ASGITransport)
    async with AsyncClient(transport=transport, base_url=base, headers=token) as http:
        yield AsyncPostgrestClient(base, http_client=http)


async def test_select_filters_and_order(client: AsyncPostgrestClient):
    rows = client.from_("rows")
    found = (
        await rows.select("code,level")
        .gte("level", 3)
        .order("level", desc=True)
        .order("code")
        .execute()
    )
    assert found.data[0] == {"code": CODES[3], "level": 4}
    assert [row["level"] for row in found.data] == [4] * 6 + [3] * 6
    for query, codes in (
        (rows.select("*").eq("name", "凤山镇,甲"), [CODES[4]]),
        (rows.select("*").in_("name", ["凤山镇,甲", '"松山"镇']), CODES[4:6]),
        (rows.select("*").is_("founded", "null"), [CODES[6]]),
        (rows.select("*").neq("level", 1).lt("code", CODES[3]), CODES[1:3]),
        (rows.select("*").like("name", "%山%"), CODES[4:6]),
        (rows.select("*").ilike("name", "凤*"), [CODES[4]]),
        (rows.select("*").or_("code.eq.000000001,level.eq.9"), CODES[:1]),
        (rows.select("*").not_.gt("code", CODES[1]), CODES[:2]),
    ):
        assert [row["code"] for row in (await query.execute()).data] == codes


async def test_range_and_count(client: AsyncPostgrestClient):
    rows = client.from_("rows")
    found = await rows.select("code", count=CountMethod.exact).order("code").range(10, 14).execute()
    assert [row["code"] for row in found.data] == CODES[10:15]
    assert found.count == 30
    limited = await rows.select("code", count=CountMethod.exact).eq("level", 0).limit(2).execute()
    assert (len(limited.data), limited.count) == (2, 6)


async def test_errors_are_told_in_its_words(client: AsyncPostgrestClient):
    with pytest.raises(APIError) as refused:
        await client.from_("rows").select("*").eq("salary", 1).execute()
    assert refused.value.code
    assert refused.value.message


class TestRangeHeader:
    async def test_items_by_range(self, towns: Dataset):
        response = await towns.read("rows", "order=code", Range="10-14", Range_Unit="items")
        assert [row["code"] for row in response.json()] == CODES[10:15]
        assert response.headers["content-range"] == "10-14/*"
        assert (await towns.read("rows", "order=code", Range="28-")).json()[0]["code"] == CODES[28]
        following = response.links["next"]["url"]
        after = await towns.read(following)
        assert [row["code"] for row in after.json()] == CODES[15:20]

    async def test_what_is_no_range_of_items(self, towns: Dataset):
        assert len((await towns.read("rows", Range="0-4", Range_Unit="bytes")).json()) == 30
        assert len((await towns.read("rows", "limit=3", Range="0-9")).json()) == 3
        for wrong in ("9-3", "x", "-5", "1-2,4-5"):
            response = await towns.read("rows", Range=wrong)
            assert response.status_code == 400, wrong
            assert response.json()["code"] == "PGRST103"
