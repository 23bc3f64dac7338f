"""The migrated database and the mapped classes say the same; the serving role can rewrite no timeline."""

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sharing.cast import Sharing
from support.databases import Database
from zhengshu_chassis.db import Base, metadata_of


async def test_mapped_classes_are_what_was_migrated(sharing: Sharing) -> None:
    tables = metadata_of("zhengshu_sharing")
    own = {name for name in tables.tables if _mapped_here(name)}

    def differences(connection: object) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": False,  # `text` and `varchar` are one to PostgreSQL
                "include_name": lambda name, kind, _: kind != "table" or name in own,
                "include_object": lambda thing, name, kind, *_: kind != "table" or name in own,
            },
        )
        return compare_metadata(context, tables)

    async with sharing.app.state.resources.database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    assert len(own) == 18


@pytest.mark.parametrize(
    ("table", "column"),
    [("steps", "what"), ("matter_steps", "what"), ("usage_records", "text"), ("forms", "html")],
)
async def test_what_was_said_and_recorded_stays(shared: Database, table: str, column: str) -> None:
    connection = await asyncpg.connect(shared.url)
    for statement in (f"UPDATE {table} SET {column} = ''", f"DELETE FROM {table}"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


def _mapped_here(table: str) -> bool:
    mappers = Base.registry.mappers
    return any(
        mapper.class_.__module__.startswith("zhengshu_sharing") and mapper.local_table.name == table
        for mapper in mappers
    )
