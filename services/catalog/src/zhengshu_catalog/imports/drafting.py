"""Items suggested by a file: of its columns and values, or of a list of a database table's columns.

Such a list (`information_schema.columns`, with comments) is what any database exports; the node itself
opens no department's database. Pure functions. No class is suggested: whoever compiles must choose.
"""

import csv
import re
from collections.abc import Sequence
from io import BytesIO, StringIO
from typing import Any

from zhengshu_chassis.rows import RESERVED
from zhengshu_contracts.catalog import ItemDraft, ItemDrafts
from zhengshu_contracts.vocabulary import ItemType

from zhengshu_catalog.entries.content import SYSTEM_COLUMNS
from zhengshu_catalog.imports.errors import SampleUnreadable

MOST_ROWS, MOST_COLUMNS = 1000, 500
NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
MEMO = 500
"""Longer texts are remarks."""
SHAPES: tuple[tuple[ItemType, re.Pattern[str]], ...] = (
    (ItemType.LOGICAL, re.compile(r"是|否|true|false", re.IGNORECASE)),
    # A leading zero, or more digits than a count has, is a code: it must not become a number.
    (ItemType.INTEGER, re.compile(r"-?(0|[1-9]\d{0,8})")),
    (ItemType.NUMERIC, re.compile(r"-?(0|[1-9]\d{0,11})(\.\d{1,10})?")),
    (ItemType.DATE, re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")),
    (ItemType.DATETIME, re.compile(r"(19|20)\d\d-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?")),
)
SQL_TYPES: tuple[tuple[str, ItemType], ...] = (
    (r"bool|bit", ItemType.LOGICAL),
    (r"int|serial", ItemType.INTEGER),
    (r"money", ItemType.CURRENCY),
    (r"num|dec", ItemType.NUMERIC),
    (r"double", ItemType.DOUBLE),
    (r"float|real", ItemType.FLOAT),
    (r"timestamp|datetime", ItemType.DATETIME),
    (r"date", ItemType.DATE),
    (r"text|clob|json|xml", ItemType.MEMO),
    (r"blob|bytea|binary|image", ItemType.GENERAL),
)


def draft(file: bytes) -> ItemDrafts:
    """Return the items that a CSV or XLSX file suggests, or raise SampleUnreadable."""
    rows = _workbook(file) if file.startswith(b"PK") else _text(file)
    rows = [row for row in rows if any(row)]
    if not rows or len(rows[0]) > MOST_COLUMNS:
        raise SampleUnreadable("文件为空,或列数过多")
    heads, values = rows[0], rows[1:]
    lowered = [head.lower() for head in heads]
    if {"column_name", "data_type"} <= set(lowered):
        items = [
            _declared(dict(zip(lowered, row, strict=False)), n) for n, row in enumerate(values, 1)
        ]
        return ItemDrafts(items=items, rows=len(values), structure=True)
    columns = [[row[n] if n < len(row) else "" for row in values] for n in range(len(heads))]
    items = [
        _seen(head, column, n)
        for n, (head, column) in enumerate(zip(heads, columns, strict=True), 1)
    ]
    return ItemDrafts(items=items, rows=len(values), structure=False)


def _text(file: bytes) -> list[list[str]]:
    try:
        text = file.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = file.decode("gb18030")
        except UnicodeDecodeError as error:
            raise SampleUnreadable("不是 UTF-8 或 GB18030 编码的文本") from error
    try:
        reader = csv.reader(StringIO(text), strict=True)
        return [
            [cell.strip() for cell in row]
            for row, _ in zip(reader, range(MOST_ROWS + 1), strict=False)
        ]
    except csv.Error as error:
        raise SampleUnreadable("不是 CSV 文件") from error


def _workbook(file: bytes) -> list[list[str]]:
    from zhengshu_catalog.imports.reading import open_workbook  # noqa: PLC0415 - reads workbooks

    sheet = open_workbook(BytesIO(file)).worksheets[0]
    limits = {"max_row": MOST_ROWS + 1, "max_col": MOST_COLUMNS + 1, "values_only": True}
    rows = [[_cell(cell) for cell in row] for row in sheet.iter_rows(**limits)]
    width = max((n for row in rows for n, cell in enumerate(row, 1) if cell), default=0)
    return [row[:width] for row in rows]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip().removesuffix(" 00:00:00")


def _seen(head: str, values: Sequence[str], place: int) -> ItemDraft:
    given = [value for value in values if value]
    type_ = _type(given)
    longest = max(map(len, given), default=0)
    decimals = max((len(value.partition(".")[2]) for value in given), default=0)
    key = place == 1 and len(set(given)) == len(values) > 1
    return ItemDraft(
        name=_name(head, place),
        title=head or f"第 {place} 列",
        type=type_,
        length=_rounded(longest) if type_ is ItemType.CHARACTER and longest else None,
        precision=decimals if type_ is ItemType.NUMERIC else None,
        nullable=not key and (len(given) < len(values) or not values),
        key=key,
    )


def _type(given: Sequence[str]) -> ItemType:
    for type_, shape in SHAPES:
        if given and all(shape.fullmatch(value) for value in given):
            return type_
    return ItemType.MEMO if any(len(value) > MEMO for value in given) else ItemType.CHARACTER


def _declared(column: dict[str, str], place: int) -> ItemDraft:
    """Return what one line of a list of columns declares."""
    kind = _read(column, "data_type").lower()
    type_ = next((t for shape, t in SQL_TYPES if re.search(shape, kind)), ItemType.CHARACTER)
    title = (
        _read(column, "column_comment") or _read(column, "comment") or _read(column, "column_name")
    )
    key = _read(column, "column_key").upper() == "PRI"
    return ItemDraft(
        name=_name(_read(column, "column_name").lower(), place),
        title=title[:80],
        type=type_,
        length=_number(_read(column, "character_maximum_length"))
        if type_ is ItemType.CHARACTER
        else None,
        precision=_number(_read(column, "numeric_scale")) if type_ is ItemType.NUMERIC else None,
        nullable=not key and _read(column, "is_nullable").upper() not in ("NO", "N", "FALSE"),
        key=key,
    )


def _read(column: dict[str, str], name: str) -> str:
    return column.get(name, "").strip()


def _name(head: str, place: int) -> str:
    usable = NAME.fullmatch(head) and head not in RESERVED | SYSTEM_COLUMNS
    return head if usable else f"c{place}"


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[1-9]\d{0,4}", text) else None


def _rounded(length: int) -> int:
    return -(-length // 10) * 10
