"""In which forms a snapshot leaves: what PostgreSQL is asked for, and what is made of it on the way."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from zhengshu_chassis.rows import Query

from zhengshu_catalog.aggregation import columnar, reading, sheets
from zhengshu_catalog.aggregation.errors import ExportTooLarge
from zhengshu_catalog.aggregation.files import PARQUET, XLSX
from zhengshu_catalog.aggregation.reader import Snapshot
from zhengshu_catalog.aggregation.views import Sight

FORMS = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "xlsx": XLSX,
    "parquet": PARQUET,
}
AS_LINES: dict[str, Any] = {"format": "csv", "delimiter": "\x01", "quote": "\x02"}
"""COPY of one text a line that has no line break and neither mark, so that nothing is ever quoted."""
MOST_DIGITS = 38

Pieces = Callable[[Snapshot], AsyncIterator[bytes]]
Check = Callable[[Snapshot], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Outlet:
    """How one form is made; `check` refuses before the first byte what it cannot hold."""

    pieces: Pieces
    check: Check | None = None


def outlet_of(sight: Sight, query: Query, form: str) -> Outlet:
    """Return how a view's rows leave in a form."""
    statement = reading.snapshot(sight, query, lines=form == "ndjson")
    if form == "ndjson":
        return Outlet(lambda snapshot: snapshot.copy(statement, **AS_LINES))
    if form == "csv":
        return Outlet(lambda snapshot: snapshot.copy(statement, format="csv", header=True))
    types = sight.shown_types(sight.table().selected(query.select))
    if form == "parquet":
        scales = _scales(sight, types)
        return Outlet(
            lambda snapshot: columnar.table(snapshot.copy(statement, format="csv"), types, scales)
        )
    return _sheet(statement, types)


def _sheet(statement: reading.Statement, types: dict[str, str]) -> Outlet:
    cells, measured = sheets.statement(statement, types), sheets.measure(statement, types)

    async def check(snapshot: Snapshot) -> None:
        (found,) = await snapshot.fetch(measured)
        if found["rows"] > sheets.MOST_ROWS:
            raise ExportTooLarge(
                f"共 {found['rows']} 行,XLSX 至多 {sheets.MOST_ROWS} 行",
                next="请改用 CSV 或 Parquet",
            )
        if (found["longest"] or 0) > sheets.LONGEST_TEXT:
            raise ExportTooLarge(
                f"有超过 {sheets.LONGEST_TEXT} 个字符的值,XLSX 的单元格容不下",
                next="请改用 CSV 或 Parquet",
            )

    return Outlet(
        lambda snapshot: sheets.workbook(snapshot.copy(cells, **AS_LINES), tuple(types)), check
    )


def _scales(sight: Sight, types: dict[str, str]) -> dict[str, tuple[int, int]]:
    """Return digits and decimals of the numbers whose item says both; others leave as exact text."""
    return {
        item.name: (MOST_DIGITS, item.precision)
        for item in sight.structure.items
        if types.get(item.name) == "numeric" and item.precision is not None
    }
