"""Background work: each worker runs for ever, and is started again when it crashes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from zhengshu_chassis.resources import Resources
from zhengshu_chassis.telemetry import THINGS_PASSED_OVER, WORKER_FAILURES, continue_trace, log

Worker = Callable[[Resources], Awaitable[None]]
Run = Callable[[], Awaitable[None]]
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


async def each(
    worker: str, things: Iterable[str], see_to: Callable[[str], Awaitable[object]]
) -> None:
    """See to one thing after another; one that fails is told of and passed over: the next need not wait."""
    for thing in things:
        try:
            await see_to(thing)
        except Exception as error:  # noqa: BLE001 - one thing must not stop the others
            THINGS_PASSED_OVER.labels(worker).inc()
            log.error("worker.passed-over", worker=worker, thing=thing, exc_info=error)


def every(seconds: float, action: Worker) -> Worker:
    """Return a worker that does something at intervals, beginning at once."""

    async def repeat(resources: Resources) -> None:
        while True:
            continue_trace(None)
            await action(resources)
            await asyncio.sleep(seconds)

    return repeat
