"""CSV as it arrives → COPY's CSV with exactly the header's columns in every row.

Blocks without a quote are only counted and passed on; the others are read by `csv` and written anew, so
that no two parsers can disagree. An empty field is null. Rows are numbered from 1 without the header.
"""

import csv
import io
from collections.abc import Sequence

from zhengshu_contracts.catalog import Item

from zhengshu_catalog.aggregation.errors import BatchTooLarge, BodyInvalid, HeaderInvalid
from zhengshu_catalog.aggregation.problems import Report

LONGEST_ROW = 4 << 20
csv.field_size_limit(LONGEST_ROW)


class Delimited:
    """Reads CSV piece by piece."""

    copy_options = "FORMAT csv"

    def __init__(self, items: Sequence[Item], report: Report, *, whole: bool = True) -> None:
        self._items = items
        self._known = {item.name: item for item in items}
        self._report = report
        self._whole = whole
        self._buffer = ""
        self.count = 0
        self.columns: tuple[str, ...] | None = None

    def feed(self, text: str, *, final: bool = False) -> bytes:
        """Take a piece; return what can be copied of it. The first rows need the header before them."""
        self._buffer += text
        if self.columns is None and not self._header(final=final):
            return b""
        if final and self._buffer and not self._buffer.endswith("\n"):
            self._buffer += "\n"
        end = _cut(self._buffer)
        block, self._buffer = self._buffer[:end], self._buffer[end:]
        if self._buffer and final:
            raise BodyInvalid(
                f"第 {self.count + 1} 行之后有未闭合的引号", next="请检查引号是否成对"
            )
        if len(self._buffer) > LONGEST_ROW:
            raise BatchTooLarge(f"第 {self.count + 1} 行之后有过长的行或未闭合的引号")
        return (self._plain(block) or self._quoted(block)).encode() if block else b""

    def finish(self) -> bytes:
        """Return what is left."""
        return self.feed("", final=True)

    def _header(self, *, final: bool) -> bool:
        end = _first_line(self._buffer)
        if end == 0 and final:
            self._buffer += "\n"
            end = _first_line(self._buffer)
        if end == 0:
            if len(self._buffer) > LONGEST_ROW:
                raise HeaderInvalid("表头过长")
            return False
        line, self._buffer = self._buffer[:end], self._buffer[end:]
        names = next(csv.reader(io.StringIO(line, newline="")), [])
        if not any(names):
            raise HeaderInvalid("没有表头", next="第一行应为信息项的英文名或中文名称")
        self.columns = self._named([name.strip() for name in names])
        self._commas = len(self.columns) - 1
        return True

    def _named(self, names: list[str]) -> tuple[str, ...]:
        known = {item.title: item.name for item in self._items} | {
            i.name: i.name for i in self._items
        }
        unknown = [name[:40] for name in names if name not in known]
        if unknown:
            raise HeaderInvalid(
                f"不是信息项的列:{'、'.join(unknown[:20]) or '(空)'}",
                next=f"可用的列:{'、'.join(item.name for item in self._items)}",
            )
        columns = tuple(known[name] for name in names)
        if len(set(columns)) < len(columns):
            raise HeaderInvalid("表头中有重复的列")
        missing = [i.name for i in self._items if i.name not in columns and (self._whole or i.key)]
        if missing:
            raise HeaderInvalid(
                f"缺少列:{'、'.join(missing)}", next="每行应是完整的一行;没有值的列留空即可"
            )
        return columns

    def _plain(self, block: str) -> str | None:
        """Pass a block on if nothing in it needs reading."""
        if '"' in block or "\0" in block:
            return None
        if "\r" in block:
            block = block.replace("\r\n", "\n")
            if "\r" in block:
                return None
        lines = block.split("\n")
        lines.pop()
        if "" in lines or any(line.count(",") != self._commas for line in lines):
            return None
        self.count += len(lines)
        return block

    def _quoted(self, block: str) -> str:
        out = io.StringIO()
        write = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow
        try:
            for row in csv.reader(io.StringIO(block, newline=""), strict=True):
                if row:
                    self.count += 1
                    write(self._checked(row))
        except csv.Error as error:
            raise BodyInvalid(
                f"第 {self.count + 1} 行附近的引号写法有误", next="字段内的引号应写作两个引号"
            ) from error
        return out.getvalue()

    def _checked(self, row: list[str]) -> list[str]:
        expected = self._commas + 1
        if len(row) != expected:
            self._report.add(self.count, "ragged", expected=expected, found=len(row))
        elif any("\0" in field for field in row):
            for name, field in zip(self.columns or (), row, strict=True):
                if "\0" in field:
                    self._report.add(self.count, "nul", self._known[name], field)
        else:
            return row
        return [""] * expected


def _first_line(text: str) -> int:
    """Return where the header ends: after the first line break outside quotes."""
    at = text.find("\n") + 1
    while at and text.count('"', 0, at) % 2:
        at = text.find("\n", at) + 1
    return at


def _cut(text: str) -> int:
    """Return where the last complete row ends: after a line break before which quotes are even."""
    end = text.rfind("\n") + 1
    quotes = text.count('"', 0, end)
    while end and quotes % 2:
        before = text.rfind("\n", 0, end - 1) + 1
        quotes -= text.count('"', before, end)
        end = before
    return end
