"""What leaves as a workbook or as Parquet says the same as the rows; what a mask covers never leaves."""

import csv
import io
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pytest
from catalog.aggregation_harness import Dataset, dataset, town
from catalog.harness import Catalog
from pyarrow import parquet
from zhengshu_catalog.aggregation import sheets
from zhengshu_catalog.aggregation.files import PARQUET, XLSX
from zhengshu_contracts.identity import View
from zhengshu_contracts.limits import (
    HashMask,
    ItemMask,
    KeepMask,
    PeriodMask,
    StepMask,
    TruncateMask,
)

A, B = "350123001", "350123002"
ROWS = [
    town(A, name='=1+1 & <示例>\n"乙"', founded="1984-01-31", urban=True)
    | {"seen_at": "2026-01-01T08:30:00+08:00"},
    town(B, name="  两边空格 ", level=None, area=None, founded="1684-01-31"),
]  # fmt: skip


@pytest.fixture
async def towns(catalog: Catalog) -> Dataset:
    made = await dataset(catalog)
    await made.pushed(ROWS, "append")
    return made


class TestWorkbook:
    async def test_cells_say_what_the_rows_say(self, towns: Dataset):
        response = await towns.read("exports", "format=xlsx")
        assert response.headers["content-type"] == XLSX
        sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
        header, first, second = sheet.iter_rows(values_only=True)
        assert header == ("code", "name", "level", "area", "founded", "seen_at", "urban")
        day = datetime(1984, 1, 31)  # noqa: DTZ001 - a sheet has no zone
        assert first == (
            A, '=1+1 & <示例>\n"乙"', 4, 12.5, day, day.replace(2026, 1, 1, 8, 30), True,
        )  # fmt: skip
        assert sheet["B2"].data_type == "s"  # a text, whatever it looks like
        assert second == (B, "  两边空格 ", None, None, "1684-01-31", None, None)

    async def test_comes_back_unchanged(self, towns: Dataset):
        book = (await towns.read("exports", "format=xlsx")).content
        again = await towns.pushed(book, "replace", kind=XLSX)
        assert (again["unchanged"], again["version"]) == (2, None)

    async def test_more_than_a_sheet_holds_is_refused_before_the_first_byte(
        self, towns: Dataset, monkeypatch
    ):
        monkeypatch.setattr(sheets, "MOST_ROWS", 1)
        response = await towns.read("exports", "format=xlsx")
        assert (response.status_code, response.json()["type"]) == (
            422,
            "/problems/export-too-large",
        )
        assert (await towns.read("exports", "format=xlsx&level=eq.4")).status_code == 200
        monkeypatch.setattr(sheets, "LONGEST_TEXT", 3)
        assert "字符" in (await towns.read("exports", "format=xlsx&level=eq.4")).json()["detail"]


class TestParquet:
    async def test_columns_have_their_types(self, towns: Dataset):
        response = await towns.read("exports", "format=parquet")
        assert response.headers["content-type"] == PARQUET
        table = parquet.read_table(io.BytesIO(response.content))
        assert table.schema.field("area").type == pa.decimal128(38, 2)
        first, second = table.to_pylist()
        assert first["name"] == ROWS[0]["name"]
        assert (first["area"], first["founded"]) == (Decimal("12.50"), date(1984, 1, 31))
        assert first["seen_at"].isoformat() == "2026-01-01T00:30:00+00:00"
        assert (second["level"], second["urban"]) == (None, None)
        again = await towns.pushed(response.content, "replace", kind=PARQUET)
        assert again["unchanged"] == 2

    async def test_large_and_empty_ones(self, towns: Dataset):
        await towns.pushed(
            [town(f"{n:09}", name=f'"示例",\n{n}') for n in range(60_000)], "replace"
        )
        response = await towns.read("exports", "format=parquet")
        table = parquet.read_table(io.BytesIO(response.content))
        assert table.num_rows == 60_000
        assert table["name"][59_999].as_py() == '"示例",\n59999'
        nothing = await towns.read("exports", "format=parquet&level=eq.99")
        assert parquet.read_table(io.BytesIO(nothing.content)).num_rows == 0

    async def test_a_view_without_the_key_has_the_hash(self, towns: Dataset):
        view = View(columns=("name",))
        response = await towns.read("exports", "format=parquet", view=view)
        table = parquet.read_table(io.BytesIO(response.content))
        assert table.column_names == ["_id", "name"]


