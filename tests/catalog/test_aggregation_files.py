"""Spreadsheets and Parquet: what programs write is taken, what they ruined is told, bombs stay bombs."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pytest
from catalog.aggregation_harness import TOWNS, Dataset, dataset
from catalog.harness import Catalog
from catalog.samples import item
from pyarrow import parquet
from zhengshu_catalog.aggregation import workbooks
from zhengshu_catalog.aggregation.files import PARQUET, XLSX
from zhengshu_contracts.vocabulary import ItemType

A, B = "350123001", "350123002"
NAMES = [one.name for one in TOWNS]


@pytest.fixture
async def towns(catalog: Catalog) -> Dataset:
    return await dataset(catalog)


def book(*rows, header=NAMES, merge=None, formats=None) -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    for row in (header, *rows):
        sheet.append(row)
    for place, form in (formats or {}).items():
        sheet[place].number_format = form
    if merge:
        sheet.merge_cells(merge)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def raw_book(sheet: str) -> bytes:
    """A workbook whose sheet is this XML."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book())) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            content = sheet.encode() if part.endswith("sheet1.xml") else old.read(part)
            new.writestr(part, content)
    return out.getvalue()


def sheet(*rows: str) -> str:
    """The XML of a sheet: our header, then these rows."""
    header = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in NAMES)
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    data = "".join(f"<row>{row}</row>" for row in (header, *rows))
    return f"<worksheet {space}><sheetData>{data}</sheetData></worksheet>"


def texts(*values: str) -> str:
    return "".join(f'<c t="inlineStr"><is><t>{value}</t></is></c>' for value in values)


class TestWorkbooks:
    async def test_cells_of_every_kind(self, towns: Dataset):
        row = [A, "示例镇", 4, 12.5, date(1984, 1, 31), datetime(2026, 1, 1, 8, 0), True]  # noqa: DTZ001 - as a sheet has it
        titled = [one.title for one in TOWNS]
        done = await towns.pushed(book(row, [], [B, "乙", None], header=titled), kind=XLSX)
        assert (done["received"], done["inserted"], done["encoding"]) == (2, 2, None)
        first, second = await towns.rows("order=code")
        assert first == {
            "code": A, "name": "示例镇", "level": 4, "area": 12.5, "founded": "1984-01-31",
            "seen_at": "2026-01-01T00:00:00+00:00", "urban": True,
        }  # fmt: skip
        assert (second["name"], second["level"]) == ("乙", None)

    async def test_formulas_count_by_their_cached_values(self, towns: Dataset):
        cached = (
            texts(A, "甲")
            + "<c><f>2+2</f><v>4</v></c><c><f>0.1+0.2</f><v>0.30000000000000004</v></c>"
        )
        await towns.pushed(raw_book(sheet(cached)), kind=XLSX)
        (row,) = await towns.rows()
        assert (row["level"], row["area"]) == (4, 0.3)
        stale = texts(B, "乙") + '<c r="C3"><f>2+2</f></c>'
        wrong = texts(B, "乙") + '<c r="C3" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
        for cells, code in ((stale, "formula-uncomputed"), (wrong, "formula-error")):
            problem = await towns.refused(raw_book(sheet(cached, cells)), kind=XLSX)
            (told,) = problem["problems"]
            assert (told["row"], told["code"]) == (2, code)
            assert "C3" in told["message"]

    async def test_a_number_that_lost_digits_is_refused_with_the_reason(self, catalog: Catalog):
        people = await dataset(catalog, [item("id_number", length=18)])
        cells = '<c t="inlineStr"><is><t>id_number</t></is></c></row><row><c><v>3.50123199001011E+17</v></c>'
        xml = sheet().split("<row>")[0] + f"<row>{cells}</row></sheetData></worksheet>"
        problem = await people.refused(raw_book(xml), "append", kind=XLSX)
        (told,) = problem["problems"]
        assert (told["code"], told["item"]) == ("scientific", "id_number")
        assert "电子表格" in told["message"]
        assert workbooks.number("350123199001011234") == "350123199001011234"
        assert workbooks.number("1.0000000000000001E-5") == "0.00001"

    async def test_a_million_empty_columns(self, towns: Dataset):
        wide = texts(A, "甲") + "<c/>" * 1_000_000
        problem = await towns.refused(raw_book(sheet(wide)), kind=XLSX)
        assert problem["type"].endswith("batch-body-invalid")
        assert "16384 列" in problem["detail"]
        claimed = sheet(texts(A, "甲")).replace(
            "<sheetData>", '<dimension ref="A1:BDWGO9"/><sheetData>'
        )
        assert (await towns.pushed(raw_book(claimed), kind=XLSX))["inserted"] == 1

    async def test_what_is_no_table_is_refused(self, towns: Dataset):
        swollen = raw_book(sheet(texts(A, "0" * (40 << 20))))
        entity = sheet(texts(A, "&x;")).replace(
            "<worksheet", '<!DOCTYPE a [<!ENTITY x "y">]><worksheet', 1
        )
        cases = [
            (swollen, "batch-too-large", "压缩比"),
            (raw_book(sheet(texts(A, "x" * 30_000) * 300)), "batch-too-large", "过长"),
            (raw_book(entity), "batch-body-invalid", "XLSX"),
            (book([A, "甲"], merge="A2:A3"), "batch-body-invalid", "合并单元格"),
            (book([A, "甲"])[:-40], "batch-body-invalid", "损坏"),
            (b"PK\x03\x04rubbish", "batch-body-invalid", "XLSX"),
            (book([A], header=["code", "人口"]), "batch-columns-invalid", "人口"),
        ]
        for body, slug, says in cases:
            problem = await towns.refused(body, kind=XLSX)
            assert problem["type"] == f"/problems/{slug}", problem
            assert says in problem["detail"]
        assert await towns.stored() == []

    async def test_a_bad_cell_is_told_by_row_and_item(self, towns: Dataset):
        problem = await towns.refused(book([A, "甲", 4.5], [B, None, 1]), kind=XLSX)
        told = [(p["row"], p["item"], p["code"]) for p in problem["problems"]]
        assert told == [(1, "level", "not-an-integer"), (2, "name", "required")]


