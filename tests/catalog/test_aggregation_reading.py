"""Rows are given by the token's view alone, page by page, with their version."""

import csv
import io
import random
from typing import Any

import pytest
from catalog.aggregation_harness import Dataset, dataset, town
from catalog.harness import Catalog, identity
from catalog.samples import item, officer, system
from zhengshu_contracts.catalog import Item
from zhengshu_contracts.identity import View
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import ItemType

NARROW = View(columns=("code", "level"), key=("code",), filter="level=gte.2")


@pytest.fixture
async def towns(catalog: Catalog) -> Dataset:
    made = await dataset(catalog)
    await made.pushed([town(f"{n:09}", level=n, area=str(n / 2)) for n in range(1, 6)], "append")
    return made


class TestRows:
    async def test_head_tells_version_count_and_range(self, towns: Dataset):
        response = await towns.read("rows", "level=gte.2&limit=2", Prefer="count=exact")
        assert response.status_code == 206
        assert response.headers["zhengshu-version"] == "1.1"
        assert response.headers["zhengshu-rows"] == "2"
        assert response.headers["content-range"] == "0-1/4"
        assert (await towns.read("rows", "limit=2")).headers["content-range"] == "0-1/*"
        nothing = await towns.read("rows", "level=eq.99", Prefer="count=exact")
        assert (nothing.json(), nothing.headers["content-range"]) == ([], "*/0")

    async def test_filters_orders_and_selects(self, towns: Dataset):
        rows = await towns.rows("select=level,code&or=(level.eq.1,level.gt.4)&order=level.desc")
        assert rows == [
            {"level": 5, "code": "000000005"},
            {"level": 1, "code": "000000001"},
        ]
        assert [r["level"] for r in await towns.rows("order=level.desc&limit=2&offset=1")] == [4, 3]

    @pytest.mark.parametrize(
        "query", ["limit=2", "limit=2&order=area.desc,name", "limit=1&level=gt.1"]
    )
    async def test_pages_follow_one_another(self, towns: Dataset, query: str):
        whole = await towns.rows(
            query.replace("limit=2", "limit=99").replace("limit=1", "limit=99")
        )
        response = await towns.read("rows", query)
        seen = response.json()
        while "next" in response.links:
            response = await towns.read(response.links["next"]["url"])
            assert response.is_success, response.text
            seen += response.json()
        assert seen == whole

    async def test_a_changed_cursor_or_query_is_refused(self, towns: Dataset):
        url = (await towns.read("rows", "limit=1&order=level")).links["next"]["url"]
        assert (await towns.read(url)).status_code == 200
        assert (await towns.read(url.replace("order=level", "order=area"))).status_code == 410
        assert (await towns.read(url, view=NARROW)).status_code == 410
        assert (await towns.read(url[:-3] + "AAA")).status_code == 410

    async def test_csv(self, towns: Dataset):
        response = await towns.read("rows", "limit=2&select=code,urban", Accept="text/csv")
        assert response.text == "code,urban\n000000001,\n000000002,\n"
        assert response.headers["zhengshu-rows"] == "2"
        assert "next" in response.links

    async def test_an_unchanged_answer_is_not_sent_again(self, towns: Dataset):
        tag = (await towns.read("rows", "level=eq.1")).headers["etag"]
        same = await towns.read("rows", "level=eq.1", If_None_Match=tag)
        assert (same.status_code, same.content) == (304, b"")
        assert (await towns.read("rows", "level=eq.2", If_None_Match=tag)).status_code == 200
        narrow = await towns.read("rows", "level=eq.1", view=NARROW, If_None_Match=tag)
        assert narrow.status_code == 200
        await towns.pushed([town("000000009")])
        assert (await towns.read("rows", "level=eq.1", If_None_Match=tag)).status_code == 200

    async def test_errors_are_postgrests_too(self, towns: Dataset):
        for query, code in (
            ("select=a::text", "PGRST100"),
            ("level=eq.x", "22P02"),
            ("no=eq.1", "42703"),
        ):
            response = await towns.read("rows", query)
            problem = response.json()
            assert (response.status_code, problem["code"]) == (400, code)
            assert problem["message"]
            assert response.headers["content-type"] == "application/problem+json"

    async def test_ten_thousand_filters_are_refused(self, towns: Dataset):
        response = await towns.read("rows", "&".join(["a=eq."] * 10_000))
        assert (response.status_code, response.json()["code"]) == (400, "PGRST100")