MASKED = View(
    columns=("code", "name", "level", "area", "founded", "seen_at"),
    key=("code",),
    masks=(
        ItemMask(item="code", mask=HashMask()),
        ItemMask(item="name", mask=KeepMask(first=1, last=1)),
        ItemMask(item="area", mask=StepMask(width=5)),
        ItemMask(item="founded", mask=PeriodMask(unit="year")),
        ItemMask(item="seen_at", mask=PeriodMask(unit="month")),
    ),
)


class TestMasks:
    async def test_values_leave_masked_in_every_form(self, towns: Dataset):
        first, second = await towns.rows("order=level", view=MASKED)
        assert set(first) == {"_id", *MASKED.columns}
        assert (first["name"], first["area"], first["founded"]) == (
            f'={"*" * 13}"',
            10,
            "1984-01-01",
        )
        assert first["seen_at"] == "2025-12-31T16:00:00+00:00"  # the month's first, in Beijing
        assert len(first["code"]) == 32
        assert first["code"] != second["code"]
        exported = csv.DictReader(io.StringIO((await towns.read("exports", view=MASKED)).text))
        assert [row["code"] for row in exported] == [first["code"], second["code"]]
        changes = await towns.changes("since=1.0", view=MASKED)
        assert {change["row"]["code"] for change in changes} == {first["code"], second["code"]}
        for form in ("xlsx", "parquet"):
            response = await towns.read("exports", f"format={form}", view=MASKED)
            assert response.status_code == 200
            assert A.encode() not in response.content

    async def test_nobody_asks_for_what_lies_under_a_mask(self, towns: Dataset):
        for query in (f"code=eq.{A}", "order=code", "area=gt.12", "and=(name.eq.x)"):
            response = await towns.read("rows", query, view=MASKED)
            assert response.status_code == 400, query
        assert (await towns.read("exports", f"code=eq.{A}", view=MASKED)).status_code == 400
        assert (await towns.verify({"key": {"code": A}}, MASKED)).status_code == 422
        assert len(await towns.rows("level=eq.4", view=MASKED)) == 1

    async def test_a_change_under_a_mask_does_not_arrive(self, towns: Dataset):
        await towns.pushed([ROWS[0] | {"area": 13.5}])
        assert await towns.changes("since=1.1", view=MASKED) == []
        await towns.pushed([ROWS[0] | {"area": 15.5}])
        (change,) = await towns.changes("since=1.1", view=MASKED)
        assert change["row"]["area"] == 15

    async def test_a_mask_that_does_not_fit_shows_nothing(self, towns: Dataset):
        for item, mask in (("level", KeepMask()), ("urban", TruncateMask(length=1))):
            view = View(columns=("code", "level"), masks=(ItemMask(item=item, mask=mask),))
            assert (await towns.read("rows", view=view)).status_code == 403


@pytest.mark.parametrize(
    "query", ["format=csv", "format=ndjson&code=eq.1", "format=xlsx", "bom=true"]
)
async def test_an_export_that_is_known_is_not_made_again(towns: Dataset, query: str):
    first = await towns.read("exports", query)
    tag = first.headers["etag"]
    again = await towns.read("exports", query, If_None_Match=f'"x", {tag}')
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = View(columns=("code",), key=("code",))
    assert (await towns.read("exports", query, view=other, If_None_Match=tag)).status_code == 200
    await towns.pushed([town("999999999")])
    changed = await towns.read("exports", query, If_None_Match=tag)
    assert (changed.status_code, changed.headers["etag"] == tag) == (200, False)
