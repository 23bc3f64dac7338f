"""An entry's items as people give them: rows of a form, pasted cells, a file's suggestions. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from zhengshu_contracts.catalog import Item
from zhengshu_contracts.vocabulary import (
    ItemType,
    Labelled,
    OpeningClass,
    Sensitivity,
    SharingClass,
)

from zhengshu_portal.fields import Asked, Field
from zhengshu_portal.forms import Form

Given: TypeAlias = dict[str, Any]
"""An item as far as it has been given."""

MAIN = ("name", "title", "type", "length", "key", "nullable", "sharing", "opening", "sensitivity")
"""What a row shows; the rest is folded away."""
ASKED = Asked(Item)
PASTED: tuple[tuple[str, type[Labelled] | type[int] | type[bool] | None], ...] = (
    ("name", None),
    ("title", None),
    ("type", ItemType),
    ("length", int),
    ("nullable", bool),
    ("key", bool),
    ("sensitivity", Sensitivity),
    ("sharing", SharingClass),
    ("opening", OpeningClass),
)
"""The columns of pasted cells, in their order."""
PLACE = re.compile(r"items\.(\d{1,4})\.")


def rows(form: Form) -> list[Given]:
    """Return the items of a form's rows; a row without any name is none."""
    places = sorted({int(found.group(1)) for name in form if (found := PLACE.match(name))})
    given = [ASKED.body(form, f"items.{at}.") for at in places]
    return [one for one in given if one.get("name") or one.get("title")]


def fields(items: Iterable[Given], spare: int) -> list[tuple[list[Field], list[Field]]]:
    """Return the fields of each row, those shown and those folded away, and some empty rows."""
    blank: list[Given] = [{} for _ in range(spare)]
    return [_row(at, item) for at, item in enumerate([*items, *blank])]


def _row(at: int, item: Given) -> tuple[list[Field], list[Field]]:
    made = {one.name.split(".")[2]: one for one in ASKED.fields(item, f"items.{at}.")}
    rest = [one for name, one in made.items() if name not in MAIN]
    return [made[name] for name in MAIN], rest


def pasted(text: str) -> list[Given]:
    """Read cells copied from a spreadsheet, or CSV; a line of headings is passed over."""
    dialect = "excel-tab" if "\t" in text else "excel"
    lines = csv.reader(io.StringIO(text), dialect)
    cells = [[cell.strip() for cell in line] for line in lines if any(map(str.strip, line))]
    return [_item(line) for line in cells if not _is_heading(line)]


def _is_heading(line: Sequence[str]) -> bool:
    return len(line) > 1 and line[1] in {"信息项名称", "信息项中文名称", "中文名称", "名称"}


def _item(line: Sequence[str]) -> Given:
    item: Given = {}
    for (name, kind), cell in zip(PASTED, line, strict=False):
        if cell:
            item[name] = _cell(kind, cell)
    return item


def _cell(kind: Any, cell: str) -> Any:
    if kind is int:
        return int(cell) if cell.isdigit() else cell
    if kind is bool:
        return cell.lower() in {"是", "y", "yes", "true", "1", "√"}
    if kind is None:
        return cell
    return next((word.value for word in kind if cell in {word.value, word.label}), cell)
