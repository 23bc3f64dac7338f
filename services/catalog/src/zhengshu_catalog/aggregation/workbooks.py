"""XLSX as it arrives → rows of texts: the first sheet's cells, of formulas their cached values.

Reads the parts itself (`docs/decisions/0021-spreadsheets.md`): one row is held at a time, and what the
file says of its own size is believed only as a limit. Knows nothing of items.
"""

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import IO
from xml.etree import ElementTree
from xml.parsers import expat

from zhengshu_catalog.aggregation.errors import BatchTooLarge, BodyInvalid

WIDEST = 16_384
"""Columns of a sheet, as many as a spreadsheet program has."""
LARGEST_PART = 2 << 30
"""Bytes of the sheet, unzipped."""
LARGEST_TEXTS = 256 << 20
"""Bytes of the shared texts, unzipped: they are held in memory."""
LARGEST_SMALL = 4 << 20
RATIO = 200
PIECE = 1 << 16
DIGITS = 15
"""Digits of a number that a spreadsheet keeps."""

_SMALL = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml")
_DAYS = frozenset({14, 15, 16, 17, *range(27, 32), 36, *range(50, 53), 54, 57, 58})
"""Built-in formats of days, the East Asian ones included."""
_TIMES = frozenset({22})
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_CELL = re.compile(r"([A-Z]{1,7})[0-9]+")

Told = Callable[[int, str, str, str | None], None]
"""Hears of a cell that has no value to take: row (without the header), code, cell."""


@dataclass(frozen=True, slots=True)
class Styles:
    """Which cell styles show a number as a day or as a moment, and from when days are counted."""

    days: frozenset[int]
    times: frozenset[int]
    epoch: datetime


def rows(file: IO[bytes], told: Told) -> Iterator[list[str]]:
    """Yield the rows of the first sheet that have a value, the header first."""
    try:
        with zipfile.ZipFile(file) as archive:
            _bound(archive)
            sheet, epoch = _first_sheet(archive)
            texts = _texts(archive) if "xl/sharedStrings.xml" in archive.namelist() else []
            reader = _Sheet(texts, _styles(archive, epoch), told)
            with archive.open(sheet) as part:
                yield from reader.read(part)
    except (zipfile.BadZipFile, expat.ExpatError, ElementTree.ParseError, EOFError) as error:
        raise _broken() from error
    except (KeyError, ValueError, IndexError, NotImplementedError, RuntimeError) as error:
        raise _broken() from error


def _broken() -> BodyInvalid:
    return BodyInvalid(
        "不是可读取的 XLSX 工作簿,或文件已损坏", next="请另存为 .xlsx(不加密)后重新推送"
    )


def _bound(archive: zipfile.ZipFile) -> None:
    """Refuse by the directory what would unzip to too much; a member never yields more than it says."""
    for part in archive.infolist():
        most = LARGEST_PART
        if part.filename in _SMALL:
            most = LARGEST_SMALL
        elif part.filename == "xl/sharedStrings.xml":
            most = LARGEST_TEXTS
        swollen = part.file_size > max(part.compress_size * RATIO, 16 << 20)
        if part.file_size > most or swollen:
            raise BatchTooLarge("工作簿解压后过大或压缩比异常", next="请改用 CSV,或分批推送")


def _first_sheet(archive: zipfile.ZipFile) -> tuple[str, datetime]:
    """Return the part of the first sheet, and the day that numbers of days are counted from."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - bounded, expat refuses bombs
    name = next(
        value
        for sheet in book.iter()
        if _local(sheet.tag) == "sheet"
        for key, value in sheet.attrib.items()
        if _local(key) == "id"
    )
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    target = next(one.attrib["Target"] for one in relations if one.attrib["Id"] == name)
    properties = next((one for one in book if _local(one.tag) == "workbookPr"), None)
    since_1904 = properties is not None and properties.get("date1904") in {"1", "true"}
    epoch = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - a sheet has no zone
    return target[1:] if target.startswith("/") else f"xl/{target}", epoch


def _styles(archive: zipfile.ZipFile, epoch: datetime) -> Styles:
    if "xl/styles.xml" not in archive.namelist():
        return Styles(frozenset(), frozenset(), epoch)
    tree = ElementTree.fromstring(archive.read("xl/styles.xml"))  # noqa: S314
    formats = {
        int(one.attrib["numFmtId"]): _LITERAL.sub("", one.attrib["formatCode"]).lower()
        for one in tree.iter()
        if _local(one.tag) == "numFmt"
    }
    used = [
        int(one.attrib.get("numFmtId", 0))
        for group in tree
        if _local(group.tag) == "cellXfs"
        for one in group
    ]
    days, times = set(), set()
    for style, number in enumerate(used):
        code = formats.get(number, "")
        dated = "y" in code or "d" in code or number in _DAYS | _TIMES
        if dated and ("h" in code or number in _TIMES):
            times.add(style)
        elif dated:
            days.add(style)
    return Styles(frozenset(days), frozenset(times), epoch)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _no_doctype
    return parser


def _no_doctype(*_: object) -> None:
    raise _broken()


def _texts(archive: zipfile.ZipFile) -> list[str]:
    """Return the shared texts."""
    reader = _Texts()
    parser = _parser()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    with archive.open("xl/sharedStrings.xml") as part:
        while piece := part.read(PIECE):
            parser.Parse(piece)
    parser.Parse(b"", True)
    return reader.found


class _Texts:
    """Hears the shared texts: runs joined, phonetic guides left out."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._parts: list[str] = []
        self._inside = {"t": 0, "rPh": 0}

    def start(self, tag: str, _: dict[str, str]) -> None:
        """Hear an element begin."""
        name = _local(tag)
        if name == "si":
            self._parts.clear()
        elif name in self._inside:
            self._inside[name] += 1

    def end(self, tag: str) -> None:
        """Hear an element end."""
        name = _local(tag)
        if name == "si":
            self.found.append("".join(self._parts))
        elif name in self._inside:
            self._inside[name] -= 1

    def text(self, piece: str) -> None:
        """Hear text."""
        if self._inside["t"] and not self._inside["rPh"]:
            self._parts.append(piece)


