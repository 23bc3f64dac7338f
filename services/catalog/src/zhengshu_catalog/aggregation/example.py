"""A body that would be accepted: made of the items alone, never of rows.

Values are proposed here and judged by the very checks of a push, in one statement; this module runs none.
"""

import csv
import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from random import Random
from typing import Any

import rstr
from zhengshu_chassis.rows import Sql
from zhengshu_contracts.catalog import Item
from zhengshu_contracts.vocabulary import ItemType

from zhengshu_catalog.aggregation import checks
from zhengshu_catalog.aggregation.reading import Statement

PROPOSED = 12
"""Values judged of each item."""
TRIES = 60
REPEATED = 3
"""How often more than it must be a part of a pattern is repeated."""

_NUMBERS = ("1", "2", "0.5", "0.25", "0")
_TYPICAL: dict[ItemType, tuple[str, ...]] = {
    ItemType.DATE: ("2026-01-31", "2026-02-28"),
    ItemType.DATETIME: ("2026-01-31 08:30:00", "2026-02-28T17:45:00+08:00"),
    ItemType.LOGICAL: ("true", "false", "是", "否", "1", "0"),
    ItemType.DOUBLE: ("1.5", "2.5"),
    ItemType.FLOAT: ("1.5", "2.5"),
    ItemType.INTEGER: ("1", "2", "0"),
    ItemType.NUMERIC: _NUMBERS,
    ItemType.CURRENCY: _NUMBERS,
}


def proposed(item: Item) -> list[str]:
    """Return values of which some are right, if any can be told: an empty one would be none in CSV."""
    if item.codes:
        return [code for code in item.codes if code][: PROPOSED * 10]
    typical = _TYPICAL.get(item.type) or tuple(
        f"{item.title}{n}"[-min(item.length or 80, 80) :] for n in (1, 2)
    )
    found = dict.fromkeys([*typical, *(_matching(item) if item.pattern else ())])
    return [value for value in found if value]


def statement(items: Sequence[Item]) -> Statement:
    """Return which proposed values a push would take, as a JSON object of arrays by item."""
    sql = Sql()
    each = " UNION ALL ".join(_judged(item, sql) for item in items)
    text = (
        "SELECT json_object_agg(j.item, j.good)::text AS good FROM (SELECT r.item,"  # noqa: S608
        f" json_agg(r.value ORDER BY r.n) AS good FROM ({each}) r GROUP BY r.item) j"
    )
    return Statement(text, tuple(sql.arguments))


def rows(items: Sequence[Item], good: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """Return two rows, or one where the key allows no second."""
    made = [{item.name: _value(item, good.get(item.name, []), n) for item in items} for n in (0, 1)]
    key = [item.name for item in items if item.key]
    same = key and all(made[0][name] == made[1][name] for name in key)
    return made[:1] if same else made


def table(made: list[dict[str, Any]]) -> str:
    """Return the same as CSV."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    write(made[0])
    for row in made:
        write([str(value).lower() if isinstance(value, bool) else value for value in row.values()])
    return out.getvalue()


def _judged(item: Item, sql: Sql) -> str:
    name = checks.staged(item).removeprefix("s.")
    return (
        f"SELECT '{item.name}' AS item, {checks.staged(item)} AS value, s._n AS n"  # noqa: S608
        f" FROM unnest({sql.bind(proposed(item))}::text[]) WITH ORDINALITY s({name}, _n)"
        f" WHERE {checks.problem(item, sql)} IS NULL"
    )


def _value(item: Item, good: list[str], number: int) -> Any:
    """Return a right value in its JSON type; without any, none: nobody could push one either."""
    if not good:
        return None
    text = good[number % len(good)]
    if item.pattern or item.codes:
        return text
    if item.type is ItemType.LOGICAL:
        return text == "true"
    numeric = item.type not in {ItemType.DATE, ItemType.DATETIME} and item.type in _TYPICAL
    return (float(text) if "." in text else int(text)) if numeric else text


class _Short(rstr.Rstr):
    """Makes strings of a pattern that are not much longer than they must be."""

    def _handle_repeat(self, start_range: int, end_range: int, value: Any) -> str:
        return super()._handle_repeat(start_range, min(end_range, start_range + REPEATED), value)


def _matching(item: Item) -> Iterator[str]:
    """Yield strings of a pattern that is not too strange; PostgreSQL's own syntax is left alone."""
    longest = item.length or checks.LONGEST
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # of a syntax that will change, in a pattern that is not ours
        try:
            dice = _Short(Random(item.name))  # noqa: S311 - the same example every time
            made = (dice.xeger(item.pattern or "") for _ in range(TRIES))
            yield from islice((text for text in made if len(text) <= longest), PROPOSED)
        except (ArithmeticError, LookupError, RecursionError, ValueError, TypeError, re.error):
            return
