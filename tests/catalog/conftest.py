"""A catalog with a database of its own, and its first three organisations."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from catalog.harness import ADMINISTRATOR, ORGANIZATIONS, Catalog, open_door, settings
from zhengshu_catalog.main import build


@pytest.fixture
async def empty(database) -> AsyncIterator[Catalog]:
    """A catalog that knows nobody yet."""
    made = await database("catalog")
    connection = await asyncpg.connect(made.superuser_url)
    given = settings(made.url, reader_url=made.role_url("catalog_reader"))
    app = build(given)
    async with app.router.lifespan_context(app), open_door(app) as http:
        yield Catalog(http, connection, given)
    await connection.close()


@pytest.fixture
async def catalog(empty: Catalog) -> Catalog:
    """A catalog with the competent department and two others."""
    for code, name, kind in ORGANIZATIONS:
        body = {"code": code, "name": name, "kind": kind}
        await empty.done("POST", "/v1/organizations", body, by=ADMINISTRATOR)
    return empty