class TestParquet:
    async def test_columns_of_every_kind(self, towns: Dataset):
        table = pa.table(
            {
                "code": pa.array([A, B]).dictionary_encode(),
                "name": ['示例,镇"甲"', "乙\n"],
                "level": pa.array([4, None], pa.int32()),
                "area": pa.array([Decimal("12.50"), None], pa.decimal128(10, 2)),
                "founded": pa.array([date(1984, 1, 31), None]),
                "seen_at": pa.array(
                    [datetime(2026, 1, 1, tzinfo=UTC), None], pa.timestamp("ns", "UTC")
                ),
                "urban": [True, None],
            }
        )
        out = io.BytesIO()
        parquet.write_table(table, out)
        done = await towns.pushed(out.getvalue(), kind=PARQUET)
        assert done["inserted"] == 2
        first, second = await towns.rows("order=code")
        assert (first["area"], first["founded"]) == (12.5, "1984-01-31")
        assert first["seen_at"] == "2026-01-01T00:00:00+00:00"
        assert (second["name"], second["urban"]) == ("乙\n", None)

    async def test_what_cannot_be_read_is_refused(self, towns: Dataset):
        nested, binary = io.BytesIO(), io.BytesIO()
        parquet.write_table(pa.table({"code": [[A]]}), nested)
        parquet.write_table(pa.table({"code": [b"\xff"]}), binary)
        good = io.BytesIO()
        parquet.write_table(pa.table({"code": [A]}), good)
        for body, slug in (
            (nested.getvalue(), "batch-body-invalid"),
            (binary.getvalue(), "batch-body-invalid"),
            (good.getvalue()[:-20], "batch-body-invalid"),
            (b"rubbish", "batch-body-invalid"),
            (good.getvalue(), "batch-columns-invalid"),
        ):
            problem = await towns.refused(body, kind=PARQUET)
            assert problem["type"] == f"/problems/{slug}", problem
        assert await towns.stored() == []


async def test_dates_as_people_write_them_where_the_item_says_so(catalog: Catalog):
    loose = item("born", type=ItemType.DATE).model_copy(update={"loose_dates": True})
    days = await dataset(catalog, [loose])
    ways = [
        "20210930",
        "2021.9.30",
        "2021/9/3",
        "2021-9-30",
        "2021年9月30日",
        "2021-09-30",
        "2021年09月03日",
    ]
    await days.pushed([{"born": way} for way in ways], "append")
    read = [row["born"] for row in await days.rows()]
    assert read == [
        "2021-09-30",
        "2021-09-30",
        "2021-09-03",
        "2021-09-30",
        "2021-09-30",
        "2021-09-30",
        "2021-09-03",
    ]
    wrong = {
        "2021年2月30日": "no-such-date",
        "20211301": "no-such-date",
        "2021": "not-a-date",
        "今天": "not-a-date",
    }
    for way, code in wrong.items():
        problem = await days.refused([{"born": way}], "append")
        assert [(p["code"], p["value"]) for p in problem["problems"]] == [(code, way)]


async def test_a_field_of_twenty_megabytes_is_refused_precisely(towns: Dataset):
    header = ",".join(NAMES) + "\n"
    for field in ("x" * (20 << 20), '"' + "x" * (20 << 20) + '"'):
        body = f"{header}{A},甲,,,,,\n{B},{field},,,,,\n"
        problem = await towns.refused(body.encode(), kind="text/csv")
        assert problem["type"].endswith("batch-too-large")
        assert "第 2 行" in problem["detail"] or "第 1 行之后" in problem["detail"]
    assert await towns.stored() == []


async def test_a_field_of_twenty_megabytes_in_parquet_is_refused_precisely(towns: Dataset):
    rows = {name: [None, None] for name in NAMES} | {
        "code": [A, B],
        "name": ["甲", "x" * (20 << 20)],
    }
    out = io.BytesIO()
    schema = pa.schema([(name, pa.string()) for name in NAMES])
    parquet.write_table(pa.table(rows, schema=schema), out)
    for lenient in ({}, {"Prefer": "handling=lenient"}):
        problem = await towns.refused(out.getvalue(), kind=PARQUET, **lenient)
        assert problem["type"] == "/problems/batch-too-large"
        assert "第 2 行" in problem["detail"]
    assert await towns.stored() == []
