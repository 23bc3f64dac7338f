"""What a new calendar does to clocks."""

from zhengshu_chassis.resources import Resources
from zhengshu_chassis.workers import Worker

from zhengshu_sharing.clocks import operations
from zhengshu_sharing.settings import SharingSettings
from zhengshu_sharing.unit import units


def recount(settings: SharingSettings) -> Worker:
    """Return the worker that computes running clocks anew when the calendar has changed."""
    unit_of = units(settings)

    async def work(resources: Resources) -> None:
        left = operations.BATCH
        while left == operations.BATCH:
            async with resources.database.sessions.begin() as session:
                left = await operations.recount(unit_of(session))

    return work
