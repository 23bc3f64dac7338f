"""The tables that hold a dataset's rows: made for a published revision, widened for the next.

Runs as the role that owns schema `rows`; every name in its SQL is an item's, and quoted.
"""

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.rows.compile import identifier
from zhengshu_contracts.catalog import Item
from zhengshu_contracts.vocabulary import SQL_TYPES

from zhengshu_catalog.aggregation.domain import Structure, suffix

_AS_OWNER = "SELECT set_config('role', regexp_replace(session_user, '_app$', '_rows'), true)"
_AS_SELF = "SELECT set_config('role', 'none', true)"


async def create(session: AsyncSession, structure: Structure) -> None:
    """Make the table of rows and its history, replacing such as never held a row."""
    await _run(session, _definition(structure))


async def widen(
    session: AsyncSession, structure: Structure, added: tuple[Item, ...], relaxed: tuple[Item, ...]
) -> None:
    """Add columns, all nullable, and let others be null."""
    changes = [f"ADD COLUMN {identifier(item.name)} {SQL_TYPES[item.type]}" for item in added]
    changes += [f"ALTER COLUMN {identifier(item.name)} DROP NOT NULL" for item in relaxed]
    if changes:
        await _run(session, [f"ALTER TABLE {structure.table} {', '.join(changes)}"])


async def nulls(session: AsyncSession, structure: Structure, item: Item) -> int:
    """Count the rows that lack an item's value."""
    query = f"SELECT count(*) FROM {structure.table} WHERE {identifier(item.name)} IS NULL"  # noqa: S608 - names are items'
    return int(await session.scalar(text(query)) or 0)


async def pattern_faults(session: AsyncSession, items: tuple[Item, ...]) -> list[str]:
    """Name the items whose pattern PostgreSQL cannot read."""
    return [
        item.name for item in items if item.pattern and not await _readable(session, item.pattern)
    ]


async def _readable(session: AsyncSession, pattern: str) -> bool:
    try:
        async with session.begin_nested():
            await session.execute(text("SELECT '' ~ CAST(:pattern AS text)"), {"pattern": pattern})
    except DBAPIError:
        return False
    return True


async def _run(session: AsyncSession, statements: list[str]) -> None:
    await session.execute(text(_AS_OWNER))
    for statement in statements:
        await session.execute(text(statement))
    await session.execute(text(_AS_SELF))


def _definition(structure: Structure) -> list[str]:
    name = suffix(structure.dataset)
    columns = [f"{identifier(i.name)} {SQL_TYPES[i.type]}{_not_null(i)}" for i in structure.items]
    statements = [
        f"DROP TABLE IF EXISTS {structure.table}, {structure.history}",
        f"CREATE TABLE {structure.table} (_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        f" _born integer NOT NULL, _changed integer NOT NULL, {', '.join(columns)})"
        # Room on each page, and no index on what an update changes, let most updates stay in it.
        " WITH (fillfactor = 90)",
        f'CREATE INDEX "d_{name}_born" ON {structure.table} (_born)',
        f'CREATE TABLE {structure.history} (version integer NOT NULL, op "char" NOT NULL,'
        f" id bigint NOT NULL, born integer NOT NULL, before {structure.table} NOT NULL)",
        f'CREATE INDEX "h_{name}_version" ON {structure.history} (version)',
    ]
    if structure.key:
        key = ", ".join(map(identifier, structure.key))
        statements.append(f'CREATE UNIQUE INDEX "d_{name}_key" ON {structure.table} ({key})')
    return statements


def _not_null(item: Item) -> str:
    return " NOT NULL" if item.key or not item.nullable else ""
