"""What runs once per database: relay, offers, consumers, a service's own workers, the sweep."""

import asyncio
from collections.abc import Mapping
from functools import partial

from zhengshu_chassis import dispatch, idempotency, inbox, outbox, parked
from zhengshu_chassis.consumers import Consumer, Consumers
from zhengshu_chassis.db import plain_url
from zhengshu_chassis.leader import Lead, leading
from zhengshu_chassis.resources import Resources
from zhengshu_chassis.settings import DatabaseSettings, ProcessSettings, ServiceSettings
from zhengshu_chassis.supervision import Run, Worker, each, every, supervise
from zhengshu_chassis.telemetry import log

__all__ = ["Worker", "each", "every", "run_alone", "supervise"]

HOUR = 3600.0


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
        tasks = {asyncio.create_task(supervise(name, run), name=name) for name, run in runs.items()}
        try:
            await lead.until_lost()
        finally:
            await end(tasks)


async def end(tasks: set[asyncio.Task[None]]) -> None:
    """Cancel until all have ended, for whoever runs on would keep anybody from ever leading again.

    Once is not enough: Python 3.11's wait_for loses a cancellation that meets a result.
    """
    while pending := {task for task in tasks if not task.done()}:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=0.5)


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
    return {
        "relay": relay.run,
        "offers": offer,
        "sweep": partial(_sweep, resources),
        "parked": partial(parked.count_for_ever, resources.database),
    }


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
