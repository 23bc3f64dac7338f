"""What time alone does to usage records."""

from zhengshu_chassis.resources import Resources
from zhengshu_chassis.workers import Worker

from zhengshu_sharing.settings import SharingSettings
from zhengshu_sharing.unit import units
from zhengshu_sharing.usage import operations


def purge(settings: SharingSettings) -> Worker:
    """Return the worker that drops records which were kept long enough."""
    unit_of = units(settings)

    async def work(resources: Resources) -> None:
        async with resources.database.sessions.begin() as session:
            await operations.purge(unit_of(session))

    return work
