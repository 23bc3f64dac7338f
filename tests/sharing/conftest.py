"""The service with a database of its own, emptied before each test."""

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
from sharing.cast import Sharing, settings_of
from support.databases import Database, Databases
from zhengshu_sharing.main import build
from zhengshu_sharing.settings import SharingSettings

TABLES = (
    "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = 'public'"
)


@pytest.fixture(scope="session")
async def shared(databases: Databases) -> AsyncIterator[Database]:
    """One database for the tests that need none of their own: copying one takes longer than a test."""
    made = await databases.create("sharing")
    yield made
    await databases.drop(made)


@pytest.fixture(scope="session")
async def served(
    shared: Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Sharing]:
    """The service over ASGI, with a folder for attachments."""
    settings = settings_of(shared, store_url=f"file://{tmp_path_factory.mktemp('attachments')}")
    app = build(settings)
    async with app.router.lifespan_context(app):
        service = Sharing.of(app, settings)
        async with service.http:
            yield service


@pytest.fixture
async def sharing(served: Sharing, shared: Database) -> Sharing:
    """The service, knowing the datasets and nothing else."""
    connection = await asyncpg.connect(shared.superuser_url)
    await connection.execute(f"TRUNCATE {await connection.fetchval(TABLES)}")
    await connection.close()
    await served.seed()
    return served


@pytest.fixture
async def settings(database: Callable[[str], Awaitable[Database]]) -> SharingSettings:
    """Settings with a database of one's own."""
    return settings_of(await database("sharing"))
