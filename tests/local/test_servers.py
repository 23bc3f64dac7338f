"""The embedded servers: PostgreSQL keeps its roles apart."""

import asyncpg
import pytest


async def test_postgres_trusts_nobody(postgres):
    wrong = postgres.url().replace(postgres.password, "wrong")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(wrong)


async def test_a_service_gets_a_database_of_its_own(database):
    first, second = await database("sharing"), await database("sharing")
    assert first.name != second.name
    connection = await asyncpg.connect(first.url)
    assert await connection.fetchval("SELECT current_user") == "sharing_app"
    await connection.close()
