"""JSON arrays and NDJSON as they arrive → COPY's text format with every item in every row.

Blocks in which all rows are plain take a fast path; the rest is read row by row, keeping numbers as
they were written and noticing repeated members. Nothing here judges a value: `checks` does.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any

import orjson
from zhengshu_contracts.catalog import Item
from zhengshu_contracts.vocabulary import SQL_TYPES

from zhengshu_catalog.aggregation.errors import BatchTooLarge, BodyInvalid
from zhengshu_catalog.aggregation.problems import Report

LONGEST_ROW = 4 << 20
BLOCK = 1 << 18
TRIES = 8
"""Row ends tried before a block is read row by row."""
NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_SPACE = " \t\r\n"
_INEXACT = re.compile(r":[ \t\r\n]*-?(?:[0-9][0-9.]{15}|[0-9.]+[eE])")
"""A number of more digits than a float keeps, or with an exponent, which a float does not keep as written."""


class NotPlain(Exception):
    """A block needs reading row by row."""


class Literal(str):
    """A number as it was written."""

    __slots__ = ()


class Constant(str):
    """NaN or an infinity, which are no JSON, though many programs write them."""

    __slots__ = ()


class Members(list[tuple[str, Any]]):
    """An object's members, repeated ones included."""


class Cells:
    """Objects → lines of COPY text."""

    def __init__(self, items: Sequence[Item], report: Report) -> None:
        self._names = [item.name for item in items]
        self._known = {item.name: item for item in items}
        self._texts = {item.name for item in items if SQL_TYPES[item.type] == "text"}
        self._report = report
        self._floats = False
        self.count = 0

    def plain(self, rows: list[Any], members: int, written: str) -> str:
        """Return the lines of rows that all have exactly the items; `members` were written, thus."""
        width = len(self._names)
        if (
            set(map(type, rows)) != {dict}
            or set(map(len, rows)) != {width}
            or members != width * len(rows)
        ):
            raise NotPlain
        self._floats = False
        try:
            columns = [self._column(n, list(map(itemgetter(n), rows))) for n in self._names]
        except KeyError:
            raise NotPlain from None
        if self._floats and _INEXACT.search(written):
            raise NotPlain
        self.count += len(rows)
        return "\n".join(map("\t".join, zip(*columns, strict=True))) + "\n"

    def one(self, value: Any) -> str:
        """Return the line of one row, or of an empty one in its place."""
        self.count += 1
        cells = self._checked(value)
        if cells is None:
            cells = dict.fromkeys(self._names, NULL)
        return "\t".join(cells.get(name, NULL) for name in self._names) + "\n"

    def broken(self) -> str:
        """Return the line in place of a row that is not JSON."""
        self.count += 1
        self._report.add(self.count, "json-invalid")
        return "\t".join([NULL] * len(self._names)) + "\n"

    def _column(self, name: str, values: list[Any]) -> list[str]:
        kinds = set(map(type, values))
        if kinds == {str}:
            return _escaped(values)
        if kinds == {int}:
            return list(map(str, values))
        if not kinds <= _SCALARS or (float in kinds and name in self._texts):
            raise NotPlain
        self._floats = self._floats or float in kinds
        if str in kinds:
            _escaped([value for value in values if isinstance(value, str)], check=True)
        return [_PLAIN[type(value)](value) for value in values]

    def _checked(self, value: Any) -> dict[str, str] | None:
        if not isinstance(value, Members):
            self._report.add(self.count, "not-an-object")
            return None
        cells: dict[str, str] = {}
        sound = True
        for name, member in value:
            if code := self._fault(name, member, cells):
                item = self._known.get(name)
                value = _told(member) if item else None
                self._report.add(self.count, code, item, value, name=_shown(name))
                sound = False
            elif name in self._known:
                cells[name] = _cell(member)
        return cells if sound else None

    def _fault(self, name: str, member: Any, cells: dict[str, str]) -> str | None:
        if name not in self._known:
            return "undeclared"
        if name in cells:
            return "duplicate-member"
        if isinstance(member, list):
            return "not-scalar"
        if isinstance(member, Constant):
            return "not-finite"
        if isinstance(member, str):
            return _unstorable(member)
        return None


