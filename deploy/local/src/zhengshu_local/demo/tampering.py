"""Checks a copy of the audit database, changes one row in it as a forger would, and checks it again."""

import asyncio
import subprocess
import sys
from dataclasses import dataclass

import asyncpg

from zhengshu_local.databases import create_database
from zhengshu_local.postgres import binary

COPY = "audit_tampered"
REMOVE = f"DROP DATABASE IF EXISTS {COPY} WITH (FORCE)"
CHANGE = """
UPDATE leaves SET payload = replace(payload, '"specversion"', '"specversion "')
WHERE index = (SELECT min(index) FROM leaves WHERE payload IS NOT NULL)
"""


@dataclass(frozen=True)
class Checked:
    """What fsck answered about the copy: its exit code and what it printed."""

    code: int
    said: str


def tampered_copy(
    server: str, owner: str, *, log_key: str, witness_key: str
) -> tuple[Checked, Checked]:
    """Return fsck's answers on a faithful copy and on the same copy with one row changed.

    `server` is the server's URL as its superuser, `owner` as the audit database's owner.
    """
    options = ["--database-url", f"{owner}/{COPY}"]
    options += ["--public-key", log_key, "--witness-key", witness_key]
    asyncio.run(_run(f"{server}/postgres", REMOVE))
    try:
        asyncio.run(_create(f"{server}/postgres"))
        _copy(f"{server}/audit", f"{server}/{COPY}")
        untouched = _fsck(options)
        asyncio.run(_run(f"{server}/{COPY}", CHANGE))
        return untouched, _fsck(options)
    finally:
        asyncio.run(_run(f"{server}/postgres", REMOVE))


def _fsck(options: list[str]) -> Checked:
    done = subprocess.run(
        [sys.executable, "-m", "zhengshu_audit", "fsck", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Checked(done.returncode, done.stdout + done.stderr)


async def _create(url: str) -> None:
    """Create the copy as closed to others as the original is."""
    connection = await asyncpg.connect(url)
    try:
        await create_database(connection, COPY, "audit")
    finally:
        await connection.close()


def _copy(source: str, target: str) -> None:
    """Copy by dump: the original is in use, so it cannot be a template."""
    dump = subprocess.run(
        [str(binary("pg_dump")), source], capture_output=True, check=True, timeout=60
    )
    subprocess.run(
        [str(binary("psql")), "--quiet", "--set", "ON_ERROR_STOP=1", target],
        input=dump.stdout,
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=60,
    )


async def _run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
