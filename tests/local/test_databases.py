"""Each service has a database that only its own roles can open."""

import asyncpg
import pytest
from zhengshu_local.databases import DATABASES, create, roles


@pytest.fixture(scope="module")
async def node(databases, postgres):
    """All databases of a node, made twice: the second time must change nothing."""
    for _ in range(2):
        await create(postgres.url(), databases.secrets.group("databases"))
    return databases


def url(postgres, made, role, database):
    password = made.secrets("databases", role)
    return f"postgresql://{role}:{password}@127.0.0.1:{postgres.port}/{database}"


ROLES = [(role, database) for database in DATABASES for role in roles(database)]


@pytest.mark.parametrize(("role", "home"), ROLES)
async def test_a_role_opens_its_own_database_and_no_other(postgres, node, role, home):
    connection = await asyncpg.connect(url(postgres, node, role, home))
    await connection.close()
    for other in {*DATABASES, "postgres", "template1"} - {home}:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(url(postgres, node, role, other))


@pytest.mark.parametrize("home", DATABASES)
async def test_the_serving_role_makes_no_tables(postgres, node, home):
    connection = await asyncpg.connect(url(postgres, node, f"{home}_app", home))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE TABLE mine (id int)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE SCHEMA mine")
    await connection.close()


async def test_the_owner_of_rows_makes_tables_there_alone(postgres, node):
    connection = await asyncpg.connect(url(postgres, node, "catalog_rows", "catalog"))
    await connection.execute("CREATE TABLE rows.mine (id int)")
    await connection.execute("DROP TABLE rows.mine")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE TABLE public.mine (id int)")
    await connection.close()


async def test_a_copy_for_a_test_is_closed_to_others_too(postgres, database, node):
    copy = await database("audit")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(url(postgres, node, "sharing_app", copy.name))
