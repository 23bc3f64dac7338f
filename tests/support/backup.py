"""A backup of a node as its operator takes it, and an empty node made of it (docs/operations.md)."""

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import asyncpg
from support.evidence import SERVICES, wait_for
from support.servers import free_base
from zhengshu_local.credentials import FILE
from zhengshu_local.databases import DATABASES, create_database, create_roles, roles
from zhengshu_local.node import Node
from zhengshu_local.postgres import binary, environment


def take(node: Node, backup: Path, databases: tuple[str, ...] = DATABASES) -> None:
    """Dump databases of a running node, each for itself, and keep its files and secrets; NATS is left out."""
    backup.mkdir(exist_ok=True)
    with ThreadPoolExecutor() as together:
        list(together.map(partial(_dump, node, backup), databases))
    shutil.copy(node.directory / FILE, backup)
    shutil.copytree(node.directory / "files", backup / "files", dirs_exist_ok=True)


@contextmanager
def restored(backup: Path, directory: Path) -> Iterator[Node]:
    """An empty node with an empty NATS, given back what the backup has, and started."""
    directory.mkdir()
    shutil.copy(backup / FILE, directory)
    shutil.copytree(backup / "files", directory / "files")
    node = Node(directory, free_base())
    node.postgres.start()
    try:
        wait_for(_empty(node))
        with ThreadPoolExecutor() as together:
            list(together.map(partial(_load, node, backup), DATABASES))
            list(together.map(lambda command: node.run(*command), COMMANDS))
    finally:
        node.postgres.stop()
    node.start()
    try:
        yield node
    finally:
        node.stop()


COMMANDS = (
    ("catalog", "new-epochs"),
    ("audit", "restart", "演练:恢复至当日备份"),
    *((service, "offer-again") for service in SERVICES),
)


def _dump(node: Node, backup: Path, database: str) -> None:
    _run("pg_dump", "--format=custom", f"--file={backup / database}", node.postgres.url(database))


def _load(node: Node, backup: Path, database: str) -> None:
    _run(
        "pg_restore",
        "--exit-on-error",
        f"--dbname={node.postgres.url(database)}",
        str(backup / database),
    )


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [binary(program), *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


async def _empty(node: Node) -> None:
    """Make the roles, and the databases with nothing in them."""
    connection = await asyncpg.connect(node.postgres.url())
    try:
        for database in DATABASES:
            await create_roles(connection, roles(database), node.secrets.group("databases"))
            await create_database(connection, database)
    finally:
        await connection.close()
