"""From a workbook to contents of entries: reads the two sheets, says of every bad cell where and why.

Knows no database: whether an entry is there already is `operations`' business.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from zhengshu_chassis.problems import refusal
from zhengshu_contracts.catalog import EntryIn, LineProblem

from zhengshu_catalog.imports.columns import (
    CODE,
    ENTRIES,
    EXTENSION,
    ITEMS,
    MUNICIPAL_CODE,
    NO,
    NUMBER,
    SHEETS,
    YES,
    Column,
    Kind,
)
from zhengshu_catalog.imports.errors import WorkbookUnreadable

MOST_ENTRIES = 200
MOST_ITEMS = 10_000
MOST_COLUMNS = 80
UNPACKED = 64 << 20
"""A workbook that unpacks to more is no catalogue."""
SEPARATOR = re.compile(r"[;;、\n]")
DATE = re.compile(r"(\d{4})[-./年]?(\d{1,2})[-./月]?(\d{1,2})日?")


@dataclass(slots=True)
class Line:
    """One line of a sheet: cells by header."""

    sheet: str
    number: int
    cells: Mapping[str, Any]

    def text(self, header: str) -> str:
        """Return a cell as text, without white space around it."""
        value = self.cells.get(header)
        whole = isinstance(value, float) and value.is_integer()
        return "" if value is None else str(int(value) if whole else value).strip()


@dataclass(slots=True)
class Entry:
    """What the workbook says of one entry; `content` only where nothing is wrong with it."""

    number: str
    line: int
    title: str = ""
    code: str | None = None
    municipal_code: str | None = None
    state_secret: bool = False
    work_secret: bool = False
    content: EntryIn | None = None
    items: list[Line] = field(default_factory=list)
    problems: list[LineProblem] = field(default_factory=list)


@dataclass(slots=True)
class Workbook:
    """Everything read."""

    entries: list[Entry]
    problems: list[LineProblem]


def read(file: bytes) -> Workbook:
    """Read a workbook, or raise WorkbookUnreadable."""
    sheets = _open(file)
    items: dict[str, list[Line]] = defaultdict(list)
    for line in sheets[ITEMS]:
        items[line.text(NUMBER)].append(line)
    numbers = [line.text(NUMBER) for line in sheets[ENTRIES]]
    entries = [_entry(line, items, numbers) for line in sheets[ENTRIES]]
    lost = [line for number in set(items) - set(numbers) for line in items[number]]
    problems = [_problem(line, NUMBER, "“目录”表中没有这个序号") for line in lost]
    return Workbook(entries, sorted(problems, key=lambda problem: problem.line))


def open_workbook(file: BytesIO) -> Any:
    """Open a workbook for reading, or raise WorkbookUnreadable."""
    from openpyxl import load_workbook  # noqa: PLC0415 - a large library for a rare request

    try:
        with ZipFile(file) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED:
                raise WorkbookUnreadable("文件解压后过大")
        return load_workbook(file, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError, EOFError, OSError) as error:
        raise WorkbookUnreadable("不是 XLSX 文件,或文件已损坏") from error


def _open(file: bytes) -> dict[str, list[Line]]:
    book = open_workbook(BytesIO(file))
    missing = [name for name in SHEETS if name not in book.sheetnames]
    if missing:
        raise WorkbookUnreadable(f"缺少工作表:{'、'.join(missing)}")
    most = {ENTRIES: MOST_ENTRIES, ITEMS: MOST_ITEMS}
    return {name: _lines(name, book[name], most[name]) for name in SHEETS}


def _lines(name: str, sheet: Any, most: int) -> list[Line]:
    rows = sheet.iter_rows(max_col=MOST_COLUMNS, max_row=most + 2, values_only=True)
    headers = [str(cell or "").strip() for cell in next(rows, ())]
    _check_headers(name, [header for header in headers if header])
    lines = [
        Line(name, number, dict(zip(headers, row, strict=False)))
        for number, row in enumerate(rows, 2)
        if any(cell not in (None, "") for cell in row)
    ]
    if len(lines) > most:
        raise WorkbookUnreadable(f"工作表“{name}”超过 {most} 行,请分次导入")
    return lines


def _check_headers(name: str, headers: list[str]) -> None:
    columns = SHEETS[name]
    missing = [c.header for c in columns if c.required and c.header not in headers]
    known = {column.header for column in columns}
    strange = [h for h in headers if h not in known and not h.startswith(EXTENSION)]
    repeated = [header for header in set(headers) if headers.count(header) > 1]
    for what, found in (("缺少", missing), ("不认识", strange), ("重复", repeated)):
        if found:
            raise WorkbookUnreadable(f"工作表“{name}”{what}的列:{'、'.join(found)}")


def _entry(line: Line, items: Mapping[str, list[Line]], numbers: list[str]) -> Entry:
    number = line.text(NUMBER)
    made = Entry(number, line.number)
    given = _values(line, made.problems)
    made.state_secret, made.work_secret = (
        given.get(f) is True for f in ("state_secret", "work_secret")
    )
    if made.state_secret or made.work_secret:
        return made  # of a secret nothing is kept, not even its name
    made.title = line.text("信息资源名称")
    made.code, made.municipal_code = line.text(CODE) or None, line.text(MUNICIPAL_CODE) or None
    if numbers.count(number) > 1 or not number:
        made.problems.append(_problem(line, NUMBER, "目录序号为空或重复"))
    made.items = items.get(number, [])
    made.content = _content(line, given, made.items, made.problems)
    return made


def _content(
    line: Line, given: dict[str, Any], items: list[Line], problems: list[LineProblem]
) -> EntryIn | None:
    common = {path[1:]: given.pop(path) for path in list(given) if path.startswith("*")}
    given["items"] = [_item(item, common, problems) for item in items]
    given["extensions"] = {
        header.removeprefix(EXTENSION): line.text(header)
        for header in line.cells
        if header.startswith(EXTENSION) and line.text(header)
    }
    if not items:
        problems.append(_problem(line, None, "“信息项”表中没有它的信息项"))
    if problems:
        return None
    try:
        return EntryIn.model_validate(given)
    except ValidationError as error:
        problems.extend(_told(error, line, items))
    return None


def _item(line: Line, common: Mapping[str, Any], problems: list[LineProblem]) -> dict[str, Any]:
    given = _values(line, problems)
    for path, value in common.items():
        # What holds for the entry holds for items that say nothing; a condition only for conditional ones.
        if path != "condition" or (given.get("sharing") == "conditional"):
            given.setdefault(path, value)
    return given


def _values(line: Line, problems: list[LineProblem]) -> dict[str, Any]:
    """Return the members a line's cells give, and note every cell that cannot be read."""
    given: dict[str, Any] = {}
    for column in SHEETS[line.sheet]:
        text = line.text(column.header)
        if not text:
            if column.required:
                problems.append(_problem(line, column.header, "必填"))
            continue
        if not column.path:
            continue
        try:
            _put(given, column.path, _value(column, line.cells[column.header], text))
        except ValueError as error:
            problems.append(_problem(line, column.header, str(error)))
    return given


