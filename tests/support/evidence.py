"""What a node holds, read past its services: databases as superuser, streams and buckets as operator.

Knows tables and subjects, compares nothing (see `reckoning`).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

import asyncpg
import nats
from nats.js import api
from zhengshu_contracts.policy import BUCKET
from zhengshu_local.node import Node

SERVICES = ("catalog", "sharing", "opening", "audit")
SHARED = ("outbox", "inbox", "dispatches", "dead_letters")
OWN = {
    "catalog": ("entries", "datasets", "batches"),
    "sharing": ("datasets", "grants", "parts"),
    "opening": ("datasets", "listings", "builds"),
    "audit": ("leaves", "checkpoints", "countersignatures", "open_accesses"),
    "commission": ("filings", "callbacks", "holdings", "held_rows"),
}
Row = dict[str, Any]


class Message(NamedTuple):
    """One message of a stream."""

    subject: str
    id: str
    deleted: bool
    data: bytes

    @property
    def event(self) -> dict[str, Any]:
        """The CloudEvent it carries."""
        found: dict[str, Any] = json.loads(self.data)
        return found


@dataclass
class Evidence:
    """Everything there is to compare."""

    tables: dict[str, dict[str, list[Row]]]
    """Database -> table -> rows."""
    rows: dict[str, list[Row]]
    """Dataset -> the rows in its own typed table."""
    events: list[Message]
    policy: dict[str, Message]
    """Key of the policy bucket -> its newest message."""
    access_left: int
    filters: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """Stream and durable consumer -> what it is to receive."""

    def table(self, database: str, name: str) -> list[Row]:
        """Return a table's rows."""
        return self.tables[database][name]


def wait_for(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end from a test that blocks, on a loop of its own."""
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, work).result()


@asynccontextmanager
async def databases(node: Node) -> AsyncIterator[dict[str, Any]]:
    """Connect to every database as its superuser."""
    server = node.postgres.url().rsplit("/", 1)[0]
    async with AsyncExitStack() as stack:
        found = {}
        for name in OWN:
            found[name] = await asyncpg.connect(f"{server}/{name}", timeout=10)
            stack.push_async_callback(found[name].close)
            for kind in ("json", "jsonb"):
                await found[name].set_type_codec(
                    kind, encoder=json.dumps, decoder=_json, schema="pg_catalog"
                )
        yield found


@asynccontextmanager
async def streams(node: Node) -> AsyncIterator[Any]:
    """Connect to JetStream as the operator."""
    password = node.secrets("nats", "operator")
    client = await nats.connect(node.nats.url, user="operator", password=password)
    try:
        yield client.jetstream()
    finally:
        await client.close()


async def gather(node: Node) -> Evidence:
    """Read everything; nothing may be under way meanwhile (see `quiet`)."""
    async with databases(node) as connections, streams(node) as js:
        tables = {name: await _tables(name, one) for name, one in connections.items()}
        rows = {
            dataset["id"]: await _rows(connections["catalog"], dataset["id"])
            for dataset in tables["catalog"]["datasets"]
        }
        found = Evidence(
            tables=tables,
            rows=rows,
            events=[each async for each in _messages(js, "EVENTS")],
            policy={each.subject: each async for each in _messages(js, f"KV_{BUCKET}")},
            access_left=(await js.stream_info("ACCESS")).state.messages,
        )
        for stream in ("EVENTS", "ACCESS"):
            for info in await js.consumers_info(stream):
                config = info.config
                subjects = config.filter_subjects or [config.filter_subject]
                found.filters[stream, info.name] = [each for each in subjects if each]
        return found


async def _tables(database: str, connection: Any) -> dict[str, list[Row]]:
    names = OWN[database] + (SHARED if database in SERVICES else ())
    return {
        name: [dict(row) for row in await connection.fetch(f"SELECT * FROM {name}")]
        for name in names
    }


async def _rows(connection: Any, dataset: str) -> list[Row]:
    table = f'rows."d_{dataset.replace("-", "_")}"'
    found = await connection.fetch(f"SELECT to_jsonb(t) AS row FROM {table} t")
    return [{k: v for k, v in each["row"].items() if not k.startswith("_")} for each in found]


async def _messages(js: Any, stream: str) -> AsyncIterator[Message]:
    """Yield what a stream holds, in order; of a bucket each key's newest."""
    newest = stream.startswith("KV_")
    config = api.ConsumerConfig(
        deliver_policy=api.DeliverPolicy.LAST_PER_SUBJECT if newest else api.DeliverPolicy.ALL,
        ack_policy=api.AckPolicy.NONE,
        filter_subject=">",
        inactive_threshold=30,
    )
    info = await js.add_consumer(stream, config)
    reader, left = await js.pull_subscribe_bind(info.name, stream), info.num_pending
    while left > 0:
        for message in await reader.fetch(min(left, 500), timeout=10):
            left -= 1
            headers = message.headers or {}
            deleted = headers.get("KV-Operation") in {"DEL", "PURGE"}
            yield Message(message.subject, headers.get("Nats-Msg-Id", ""), deleted, message.data)
    await js.delete_consumer(stream, info.name)


def _json(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)
