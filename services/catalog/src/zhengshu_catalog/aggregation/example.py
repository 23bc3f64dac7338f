"""A body that would be accepted: made of the items alone, never of rows. Pure."""

import csv
import io
from typing import Any

from zhengshu_contracts.catalog import Item
from zhengshu_contracts.vocabulary import ItemType

_TYPICAL: dict[ItemType, tuple[Any, Any]] = {
    ItemType.DATE: ("2026-01-31", "2026-02-28"),
    ItemType.DATETIME: ("2026-01-31 08:30:00", "2026-02-28T17:45:00+08:00"),
    ItemType.LOGICAL: (True, False),
    ItemType.DOUBLE: (1.5, 2.5),
    ItemType.FLOAT: (1.5, 2.5),
}


def rows(items: list[Item]) -> list[dict[str, Any]]:
    """Return two rows; values of items with a pattern are only of the right type."""
    return [{item.name: _value(item, number) for item in items} for number in (1, 2)]


def table(items: list[Item]) -> str:
    """Return the same as CSV."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    write([item.name for item in items])
    for row in rows(items):
        write([str(value).lower() if isinstance(value, bool) else value for value in row.values()])
    return out.getvalue()


def _value(item: Item, number: int) -> Any:
    if item.codes:
        return item.codes[(number - 1) % len(item.codes)]
    if item.type in _TYPICAL:
        return _TYPICAL[item.type][number - 1]
    if item.type is ItemType.INTEGER:
        return number
    if item.type in {ItemType.NUMERIC, ItemType.CURRENCY}:
        return float(number) if item.precision else number
    return f"{item.title}{number}"[-(item.length or 80) :]