class TestView:
    async def test_columns_and_rows_beyond_it_are_not_there(self, towns: Dataset):
        rows = await towns.rows(view=NARROW)
        assert rows == [{"code": f"{n:09}", "level": n} for n in range(2, 6)]
        counted = await towns.read("rows", view=NARROW, Prefer="count=exact")
        assert counted.headers["content-range"] == "0-3/4"
        assert await towns.rows("level=eq.1", view=NARROW) == []

    async def test_a_hidden_column_is_refused_like_an_absent_one(self, towns: Dataset):
        for form in (
            "{}=eq.1",
            "or=(level.eq.1,{}.gt.0)",
            "order={}",
            "select={}",
            "not.and=({}.is.null)",
        ):
            told = []
            for name in ("area", "nothing"):
                response = await towns.read(
                    "rows", form.format(name), view=NARROW, Prefer="count=exact"
                )
                assert response.status_code == 400
                assert "content-range" not in response.headers
                problem = response.json()
                problem.pop("trace_id")
                told.append(str(problem).replace(name, "…"))
            assert told[0] == told[1]

    async def test_internal_columns_are_hidden_too(self, towns: Dataset):
        for name in ("_id", "_born", "_changed", "ctid", "xmin"):
            assert (await towns.read("rows", f"order={name}")).status_code == 400
            assert (await towns.read("rows", f"{name}=eq.1")).status_code == 400

    async def test_without_the_key_a_hash_names_the_row(self, towns: Dataset):
        view = View(columns=("name",))
        rows = await towns.rows(view=view)
        exported = (await towns.read("exports", view=view)).text
        changed = await towns.changes("since=1.0", view=view)
        ids = [row["_id"] for row in rows]
        assert ids == [row["_id"] for row in csv.DictReader(io.StringIO(exported))]
        assert ids == [line["id"] for line in changed]
        assert len(set(ids)) == 5
        again = await towns.rows(view=View(columns=("level",)))
        assert [row["_id"] for row in again] == ids

    @pytest.mark.parametrize("missing", ["view", "dataset", "columns"])
    async def test_a_token_without_a_fitting_view_is_refused(self, towns: Dataset, missing: str):
        more = {"dataset": towns.id, "view": towns.whole}
        if missing == "columns":
            more["view"] = View(columns=("dropped",))
        elif missing == "view":
            del more["view"]
        else:
            more["dataset"] = "307350123001-000099"
        token = identity(system(), Action.DATASET_QUERY, **more)
        response = await towns.catalog.http.get(f"/v1/datasets/{towns.id}/rows", headers=token)
        assert (response.status_code, response.json()["type"]) == (403, "/problems/view-missing")

    @pytest.mark.parametrize("what", ["rows", "exports", "changes?since=1.0", "example"])
    async def test_another_action_or_no_token_opens_nothing(self, towns: Dataset, what: str):
        path = f"/v1/datasets/{towns.id}/{what}"
        assert (await towns.catalog.http.get(path)).status_code == 401
        token = identity(system(), Action.DATASET_VERIFY, dataset=towns.id, view=towns.whole)
        assert (await towns.catalog.http.get(path, headers=token)).status_code == 403


class TestExports:
    async def test_csv_is_one_snapshot(self, towns: Dataset):
        response = await towns.read("exports")
        rows = list(csv.DictReader(io.StringIO(response.text)))
        assert [row["level"] for row in rows] == ["1", "2", "3", "4", "5"]
        assert response.headers["zhengshu-version"] == "1.1"
        assert response.headers["zhengshu-rows"] == "5"
        assert response.headers["content-type"] == "text/csv; charset=utf-8"
        assert (await towns.read("exports", "bom=true")).content[:3] == b"\xef\xbb\xbf"

    async def test_lines_carry_what_rows_carry(self, towns: Dataset):
        await towns.pushed([town("000000006", name='引"号\\与\t制表\n换行')])
        response = await towns.read("exports", "format=ndjson&select=code,name,area&level=gte.4")
        import json

        lines = [json.loads(line) for line in response.text.splitlines()]
        assert lines == await towns.rows("select=code,name,area&level=gte.4")

    async def test_the_view_holds(self, towns: Dataset):
        response = await towns.read("exports", view=NARROW)
        assert response.text.splitlines()[0] == "code,level"
        assert len(response.text.splitlines()) == 5
        for query in ("format=xml", "limit=3", "order=code", "area=eq.1"):
            assert (await towns.read("exports", query, view=NARROW)).status_code in {400, 422}

    async def test_many_rows_stream(self, catalog: Catalog):
        made = await dataset(
            catalog, [item("a", key=True, nullable=False), item("b", type=ItemType.MEMO)]
        )
        body = "a,b\n" + "".join(f"{n},{'文' * 100}\n" for n in range(20_000))
        await made.pushed(body.encode(), kind="text/csv")
        assert (await made.read("exports")).content.count(b"\n") == 20_001
        assert (await made.read("exports", "format=ndjson")).content.count(b"\n") == 20_000


