"""What catalog commits arrives on NATS: events in order, the gateway's records, the heartbeat."""

import asyncio
from contextlib import asynccontextmanager

import asyncpg
import orjson
import pytest
from catalog.harness import ADMINISTRATOR, ORGANIZATIONS, Catalog, open_door, settings
from nats.js.errors import KeyNotFoundError
from zhengshu_catalog.main import build
from zhengshu_contracts.policy import dataset_key, heartbeat_key


@asynccontextmanager
async def running(database, bus):
    made = await database("catalog")
    connection = await asyncpg.connect(made.superuser_url)
    given = settings(made.url, mode="all", **bus.settings("catalog"))
    app = build(given)
    async with app.router.lifespan_context(app), open_door(app) as http:
        yield Catalog(http, connection, given)
    await connection.close()


async def until(read, *, seconds: float = 10):
    async with asyncio.timeout(seconds):
        while True:
            try:
                return orjson.loads((await read()).value)
            except KeyNotFoundError:
                await asyncio.sleep(0.05)


@pytest.mark.timeout(60)
async def test_a_published_entry_reaches_the_stream_and_the_gateways_bucket(database, bus):
    reader = await bus.connect()
    stream = reader.jetstream()
    policy = await stream.key_value("policy")
    async with running(database, bus) as catalog:
        for code, name, kind in ORGANIZATIONS:
            body = {"code": code, "name": name, "kind": kind}
            await catalog.done("POST", "/v1/organizations", body, by=ADMINISTRATOR)
        entry = await catalog.published()
        record = await until(lambda: policy.get(dataset_key("catalog", entry)))
        assert (record["id"], record["state"]) == (entry, "published")
        beat = await until(lambda: policy.get(heartbeat_key("catalog")))
        assert beat["writer"] == "catalog"
        subscription = await stream.pull_subscribe("zhengshu.catalog.entry.>", stream="EVENTS")
        messages = await subscription.fetch(2, timeout=5)
        subjects = [message.subject for message in messages]
    await reader.close()
    assert subjects == [
        "zhengshu.catalog.entry.submitted.v1",
        "zhengshu.catalog.entry.published.v1",
    ]
