"""The script for a PostgreSQL of one's own prepares the same databases as the chart's clusters."""

import asyncio
import subprocess

import asyncpg
import pytest
from support.servers import running_postgres
from typer.testing import CliRunner
from zhengshu_local import databases
from zhengshu_local.cli import app
from zhengshu_local.credentials import load
from zhengshu_local.postgres import binary


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A server on which the script was run twice, and the passwords in it."""
    kept = tmp_path_factory.mktemp("kept")
    script = CliRunner().invoke(app, ["database-sql", "--keep", str(kept)]).stdout
    with running_postgres(tmp_path_factory.mktemp("external")) as server:
        for _ in range(2):
            subprocess.run(
                [str(binary("psql")), "--quiet", server.url()],
                input=script.encode(),
                check=True,
                capture_output=True,
            )
        yield server, load(kept).group("databases")


def url(prepared, role: str, database: str) -> str:
    server, passwords = prepared
    return f"postgresql://{role}:{passwords[role]}@127.0.0.1:{server.port}/{database}"


async def test_every_service_migrates_and_is_served_by_its_own_role(prepared):
    for name in databases.DATABASES:
        assert await asyncio.to_thread(
            databases.migrate, name, url(prepared, f"{name}_owner", name)
        )
        connection = await asyncpg.connect(url(prepared, f"{name}_app", name))
        tables = await connection.fetchval(
            "SELECT count(*) FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace AND has_table_privilege(oid, 'SELECT')"
        )
        await connection.close()
        assert tables > 1, name


async def test_nobody_enters_the_database_of_another(prepared):
    for role, database in (("sharing_app", "audit"), ("audit_owner", "catalog")):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(url(prepared, role, database))


async def test_the_role_that_owns_rows_cannot_sign_in(prepared):
    with pytest.raises(asyncpg.PostgresError):
        await asyncpg.connect(url(prepared, "catalog_rows", "catalog"))
