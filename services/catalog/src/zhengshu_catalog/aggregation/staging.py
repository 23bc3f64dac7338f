"""A batch's rows as texts in a temporary table: copied as they arrive, then checked as a set.

Works on one asyncpg connection inside the caller's transaction.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from zhengshu_chassis.rows import Sql
from zhengshu_chassis.rows.compile import identifier
from zhengshu_contracts.catalog import Item, RowProblem

from zhengshu_catalog.aggregation import checks
from zhengshu_catalog.aggregation.problems import TOLD, Report, value_problem

STAGED = "pg_temp.staged"


class Reader(Protocol):
    """Reads one format; `columns` is None until its header has come."""

    copy_options: str
    columns: tuple[str, ...] | None

    @property
    def count(self) -> int:
        """Rows read so far."""
        ...

    def feed(self, text: str) -> bytes:
        """Take a piece; return what can be copied of it."""
        ...

    def finish(self) -> bytes:
        """Return what is left."""
        ...


@dataclass(frozen=True, slots=True)
class Faults:
    """How many staged rows are bad, and the first problems."""

    refused: int
    problems: tuple[RowProblem, ...]


async def stage(
    connection: Any, items: Sequence[Item], reader: Reader, texts: AsyncIterator[str]
) -> None:
    """Copy a body into a new temporary table, every item a text."""
    columns = ", ".join(f"{identifier(item.name)} text" for item in items)
    await connection.execute(
        f"CREATE TEMPORARY TABLE staged (_row bigint GENERATED ALWAYS AS IDENTITY, {columns})"
        " ON COMMIT DROP"
    )
    blocks = _blocks(reader, texts)
    first = await anext(blocks, b"")
    csv = "csv" in reader.copy_options
    await connection.copy_to_table(
        "staged",
        schema_name="pg_temp",
        source=_again(first, blocks),
        columns=list(reader.columns or ()),
        format="csv" if csv else "text",
        force_null=list(reader.columns or ()) if csv else None,
        encoding="utf-8",
    )


async def _blocks(reader: Reader, texts: AsyncIterator[str]) -> AsyncIterator[bytes]:
    async for text in texts:
        if block := reader.feed(text):
            yield block
    if block := reader.finish():
        yield block


async def _again(first: bytes, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for block in blocks:
        yield block


async def check(connection: Any, items: tuple[Item, ...], report: Report) -> Faults:
    """Check every staged row against the items; bad rows leave the staged set."""
    broken = sorted(report.rows)
    if broken:
        await connection.execute(f"DELETE FROM {STAGED} WHERE _row = ANY($1::bigint[])", broken)  # noqa: S608
    told = [problem for row in broken for problem in report.rows[row]]
    refused = len(broken)
    sql = Sql()
    query = f"SELECT count(*) FROM {STAGED} s WHERE {checks.wrong(items, sql)} IS NOT NULL"  # noqa: S608
    if bad := await connection.fetchval(query, *sql.arguments):
        refused += bad
        told += await _wrong_values(connection, items)
        await remove_wrong(connection, items)
    told.sort(key=lambda problem: problem.row)
    return Faults(refused, tuple(told[:TOLD]))


async def _wrong_values(connection: Any, items: tuple[Item, ...]) -> list[RowProblem]:
    """Tell every wrong value of the first rows that have one."""
    by_name = {item.name: item for item in items}
    sql = Sql()
    each = ", ".join(
        f"('{item.name}', {checks.problem(item, sql)}, left({checks.staged(item)}, 200))"
        for item in items
    )
    found = await connection.fetch(
        f"SELECT s._row, p.item, p.code, p.value FROM {STAGED} s"  # noqa: S608 - names are items'
        f" CROSS JOIN LATERAL (VALUES {each}) p(item, code, value)"
        f" WHERE p.code IS NOT NULL ORDER BY s._row LIMIT {TOLD}",
        *sql.arguments,
    )
    return [value_problem(r["_row"], by_name[r["item"]], r["code"], r["value"]) for r in found]


async def remove_wrong(connection: Any, items: tuple[Item, ...]) -> None:
    """Take the rows with a wrong value out of the staged set."""
    sql = Sql()
    wrong = checks.wrong(items, sql)
    await connection.execute(
        f"DELETE FROM {STAGED} s WHERE {wrong} IS NOT NULL",  # noqa: S608 - names are items'
        *sql.arguments,
    )


async def duplicates(connection: Any, key: Sequence[Item]) -> Faults:
    """Tell and remove staged rows whose key stands in an earlier one."""
    columns = ", ".join(checks.cast(item) for item in key)
    found = await connection.fetch(
        f"WITH numbered AS (SELECT s._row, first_value(s._row) OVER w AS first"  # noqa: S608
        f" FROM {STAGED} s WINDOW w AS (PARTITION BY {columns} ORDER BY s._row)),"
        f" gone AS (DELETE FROM {STAGED} s USING numbered n"
        " WHERE n._row = s._row AND n.first <> n._row RETURNING s._row, n.first)"
        f" SELECT _row, first, count(*) OVER () AS total FROM gone ORDER BY _row LIMIT {TOLD}"
    )
    return _faults(found, "duplicate-key", key)


async def existing(connection: Any, table: str, key: Sequence[Item]) -> Faults:
    """Tell and remove staged rows whose key the table has already."""
    same = " AND ".join(f"t.{identifier(i.name)} = {checks.cast(i)}" for i in key)
    found = await connection.fetch(
        f"WITH gone AS (DELETE FROM {STAGED} s USING {table} t"  # noqa: S608 - names are items'
        f" WHERE {same} RETURNING s._row)"
        f" SELECT _row, 0 AS first, count(*) OVER () AS total FROM gone ORDER BY _row LIMIT {TOLD}"
    )
    return _faults(found, "key-exists", key)


def _faults(found: Sequence[Any], code: str, key: Sequence[Item]) -> Faults:
    told = tuple(
        RowProblem(
            row=row["_row"],
            item=",".join(item.name for item in key),
            code=code,
            message=checks.message(code, first=row["first"]),
        )
        for row in found
    )
    return Faults(found[0]["total"] if found else 0, told)
