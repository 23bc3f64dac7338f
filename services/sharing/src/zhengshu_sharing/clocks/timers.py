"""What a new calendar does to clocks."""

from zhengshu_chassis.resources import Resources
from zhengshu_chassis.workers import Worker, each

from zhengshu_sharing.clocks import operations
from zhengshu_sharing.settings import SharingSettings
from zhengshu_sharing.unit import units


def recount(settings: SharingSettings) -> Worker:
    """Return the worker that counts clocks anew when the calendar has changed, one transaction each."""
    unit_of = units(settings)

    async def work(resources: Resources) -> None:
        async def recount(clock: str) -> None:
            async with resources.database.sessions.begin() as session:
                await operations.recount(unit_of(session), clock)

        found, after = [""], ""
        while found:
            async with resources.database.reads.begin() as session:
                found = await operations.outdated(unit_of(session), after)
            await each("clocks", found, recount)
            after = found[-1] if found else ""

    return work
