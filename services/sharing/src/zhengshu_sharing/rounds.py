"""Rounds: what time alone brings about, thing by thing. Knows how a round is made, not what is done."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from zhengshu_chassis.resources import Resources
from zhengshu_chassis.workers import Worker, each

from zhengshu_sharing.settings import SharingSettings
from zhengshu_sharing.unit import Unit, units

Find = Callable[[Unit, str, datetime], Awaitable[list[str]]]
"""Returns the next batch after an id, in order of ids; none ends the round."""
Do = Callable[[Unit, str, datetime], Awaitable[object]]


def round_of(settings: SharingSettings, name: str, find: Find, do: Do) -> Worker:
    """Return the worker that does something to each thing that is found, one transaction each."""
    unit_of = units(settings)

    async def work(resources: Resources) -> None:
        now = datetime.now(UTC)

        async def one(thing: str) -> None:
            async with resources.database.sessions.begin() as session:
                await do(unit_of(session), thing, now)

        found, after = [""], ""
        while found:
            async with resources.database.reads.begin() as session:
                found = await find(unit_of(session), after, now)
            await each(name, found, one)
            after = found[-1] if found else ""

    return work
