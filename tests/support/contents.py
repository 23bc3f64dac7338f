"""All a node keeps, as fingerprints: every row of every table, every event, every policy record."""

import hashlib
from typing import Any

from support.evidence import databases, gather, wait_for
from zhengshu_local.node import Node

TABLES = (
    "SELECT schemaname, tablename FROM pg_tables"
    " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
)


def contents(node: Node) -> dict[str, set[str]]:
    """Return the fingerprints of what lies in each place."""
    found: dict[str, set[str]] = wait_for(_contents(node))
    return found


async def _contents(node: Node) -> dict[str, set[str]]:
    held = await gather(node)
    found = {
        "EVENTS": {message.id for message in held.events},
        "policy": {
            _fingerprint(f"{subject} {message.data!r}")
            for subject, message in held.policy.items()
            if not subject.endswith(".heartbeat")
        },
    }
    async with databases(node) as connections:
        for database, connection in connections.items():
            for schema, table in await connection.fetch(TABLES):
                found[f"{database} {schema}.{table}"] = await _rows(connection, schema, table)
    return found


async def _rows(connection: Any, schema: str, table: str) -> set[str]:
    rows = await connection.fetch(f'SELECT t::text AS row FROM {schema}."{table}" t')
    return {_fingerprint(each["row"]) for each in rows}


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
