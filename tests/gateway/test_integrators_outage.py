"""Integrators while the gateway or NATS itself is away: nobody new comes in, nothing is lost."""

import asyncio

import pytest
from nats.errors import Error as NatsError
from support.gateway_harness import world
from support.integrators import TOWNS, County, beating, updated
from support.servers import running_nats
from zhengshu import events
from zhengshu_contracts.base import Envelope


@pytest.fixture
async def own_bus(tmp_path):
    with running_nats(tmp_path) as bus:
        await bus.provision()
        yield bus


async def test_while_no_gateway_runs_nobody_comes_in_and_who_is_in_stays(own_bus):
    async with world(own_bus) as made, beating(made):
        county = County(made)
        await county.restore()
        token = county.token("sys-reader")
        connection = await events.connect(own_bus.url, "sys-reader", token)
    with pytest.raises(NatsError):
        await events.connect(own_bus.url, "sys-reader", token)
    operator = await own_bus.connect()
    envelope = Envelope.wrap(updated(TOWNS, 1), source="catalog", about=TOWNS)
    await operator.jetstream().publish(envelope.type, envelope.model_dump_json().encode())
    deliveries = await events.Subscription(connection, "sys-reader").fetch()
    assert [each.event.id for each in deliveries] == [envelope.id]
    await connection.close()
    await operator.close()


async def test_nothing_is_missed_when_nats_restarts(own_bus):
    async with world(own_bus) as made, beating(made):
        county, heard = County(made), []
        await county.restore()

        async def listen():
            async for event in events.subscribe(
                own_bus.url, "sys-reader", lambda: county.token("sys-reader"), batch=3
            ):
                heard.append(event.data["version"])  # noqa: PERF401 - it never ends

        listening = asyncio.create_task(listen())
        await county.announce(TOWNS, 10)
        await made.until(lambda: len(heard) >= 4)
        await asyncio.to_thread(own_bus.server.process.kill)
        await asyncio.to_thread(own_bus.server.start)
        await made.until(lambda: made.operator.is_connected and made.parts.ready, 30)
        await county.announce(TOWNS, 10)
        await made.until(lambda: 20 in heard, 30)
        listening.cancel()
    assert sorted(set(heard)) == list(range(1, 21))
    assert first_seen(heard) == sorted(set(heard))


def first_seen(heard):
    """What came for the first time, in the order it came."""
    return list(dict.fromkeys(heard))
