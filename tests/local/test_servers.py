"""The embedded servers: PostgreSQL keeps its roles apart."""

from pathlib import Path

import asyncpg
import pytest
from support.servers import running_postgres
from zhengshu_local.postgres import SOCKET_PATH_LIMIT, Postgres, require_open
from zhengshu_local.processes import CannotStart


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


def test_a_folder_closed_to_an_unprivileged_id_is_named(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    tmp_path.chmod(0o755)
    with pytest.raises(CannotStart, match=r"uid 54321，但目录 \S+ 对它关闭.*ZHENGSHU_LOCAL_DIR"):
        require_open(54321, closed / "postgres")


@pytest.mark.parametrize(("length", "has_socket"), [(10, True), (SOCKET_PATH_LIMIT, False)])
def test_a_path_too_long_for_a_socket_leaves_tcp(tmp_path, length, has_socket):
    server = Postgres(Path("/" + "a" * length), 5432, "x", tmp_path / "log")
    sockets = next(o for o in server._options() if o.startswith("unix_socket_directories="))
    assert sockets.endswith("a") is has_socket


async def test_what_is_committed_survives_a_restart(tmp_path):
    with running_postgres(tmp_path / "p", quick=False) as server:
        connection = await asyncpg.connect(server.url())
        await connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
        assert await connection.fetchval("SHOW fsync") == "on"
        server.process.kill()
        connection.terminate()
        server.start()
        connection = await asyncpg.connect(server.url())
        assert await connection.fetchval("SELECT n FROM kept") == 1
        await connection.close()