class _Sheet:
    """Reads one sheet, row by row."""

    def __init__(self, texts: list[str], styles: Styles, told: Told) -> None:
        self._texts = texts
        self._styles = styles
        self._told = told
        self._done: list[list[str]] = []
        self._row: dict[int, str] = {}
        self._number = 0
        """Rows with a value so far; the first is the header, so this is the next row's number."""
        self._column = 0
        self._kind = self._place = ""
        self._style = 0
        self._formula = self._reading = False
        self._value: list[str] | None = None

    def read(self, part: IO[bytes]) -> Iterator[list[str]]:
        """Yield rows as far as they are read."""
        parser = _parser()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        while piece := part.read(PIECE):
            parser.Parse(piece)
            yield from self._done
            self._done.clear()
        parser.Parse(b"", True)
        yield from self._done

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _local(tag)
        if name == "c":
            self._begin(attributes)
        elif name in {"v", "t"}:
            self._reading = True
            self._value = self._value if self._value is not None else []
        elif name == "f":
            self._formula = True
        elif name == "row":
            self._row, self._column = {}, 0
        elif name == "mergeCell":
            raise BodyInvalid(
                f"单元格 {attributes.get('ref', '')} 是合并单元格,无法判断各行的值",
                next="请取消合并、逐行填写后重新推送",
            )

    def _begin(self, attributes: dict[str, str]) -> None:
        self._place = attributes.get("r", "")
        found = _CELL.fullmatch(self._place)
        self._column = _index(found[1]) if found else self._column + 1
        if self._column > WIDEST:
            raise BodyInvalid(
                f"工作表有超过 {WIDEST} 列", next="请删除表头右侧的空列后另存,再重新推送"
            )
        self._kind = attributes.get("t", "n")
        self._style = int(attributes.get("s", 0))
        self._formula, self._value = False, None

    def _text(self, piece: str) -> None:
        if self._reading and self._value is not None:
            self._value.append(piece)

    def _end(self, tag: str) -> None:
        name = _local(tag)
        if name in {"v", "t"}:
            self._reading = False
        elif name == "c":
            self._cell()
        elif name == "row" and self._row:
            width = max(self._row)
            self._done.append([self._row.get(n, "") for n in range(1, width + 1)])
            self._number += 1

    def _cell(self) -> None:
        if self._value is None:
            if self._formula:
                self._told(self._number, "formula-uncomputed", self._place, None)
                self._row[self._column] = "?"  # the row is there, and refused
            return
        value = "".join(self._value)
        if self._kind == "e":
            self._told(self._number, "formula-error", self._place, value)
        if value := self._shown(value):
            self._row[self._column] = value

    def _shown(self, value: str) -> str:
        if self._kind == "s":
            return self._texts[int(value)]
        if self._kind == "b":
            return "true" if value == "1" else "false"
        if self._kind != "n" or not value:
            return value
        if self._style in self._styles.days:
            return self._moment(value)[:10]
        return self._moment(value) if self._style in self._styles.times else number(value)

    def _moment(self, value: str) -> str:
        try:
            seconds = round(float(value) * 86_400)
            return (self._styles.epoch + timedelta(seconds=seconds)).isoformat(sep=" ")
        except OverflowError:
            return value


def _index(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index


def number(text: str) -> str:
    """Return a number as the sheet shows it: no more digits than it keeps, an exponent where it lost some."""
    if len(text) <= DIGITS and "E" not in text and "e" not in text:
        return text
    if text.removeprefix("-").isdigit():
        return text  # written out by a program: a spreadsheet would have used an exponent
    shortened = f"{float(text):.{DIGITS}g}"
    if "e+" in shortened:
        return shortened.upper()
    return format(Decimal(shortened), "f") if "e" in shortened else shortened
