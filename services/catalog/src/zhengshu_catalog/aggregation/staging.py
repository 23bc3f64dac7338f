"""A batch's rows as texts in a temporary table: copied as they arrive, then checked as a set.

Works on one asyncpg connection inside the caller's transaction.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from zhengshu_chassis.rows import Sql
from zhengshu_chassis.rows.compile import identifier
from zhengshu_contracts.catalog import Item

from zhengshu_catalog.aggregation import checks, faults
from zhengshu_catalog.aggregation.problems import Report

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


async def check(connection: Any, items: tuple[Item, ...], report: Report) -> int:
    """Check every staged row against the items; bad rows leave the staged set. Return how many."""
    broken = list(report.rows)
    if broken:
        await connection.execute(f"DELETE FROM {STAGED} WHERE _row = ANY($1::bigint[])", broken)  # noqa: S608
        await faults.note(connection, report.all())
    sql = Sql()
    query = f"SELECT count(*) FROM {STAGED} s WHERE {checks.wrong(items, sql)} IS NOT NULL"  # noqa: S608
    bad = int(await connection.fetchval(query, *sql.arguments))
    if bad:
        await faults.note_values(connection, STAGED, items)
        await remove_wrong(connection, items)
    return len(broken) + bad


async def remove_wrong(connection: Any, items: tuple[Item, ...]) -> None:
    """Take the rows with a wrong value out of the staged set."""
    sql = Sql()
    wrong = checks.wrong(items, sql)
    await connection.execute(
        f"DELETE FROM {STAGED} s WHERE {wrong} IS NOT NULL",  # noqa: S608 - names are items'
        *sql.arguments,
    )


async def duplicates(connection: Any, key: Sequence[Item]) -> int:
    """Tell and remove staged rows whose key stands in an earlier one."""
    columns = ", ".join(checks.cast(item) for item in key)
    gone = (
        f"numbered AS (SELECT s._row, first_value(s._row) OVER w AS _first FROM {STAGED} s"  # noqa: S608
        f" WINDOW w AS (PARTITION BY {columns} ORDER BY s._row)),"
        f" gone AS (DELETE FROM {STAGED} s USING numbered n"
        f" WHERE n._row = s._row AND n._first <> n._row RETURNING s._row, n._first, {_staged(key)})"
    )
    return await faults.note_keys(connection, gone, "duplicate-key", key)


async def existing(connection: Any, table: str, key: Sequence[Item]) -> int:
    """Tell and remove staged rows whose key the table has already."""
    same = " AND ".join(f"t.{identifier(i.name)} = {checks.cast(i)}" for i in key)
    gone = (
        f"gone AS (DELETE FROM {STAGED} s USING {table} t WHERE {same}"  # noqa: S608 - names are items'
        f" RETURNING s._row, 0 AS _first, {_staged(key)})"
    )
    return await faults.note_keys(connection, gone, "key-exists", key)


def _staged(key: Sequence[Item]) -> str:
    return ", ".join(map(checks.staged, key))
