"""A process killed during a push leaves all of it or nothing, and a repeat ends the same."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress

import httpx
import pytest
from catalog.aggregation_harness import Dataset, dataset, town
from catalog.harness import Catalog, identity
from catalog.samples import system
from pydantic import SecretStr
from support.until import until
from zhengshu_contracts.roles import Action
from zhengshu_local.processes import free_port

A = "350123001"


@contextmanager
def process(catalog: Catalog, failpoint: str, mode: str = "serve"):
    """Run catalog as a process of its own, which kills itself at a failpoint."""
    port = free_port()
    given = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in catalog.settings
        if value is not None
    } | {"port": str(port)}
    environment = {f"ZHENGSHU_CATALOG_{name.upper()}": value for name, value in given.items()}
    running = subprocess.Popen(
        [sys.executable, "-m", "zhengshu_catalog", mode],
        env=os.environ | environment | {"ZHENGSHU_FAILPOINTS": failpoint},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield running, f"http://127.0.0.1:{port}"
    finally:
        running.kill()
        running.wait()


async def ready(http: httpx.AsyncClient) -> None:
    for _ in range(600):
        try:
            if (await http.get("/health/live")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.1)
    pytest.fail("the process did not start")


@pytest.fixture
async def towns(catalog: Catalog) -> Dataset:
    return await dataset(catalog)


@pytest.mark.parametrize(
    ("failpoint", "kept"), [("push.staged", 0), ("push.committing", 0), ("push.committed", 1)]
)
async def test_killed_at(towns: Dataset, failpoint: str, kept: int):
    headers = identity(system(), Action.DATASET_PUSH, dataset=towns.id)
    headers |= {"Content-Type": "application/json", "Idempotency-Key": "k1"}
    with process(towns.catalog, failpoint) as (running, base):
        async with httpx.AsyncClient(base_url=base, timeout=20) as http:
            await ready(http)
            with pytest.raises(httpx.TransportError):
                await http.post(
                    f"/v1/datasets/{towns.id}/batches?mode=append",
                    content=json.dumps([town(A)]),
                    headers=headers,
                )
        assert running.wait(timeout=20) == -signal.SIGKILL
    database = towns.catalog.database
    assert len(await towns.stored()) == kept
    assert len(await towns.events()) == kept
    for table in ("batches", "idempotency WHERE key = 'k1'"):
        assert await database.fetchval(f"SELECT count(*) FROM {table}") == kept
    assert await database.fetchval("SELECT version FROM datasets") == kept
    for _ in range(2):
        outcome = await towns.pushed([town(A)], "append", Idempotency_Key="k1")
        assert (outcome["version"], outcome["inserted"]) == ("1.1", 1)
    assert len(await towns.events()) == 1


@pytest.mark.parametrize(
    ("failpoint", "kept"), [("later.kept", 0), ("later.committing", 0), ("later.committed", 1)]
)
async def test_killed_while_it_is_taken_later(towns: Dataset, tmp_path, failpoint: str, kept: int):
    catalog = towns.catalog
    store = {"store_url": f"file://{tmp_path}/store", "mode": "all"}
    catalog.settings = catalog.settings.model_copy(update=store)
    headers = identity(system(), Action.DATASET_PUSH, dataset=towns.id)
    headers |= {
        "Content-Type": "application/json",
        "Idempotency-Key": "k1",
        "Prefer": "respond-async",
    }
    path, body = f"/v1/datasets/{towns.id}/batches?mode=append", json.dumps([town(A)])

    async def push(base: str) -> None:
        async with httpx.AsyncClient(base_url=base, timeout=20) as http:
            await ready(http)
            token = identity(system(), Action.DATASET_PUSH, dataset=towns.id)
            sent = {**headers, **token, "Prefer": "respond-async"}
            answer = await http.post(path, content=body, headers=sent)
            assert answer.status_code == 202, answer.text

    with process(catalog, failpoint, "all") as (running, base):
        with suppress(httpx.TransportError):
            await push(base)
        assert running.wait(timeout=20) == -signal.SIGKILL
    assert len(await towns.stored()) == kept
    with process(catalog, "", "all") as (_, base):
        await push(base)  # the same key: kept once, whether or not it was before
        await until(towns.stored, patience=20)
    assert len(await towns.stored()) == 1
    assert await catalog.database.fetchval("SELECT count(*) FROM batches") == 1
    assert await catalog.database.fetchval("SELECT state FROM pushes") == "done"
