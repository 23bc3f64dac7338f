"""Who is slow, or sends too much, holds up its own like only: everything else finds its connections free."""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest
from catalog.aggregation_harness import Dataset, dataset, system, town
from catalog.harness import Catalog, identity, officer
from support.until import until
from zhengshu_catalog.aggregation import push_api, reader
from zhengshu_catalog.aggregation.direct import LARGEST_QUESTION
from zhengshu_contracts.identity import View
from zhengshu_contracts.roles import Action

A = "350123001"


@pytest.fixture
async def towns(catalog: Catalog) -> Dataset:
    made = await dataset(catalog)
    await made.pushed([town(A)], "append")
    return made


async def test_exports_that_nobody_reads_leave_pages_their_connections(towns: Dataset):
    reading = towns.catalog.http._transport.app.state.resources.extra[reader.NAME]
    async with AsyncExitStack() as held:
        for _ in range(reader.STREAMS):
            await held.enter_async_context(reading.snapshot(towns.id))
        assert (await towns.read()).status_code == 200


async def test_pushes_that_never_end_leave_everybody_else_theirs(catalog: Catalog):
    go_on, reading = asyncio.Event(), []

    async def body():
        yield f"[{json.dumps(town(A))}".encode()
        reading.append(1)
        await go_on.wait()
        yield b"]"

    waiting = []
    for _ in range(push_api.AT_ONCE):
        made = await dataset(catalog)
        headers = identity(system(), Action.DATASET_PUSH, dataset=made.id)
        path = f"/v1/datasets/{made.id}/batches?mode=upsert"
        sending = catalog.http.post(
            path, content=body(), headers=headers | {"Content-Type": "application/json"}
        )
        waiting.append(asyncio.create_task(sending))
    await until(lambda: len(reading) == push_api.AT_ONCE)
    told = await asyncio.wait_for(catalog.send("GET", "/v1/entries", by=officer()), 3)
    assert told.status_code == 200
    go_on.set()
    assert {each.status_code for each in await asyncio.gather(*waiting)} == {201}


async def test_a_question_of_verification_has_a_largest_size(towns: Dataset):
    read = []

    async def body():
        for _ in range(100):
            read.append(1)
            yield b" " * LARGEST_QUESTION

    headers = identity(
        system(),
        Action.DATASET_VERIFY,
        dataset=towns.id,
        view=View(columns=("code", "name"), key=("code",)),
    )
    path = f"/v1/datasets/{towns.id}/verification"
    refused = await towns.catalog.http.post(path, content=body(), headers=headers)
    assert (refused.status_code, len(read)) == (413, 2)
    assert refused.headers["content-type"] == "application/problem+json"
