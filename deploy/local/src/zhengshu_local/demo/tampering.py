"""Makes a copy of the audit database, changes one row in it, and checks the copy: what a forger would do."""

import asyncio
import subprocess
import sys

import asyncpg

from zhengshu_local.postgres import binary

COPY = "audit_tampered"
CHANGE = """
UPDATE leaves SET payload = replace(payload, '"specversion"', '"specversion "')
WHERE index = (SELECT min(index) FROM leaves WHERE payload IS NOT NULL)
"""


def tampered_copy(server: str, owner: str, *, log_key: str, witness_key: str) -> tuple[int, str]:
    """Return fsck's exit code and output on a copy with one row changed.

    `server` is the server's URL as its superuser, `owner` as the audit database's owner.
    """
    asyncio.run(_run(f"{server}/postgres", f"DROP DATABASE IF EXISTS {COPY}"))
    asyncio.run(_run(f"{server}/postgres", f"CREATE DATABASE {COPY} OWNER audit_owner"))
    _copy(f"{server}/audit", f"{server}/{COPY}")
    asyncio.run(_run(f"{server}/{COPY}", CHANGE))
    options = ["--database-url", f"{owner}/{COPY}"]
    options += ["--public-key", log_key, "--witness-key", witness_key]
    done = subprocess.run(
        [sys.executable, "-m", "zhengshu_audit", "fsck", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


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
