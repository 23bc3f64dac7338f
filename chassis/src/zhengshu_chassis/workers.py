"""Background work: each worker runs for ever, and is started again when it crashes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from zhengshu_chassis import dispatch, idempotency, inbox, outbox
from zhengshu_chassis.consumers import Consumer, Consumers
from zhengshu_chassis.db import plain_url
from zhengshu_chassis.leader import Lead, leading
from zhengshu_chassis.resources import Resources
from zhengshu_chassis.settings import DatabaseSettings, ProcessSettings, ServiceSettings
from zhengshu_chassis.telemetry import WORKER_FAILURES, continue_trace, log

Worker = Callable[[Resources], Awaitable[None]]
Run = Callable[[], Awaitable[None]]
HOUR = 3600.0
LONGEST_PAUSE = 30.0
HEALTHY = 60.0
"""A worker that ran this long begins again with the shortest pause."""


async def supervise(name: str, run: Run) -> None:
    """Run a worker for ever; after a crash, again with growing pauses."""
    pause = 0.5
    while True:
        started = time.monotonic()
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - a worker's crash must not take the others along
            WORKER_FAILURES.labels(name).inc()
            log.error("worker.crashed", worker=name, pause=pause, exc_info=error)
        pause = 0.5 if time.monotonic() - started > HEALTHY else min(pause * 2, LONGEST_PAUSE)
        await asyncio.sleep(pause)


def every(seconds: float, action: Worker) -> Worker:
    """Return a worker that does something at intervals, beginning at once."""

    async def repeat(resources: Resources) -> None:
        while True:
            continue_trace(None)
            await action(resources)
            await asyncio.sleep(seconds)

    return repeat


async def run_alone(
    resources: Resources,
    *,
    consumers: Consumers[object] | None,
    heartbeat: bool,
    workers: Mapping[str, Worker],
) -> None:
    """Lead on this database and run everything that must run once: relay, offers, consumers, workers."""
    async with leading(database_url(resources.settings), resources.name) as lead:
        log.info("work.began")
        runs: dict[str, Run] = {name: partial(work, resources) for name, work in workers.items()}
        if resources.has_bus:
            runs |= await _standing(resources, lead, heartbeat=heartbeat)
            runs |= _consuming(resources, consumers)
        async with asyncio.TaskGroup() as group:
            group.create_task(lead.until_lost())
            for name, run in runs.items():
                group.create_task(supervise(name, run), name=name)


def database_url(settings: ProcessSettings) -> str:
    """Return the serving role's URL as asyncpg takes it."""
    if not isinstance(settings, DatabaseSettings):
        raise TypeError("these settings name no database")
    return plain_url(settings.database_url)


async def _standing(resources: Resources, lead: Lead, *, heartbeat: bool) -> dict[str, Run]:
    """Return what every service with database and NATS does."""
    settings = resources.settings
    writer = resources.name if heartbeat else None
    wake = await lead.listen(outbox.CHANNEL)
    due = await lead.listen(dispatch.CHANNEL)
    ceiling = settings.offer_ceiling if isinstance(settings, ServiceSettings) else 60.0
    relay = outbox.Relay(lead.connection, wake, resources.bus, heartbeat=writer)
    offer = partial(
        dispatch.offer_for_ever,
        resources.name,
        resources.database,
        resources.bus,
        due,
        ceiling=ceiling,
    )
    return {"relay": relay.run, "offers": offer, "sweep": partial(_sweep, resources)}


def _consuming(resources: Resources, consumers: Consumers[object] | None) -> dict[str, Run]:
    if consumers is None:
        return {}
    return {
        f"consumer-{stream}": Consumer(
            consumers, stream, database=resources.database, bus=resources.bus
        ).run
        for stream in consumers.streams()
    }


async def _sweep(resources: Resources) -> None:
    """Forget what has been kept long enough, every hour."""
    while True:
        for forget in (outbox.forget, inbox.forget, idempotency.forget):
            async with resources.database.engine.begin() as connection:
                raw = await connection.get_raw_connection()
                await forget(raw.driver_connection)
        await asyncio.sleep(HOUR)
