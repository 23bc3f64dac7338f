"""One gateway per module, before services that are not there; each test finds them fresh."""

import asyncio
from contextlib import suppress

import pytest
from support.gateway_harness import furnish, world


@pytest.fixture(scope="module")
async def standing(nats_server):
    await nats_server.provision()
    async with world(nats_server) as made:
        await furnish(made)
        beating = asyncio.create_task(beat(made))
        yield made
        beating.cancel()


@pytest.fixture
async def node(standing):
    for service in standing.services.values():
        service.seen.clear()
        service.answers.clear()
    await standing.operator.jetstream().purge_stream("ACCESS")
    return standing


async def beat(made):
    while True:
        with suppress(Exception):
            await made.beat()
        await asyncio.sleep(0.5)