class TestQuota:
    """`most` is what a grant's daily quota of rows has left."""

    async def test_a_page_is_no_longer_and_goes_on(self, towns: Dataset):
        page = await towns.read("rows", "limit=4", most=2)
        assert (len(page.json()), page.headers["zhengshu-rows"]) == (2, "2")
        rest = await towns.read(page.links["next"]["url"], most=9)
        assert [row["level"] for row in rest.json()] == [3, 4, 5]
        tag = page.headers["etag"]
        assert (await towns.read("rows", "limit=4", If_None_Match=tag)).status_code == 200

    @pytest.mark.parametrize("form", ["csv", "ndjson", "xlsx", "parquet"])
    async def test_an_export_is_whole_and_counted_or_not_given(self, towns: Dataset, form: str):
        query = f"format={form}&level=gte.2"
        assert (await towns.read("exports", query, most=4)).headers["zhengshu-rows"] == "4"
        refused = await towns.read("exports", query, most=3)
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/quota-too-small")
        assert "第二十条" in refused.json()["basis"]
        assert (await towns.read("exports", f"format={form}", most=4)).status_code == 403

    async def test_changes_too(self, towns: Dataset):
        whole = await towns.read("changes", "since=1.0", most=5)
        assert whole.headers["zhengshu-rows"] == "5"
        assert (await towns.read("changes", "since=1.0", most=4)).status_code == 403
        page = await towns.read("changes", "since=1.0&limit=4", most=2)
        assert page.headers["zhengshu-rows"] == "2"
        rest = await towns.read(page.links["next"]["url"], most=9)
        assert rest.headers["zhengshu-rows"] == "3"


class TestVerification:
    @pytest.mark.parametrize(
        ("key", "values", "matches"),
        [
            ("000000001", {}, True),
            ("000000001", {"level": 1, "area": "0.50", "urban": None}, True),
            ("000000001", {"level": 2}, False),
            ("000000009", {}, False),
            ("000000001", {"founded": None}, True),
        ],
    )
    async def test_yes_or_no(
        self, towns: Dataset, key: str, values: dict[str, object], matches: bool
    ):
        response = await towns.verify({"key": {"code": key}, "values": values})
        assert response.json() == {"matches": matches}
        assert response.headers["zhengshu-version"] == "1.1"

    async def test_rows_outside_the_view_do_not_exist(self, towns: Dataset):
        response = await towns.verify({"key": {"code": "000000001"}}, NARROW)
        assert response.json() == {"matches": False}
        response = await towns.verify({"key": {"code": "000000002"}, "values": {"area": 1}}, NARROW)
        assert response.status_code == 400

    async def test_malformed_questions(self, towns: Dataset):
        one = {"code": "1"}
        for body in (
            [], {}, {"key": {}}, {"key": {"code": None}}, {"key": one | {"name": "x"}},
            {"key": one, "values": {"name": {}}}, {"key": one, "rows": 1},
        ):  # fmt: skip
            assert (await towns.verify(body)).status_code == 422, body
        assert (await towns.verify({"key": {}}, View(columns=("name",)))).status_code == 422


async def examples(made: Dataset) -> tuple[list[dict[str, Any]], bytes]:
    path = f"/v1/datasets/{made.id}/example"
    token = identity(officer(), Action.DATASET_EXAMPLE)
    rows = (await made.catalog.http.get(path, headers=token)).json()
    return rows, (await made.catalog.http.get(f"{path}?format=csv", headers=token)).content


PATTERNS = (
    r"\d{17}[0-9X]", "[A-Z]{2}-\\d+", "(19|20)\\d\\d", "[^0-9]*", "男|女|未知", r"1[3-9]\d{9}",
    "[[:alpha:]]{3}", r"(\w+)@(\w+)\.cn", ".{2,200}", "x?",
)  # fmt: skip