def _put(given: dict[str, Any], path: str, value: Any) -> None:
    *outer, last = path.split(".")
    for name in outer:
        given = given.setdefault(name, {})
    given[last] = value


def _value(column: Column, cell: Any, text: str) -> Any:
    parts = [part.strip() for part in SEPARATOR.split(text) if part.strip()]
    if column.words:
        words = [_word(column, part) for part in parts] if column.kind is Kind.LIST else []
        return words or _word(column, text)
    match column.kind:
        case Kind.FLAG:
            return _flag(text)
        case Kind.WHOLE:
            return _whole(text)
        case Kind.DATE:
            return _date(cell, text)
        case Kind.LIST:
            return parts
        case Kind.TEXT:
            return text


def _word(column: Column, text: str) -> str:
    words = column.words or ()
    for word in words:
        if text in (word.label, word.value):
            return word.value
    raise ValueError(f"“{text[:20]}”不在可选值之内:{'、'.join(word.label for word in words)}")


def _flag(text: str) -> bool:
    if text not in (YES, NO):
        raise ValueError("应填“是”或“否”")
    return text == YES


def _whole(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text):
        raise ValueError("应为整数")
    return int(text)


def _date(cell: Any, text: str) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    found = DATE.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else date.fromisoformat("")
    except ValueError as error:
        raise ValueError("应为日期,例如 2026-03-01") from error


def _told(error: ValidationError, line: Line, items: list[Line]) -> Iterator[LineProblem]:
    """Say in which cell each wrong member stands."""
    refused = refusal(RequestValidationError(_located(error)), {})
    for pointer, _, message in refused.pointers:
        parts = pointer.strip("/").split("/")
        where = line
        if parts[0] == "items" and len(parts) > 1:
            where, parts = items[int(parts[1])], parts[2:]
        yield _problem(where, _header(where.sheet, parts), message)


def _located(error: ValidationError) -> list[dict[str, Any]]:
    return [
        dict(each) | {"loc": ("body", *each["loc"])} for each in error.errors(include_url=False)
    ]


def _header(sheet: str, parts: Iterable[str]) -> str | None:
    path = ".".join(parts)
    headers = (c.header for c in SHEETS[sheet] if path and c.path.startswith(path))
    return next(headers, None)


def _problem(line: Line, column: str | None, message: str) -> LineProblem:
    return LineProblem(sheet=line.sheet, line=line.number, column=column, message=message)
