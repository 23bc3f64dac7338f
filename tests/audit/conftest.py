"""A database of audit, and a connection to it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from support.databases import Database
from zhengshu_chassis.db import Database as Connection
from zhengshu_chassis.db import connect


@pytest.fixture
async def made(database: Callable[[str], Awaitable[Database]]) -> Database:
    """A migrated, empty database."""
    return await database("audit")


@pytest.fixture
async def audit(made: Database) -> AsyncIterator[Connection]:
    """A connection to it as the serving role."""
    connection = connect(made.url, "test")
    yield connection
    await connection.engine.dispose()
