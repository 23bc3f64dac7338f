"""One gateway per module, before services that are not there; each test finds them fresh."""

import asyncio
from contextlib import suppress

import pytest
from support.gateway_harness import DATASET, furnish, world
from support.integrators import County, beating
from support.until import until
from zhengshu_contracts.policy import DatasetVersion, dataset_key, version_key

from .pages import PAGE, page


@pytest.fixture(scope="module")
async def standing(nats_server):
    await nats_server.provision()
    async with world(nats_server) as made:
        await furnish(made)
        beating = asyncio.create_task(beat(made))
        yield made
        beating.cancel()


async def _settled(made):
    """Whether every access that was let through has its ending on the stream."""
    records = [each["data"] for each in await made.records()]
    begun = {each["record"] for each in records if each.get("allowed")}
    return begun <= {each["record"] for each in records if "outcome" in each}


@pytest.fixture
async def node(standing):
    await until(lambda: _settled(standing), patience=20)
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


@pytest.fixture
async def hot(node):
    """Version 1.1 is known, and what was kept is forgotten."""
    node.parts.pages._kept.clear()
    node.parts.pages.size = 0
    node.parts.pipeline.versions._learned.clear()
    await node.put(version_key(DATASET), DatasetVersion(id=DATASET, epoch=1, version=1))
    node.services["catalog"].answers[PAGE] = page(1)
    yield node
    await node.put(version_key(DATASET), None)
    await node.put(dataset_key("sharing", DATASET), None)


@pytest.fixture(scope="module")
async def standing_county(nats_server):
    await nats_server.provision()
    async with world(nats_server) as made, beating(made):
        yield County(made)


@pytest.fixture
async def county(standing_county):
    await standing_county.restore()
    await standing_county.world.until(lambda: standing_county.world.parts.ready)
    return standing_county