def random_item(dice: random.Random, number: int) -> Item:
    kind = dice.choice(list(ItemType))
    length, precision = dice.choice([None, 1, 2, 9, 200]), None
    if kind in {ItemType.NUMERIC, ItemType.CURRENCY} and length and dice.random() < 0.7:
        precision = dice.randint(0, min(length, 4))
    text = kind in {ItemType.CHARACTER, ItemType.MEMO, ItemType.GENERAL}
    more: dict[str, Any] = {}
    if text and dice.random() < 0.6:
        more = {"pattern": dice.choice(PATTERNS)}
        length = length and 200
    elif kind is ItemType.INTEGER and dice.random() < 0.5:
        more = {"pattern": "[1-9][0-9]?"}
    elif text and dice.random() < 0.5:
        more = {"codes": dice.sample(["01", "02", "男", "女", "其他原因不明"], k=3)}
        length = length and 200
    nullable = dice.random() < 0.5 or more.get("pattern") == "[[:alpha:]]{3}"
    return item(
        f"i{number}", title=f"信息项{number}", type=kind, length=length, precision=precision,
        nullable=nullable, key=not nullable and number < 4, **more,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
async def test_the_example_would_be_accepted(catalog: Catalog, seed: int):
    dice = random.Random(seed)
    items = [random_item(dice, n) for n in range(40)]
    made = await dataset(catalog, items)
    rows, table = await examples(made)
    assert len(rows) == 2
    for body, kind in ((rows, "application/json"), (table, "text/csv")):
        taken = await made.pushed(body, "append", kind=kind, query="&dry_run=true")
        assert (taken["inserted"], taken["refused"]) == (2, 0)
    for one in items:
        if one.pattern not in {None, "[[:alpha:]]{3}"}:
            assert all(row[one.name] is not None for row in rows), one.pattern


async def test_the_example_has_one_row_where_the_key_allows_no_second(catalog: Catalog):
    made = await dataset(catalog, [item("a", key=True, nullable=False, codes=["01"]), item("b")])
    rows, _ = await examples(made)
    assert [row["a"] for row in rows] == ["01"]
    assert (await made.pushed(rows, query="&dry_run=true"))["inserted"] == 1


async def test_the_example_of_towns(towns: Dataset):
    rows, table = await examples(towns)
    assert rows[0] == {
        "code": "代码1", "name": "名称1", "level": 1, "area": 1, "founded": "2026-01-31",
        "seen_at": "2026-01-31 08:30:00", "urban": True,
    }  # fmt: skip
    assert table.decode().startswith(
        "code,name,level,area,founded,seen_at,urban\r\n代码1,名称1,1,1,"
    )


async def test_the_reading_role_writes_nothing(towns: Dataset):
    import asyncpg

    reader = towns.catalog.settings.reader_url.get_secret_value()
    connection = await asyncpg.connect(reader)
    for statement in (
        f'DELETE FROM rows."d_{towns.suffix}"',
        "UPDATE datasets SET version = 9",
        "SELECT * FROM clients",
        "SELECT * FROM batches",
        "CREATE TABLE rows.mine (id int)",
        "SET ROLE catalog_rows",
        "CREATE TEMPORARY TABLE mine (id int)",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


async def test_items_may_be_named_like_anything_in_sql(catalog: Catalog):
    names = ("t", "v", "s", "old", "new", "excluded", "n", "x", "o", "c", "q", "p", "d", "h", "id",
             "op", "row", "value", "code", "version", "before", "born", "user", "table", "line",
             "place", "total", "body", "staged", "f", "l", "w", "r", "seen", "sees", "phase")  # fmt: skip
    made = await dataset(catalog, [item(name, key=name in {"t", "id"}) for name in names])
    first = {name: f"{name}1" for name in names}
    await made.pushed([first], "append")
    await made.pushed([first | {"old": "2"}], "upsert")
    await made.pushed([first | {"old": "3"}, {"t": "a", "id": "b"}], "replace")
    assert (await made.rows("order=old,t&x=eq.x1"))[0] == first | {"old": "3"}
    (line,) = await made.changes("since=1.1&until=1.2")
    assert line["row"]["old"] == "2"
    assert (await made.verify({"key": {"t": "t1", "id": "id1"}, "values": {"v": "v1"}})).json()[
        "matches"
    ]
    assert (await made.read("exports", "format=ndjson")).text.count("\n") == 2
    await made.pushed([{"t": "a", "id": "b"}], "delete")
    assert len(await made.changes("since=1.3")) == 1
