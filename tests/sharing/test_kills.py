"""Killed where a step commits: nothing half done, and the repeat has its effect once."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sharing.cast import Sharing, application, settings_of
from support.databases import Database
from zhengshu_local.processes import free_port


@asynccontextmanager
async def process(database: Database, sharing: Sharing, failpoint: str = "") -> AsyncIterator[Any]:
    """The real process beside the one in this test, on the same database."""
    settings = settings_of(database)
    port = free_port()
    values = {
        "PORT": str(port),
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "INTERNAL_KEY": settings.internal_key.get_secret_value(),
        "NATS_URL": settings.nats_url,
        "NATS_USER": settings.nats_user,
        "NATS_PASSWORD": settings.nats_password.get_secret_value(),
    }
    environment = {f"ZHENGSHU_SHARING_{name}": value for name, value in values.items()}
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "zhengshu_sharing",
        "serve",
        env=os.environ | environment | {"ZHENGSHU_FAILPOINTS": failpoint},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            await ready(http)
            yield running, Sharing(sharing.app, http, settings)
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()


async def ready(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(90):
        while True:
            try:
                if (await http.get("/health/live")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)


@pytest.mark.parametrize("failpoint", ["application.submitted", "decision.applied"])
async def test_a_repeat_has_its_effect_once(
    sharing: Sharing, shared: Database, failpoint: str
) -> None:
    case: dict[str, Any] = {}
    if failpoint == "decision.applied":
        case = await sharing.apply()
        await sharing.endorse(case["id"])

    async def step(service: Sharing) -> Any:
        if case:
            part = case["parts"][0]["id"]
            return await service.callback("decision", part, again="c", outcome="agree")
        return (await service.submit(application(), Idempotency_Key="k")).json()["number"][-8:]

    async with process(shared, sharing, failpoint) as (running, service):
        with pytest.raises(httpx.TransportError):
            await step(service)
        assert await running.wait() == -signal.SIGKILL
    before = ["application.submitted", "application.endorsed"] if case else []
    assert await sharing.subjects() == before
    async with process(shared, sharing) as (_, service):
        once = await step(service)
        again = await step(service)
    assert (once, again) == (("applied", "no-effect") if case else ("000001 号", "000001 号"))
    gained = ["application.forwarded", "grant.activated"] if case else ["application.submitted"]
    assert await sharing.subjects() == before + gained
