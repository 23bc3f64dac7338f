"""Items suggested by a file or by a list of a table's columns."""

from datetime import datetime
from io import BytesIO

import pytest
from catalog.harness import Catalog, identity
from catalog.samples import officer, reviewer
from openpyxl import Workbook
from zhengshu_catalog.imports.drafting import draft
from zhengshu_catalog.imports.errors import SampleUnreadable, WorkbookUnreadable
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import ItemType

CSV = """编号,name,人数,金额,日期,时间,是否在用,备注,select
0001,甲,1,1.50,2026-03-01,2026-03-01 08:00:00,是,,a
0002,乙,20,30,2026-03-02,2026-03-02 09:00:00,否,有,b
"""
LISTED = """COLUMN_NAME,DATA_TYPE,CHARACTER_MAXIMUM_LENGTH,NUMERIC_SCALE,IS_NULLABLE,COLUMN_KEY,COLUMN_COMMENT
ID,varchar,18,,NO,PRI,身份证号码
AMOUNT,decimal,,2,YES,,发放金额
PAID_AT,timestamp without time zone,,,NO,,
"""


class TestValues:
    def test_tell_types_lengths_and_keys(self):
        found = draft(CSV.encode())
        assert [item.type.value for item in found.items] == list("CCINDTLCC")
        assert [item.name for item in found.items][:2] == ["c1", "name"]
        assert found.items[-1].name == "c9"
        first, amount, remark = found.items[0], found.items[3], found.items[7]
        assert (first.key, first.nullable, first.length) == (True, False, 10)
        assert (amount.precision, remark.nullable) == (2, True)
        assert (found.rows, found.structure) == (2, False)

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_in_every_encoding(self, encoding: str):
        assert draft(CSV.encode(encoding)).items[0].title == "编号"

    @pytest.mark.parametrize("value", ["350123199001011234", "007", "1e5", "+1"])
    def test_that_only_look_like_numbers_stay_characters(self, value: str):
        assert draft(f"a\n{value}\n".encode()).items[0].type is ItemType.CHARACTER

    def test_of_a_workbook(self):
        book = Workbook()
        book.worksheets[0].append(["code", "日期", None])
        book.worksheets[0].append([7.0, datetime(2026, 3, 1), None])  # noqa: DTZ001 - as openpyxl takes it
        file = BytesIO()
        book.save(file)
        assert [item.type.value for item in draft(file.getvalue()).items] == ["I", "D"]


def test_a_list_of_columns_declares_its_items():
    found = draft(LISTED.encode())
    key, amount, paid = found.items
    assert found.structure is True
    assert (key.name, key.title, key.length, key.key) == ("id", "身份证号码", 18, True)
    assert (amount.type, amount.precision, amount.nullable) == (ItemType.NUMERIC, 2, True)
    assert (paid.type, paid.title, paid.nullable) == (ItemType.DATETIME, "PAID_AT", False)


@pytest.mark.parametrize("file", [b"", b"\n\n", b"\xff\xff\xff", b'"open', b"PK\x03\x04"])
def test_what_is_no_table_is_refused(file: bytes):
    with pytest.raises((SampleUnreadable, WorkbookUnreadable)):
        draft(file)


async def test_over_http_by_a_data_officer(catalog: Catalog):
    for by, status in ((officer(), 200), (reviewer(), 403)):
        headers = identity(by, Action.ENTRY_IMPORT)
        answer = await catalog.http.post("/v1/item-drafts", content=CSV.encode(), headers=headers)
        assert answer.status_code == status


async def test_a_sample_may_be_as_large_as_told(catalog: Catalog):
    headers = identity(officer(), Action.ENTRY_IMPORT)
    row = b"0003," + b"x" * 1000 + b",1,1,,,,,\n"
    for rows, status in ((3000, 200), (17_000, 413)):
        body = CSV.encode() + row * rows
        answer = await catalog.http.post("/v1/item-drafts", content=body, headers=headers)
        assert answer.status_code == status