class Objects:
    """Reads JSON piece by piece: an array of objects, or one object a line."""

    copy_options = "FORMAT text"

    def __init__(self, items: Sequence[Item], report: Report, *, lines: bool) -> None:
        self._cells = Cells(items, report)
        self.columns: tuple[str, ...] | None = tuple(item.name for item in items)
        self._read = self._read_lines if lines else self._read_array
        self._buffer = ""
        self._state = "start"

    @property
    def count(self) -> int:
        """Rows read so far."""
        return self._cells.count

    def feed(self, text: str) -> bytes:
        """Take a piece; return what can be copied of it."""
        self._buffer += text
        if len(self._buffer) < BLOCK:
            return b""
        return self._read(final=False).encode()

    def finish(self) -> bytes:
        """Return what is left."""
        return self._read(final=True).encode()

    def _read_lines(self, *, final: bool) -> str:
        end = len(self._buffer) if final else self._buffer.rfind("\n") + 1
        block, self._buffer = self._buffer[:end], self._buffer[end:]
        if len(self._buffer) > LONGEST_ROW:
            raise BatchTooLarge(f"第 {self.count + 1} 行过长")
        lines = [line for line in block.split("\n") if line.strip(_SPACE)]
        if not lines:
            return ""
        try:
            return self._plain(",".join(lines))
        except NotPlain:
            return "".join(map(self._line, lines))

    def _line(self, line: str) -> str:
        try:
            value, end = _DECODER.raw_decode(line.strip(_SPACE))
        except (ValueError, RecursionError):
            return self._cells.broken()
        return self._cells.one(value) if end == len(line.strip(_SPACE)) else self._cells.broken()

    def _read_array(self, *, final: bool) -> str:
        self._open()
        if final:
            return self._last()
        at = len(self._buffer) if self._state == "rows" else 0
        for _ in range(TRIES):
            at = self._buffer.rfind("}", 0, at)
            if at < 0:
                break
            rest = self._buffer[at + 1 :].lstrip(_SPACE)
            if rest.startswith(","):
                try:
                    lines = self._plain(self._buffer[: at + 1])
                except NotPlain:
                    continue
                self._buffer = rest[1:]
                return lines
        return "".join(self._one_by_one(final=False))

    def _last(self) -> str:
        rest = self._buffer.rstrip(_SPACE)
        if self._state == "rows" and rest.endswith("}]"):
            try:
                lines = self._plain(rest[:-1])
            except NotPlain:
                return "".join(self._one_by_one(final=True))
            return lines
        return "".join(self._one_by_one(final=True))

    def _open(self) -> None:
        if self._state != "start":
            return
        self._buffer = self._buffer.lstrip(_SPACE)
        if not self._buffer.startswith("["):
            raise BodyInvalid(
                "应为 JSON 数组", next="逐行 JSON 请用 Content-Type: application/x-ndjson"
            )
        self._buffer, self._state = self._buffer[1:], "rows"

    def _plain(self, rows: str) -> str:
        """Take rows the fast way; one colon after a quote for each member proves none is repeated."""
        try:
            found = orjson.loads(f"[{rows}]")
        except orjson.JSONDecodeError:
            raise NotPlain from None
        return self._cells.plain(found, rows.count('":'), rows)

    def _one_by_one(self, *, final: bool) -> Iterator[str]:
        at = 0
        while (start := self._element(at, final=final)) is not None:
            try:
                value, at = _DECODER.raw_decode(self._buffer, start)
            except (ValueError, RecursionError) as error:
                if len(self._buffer) - start > LONGEST_ROW:
                    raise BatchTooLarge(f"第 {self.count + 1} 行过长,或不是合法的 JSON") from error
                if not final:
                    at = start
                    break
                raise self._broken("不是合法的 JSON,或内容不完整") from error
            if not final and self._skip(at) == len(self._buffer):
                at = start  # what separates it from the next has not come yet
                break
            yield self._cells.one(value)
            at = self._separator(at)
        self._buffer = self._buffer[at:] if self._state == "rows" or not final else ""

    def _element(self, at: int, *, final: bool) -> int | None:
        """Return where the next element begins; None when there is none (yet)."""
        at = self._skip(at)
        if self._state == "end":
            if at < len(self._buffer):
                raise self._broken("数组之后有多余的内容")
            return None
        if at == len(self._buffer):
            if final:
                raise self._broken("内容不完整")
            return None
        if self._buffer[at] == "]" and self.count == 0:
            self._state = "end"
            return self._element(at + 1, final=final)
        return at

    def _skip(self, at: int) -> int:
        while at < len(self._buffer) and self._buffer[at] in _SPACE:
            at += 1
        return at

    def _separator(self, at: int) -> int:
        at = self._skip(at)
        found = self._buffer[at : at + 1]
        if found == "]":
            self._state = "end"
        elif found != ",":
            raise self._broken("行与行之间应以逗号分隔")
        return at + 1

    def _broken(self, what: str) -> BodyInvalid:
        return BodyInvalid(f"第 {self.count + 1} 行处:{what}", next="请检查导出程序或传输是否中断")


def _escaped(values: list[str], *, check: bool = False) -> list[str]:
    """Return values as COPY text needs them; nearly none needs anything."""
    together = "".join(values)
    if "\0" in together:
        raise NotPlain
    if check or not any(mark in together for mark in "\\\t\n\r"):
        return values
    return [value.translate(_ESCAPES) for value in values]


def _number(value: float) -> str:
    text = repr(value)
    if "e" in text:
        raise NotPlain
    return text


_PLAIN: dict[type, Callable[[Any], str]] = {
    str: lambda value: value.translate(_ESCAPES),
    int: str,
    float: _number,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _: NULL,
}
_SCALARS = frozenset(_PLAIN)


def _cell(value: Any) -> str:
    return str(value) if isinstance(value, Literal) else _PLAIN[type(value)](value)


def _told(value: Any) -> str:
    """Return a member as its writer would recognise it."""
    return value if isinstance(value, str) else json.dumps(_unfolded(value), ensure_ascii=False)


def _unfolded(value: Any) -> Any:
    if isinstance(value, Members):
        return {name: _unfolded(member) for name, member in value}
    return [_unfolded(one) for one in value] if isinstance(value, list) else value


def _unstorable(text: str) -> str | None:
    if "\0" in text:
        return "nul"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "not-utf8"
    return None


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name[:40])


_DECODER = json.JSONDecoder(
    object_pairs_hook=Members, parse_float=Literal, parse_int=Literal, parse_constant=Constant
)
