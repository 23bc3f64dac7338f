"""What time alone does to grants."""

from datetime import UTC, datetime, timedelta

from zhengshu_chassis.resources import Resources
from zhengshu_chassis.workers import Worker, each

from zhengshu_sharing.grants import operations
from zhengshu_sharing.grants.notices import tell_expiring
from zhengshu_sharing.settings import SharingSettings
from zhengshu_sharing.unit import units

BATCH = 100


def expiring(settings: SharingSettings) -> Worker:
    """Return the worker that tells holders some days ahead that their grants end."""
    unit_of = units(settings)

    async def work(resources: Resources) -> None:
        now = datetime.now(UTC)
        soon = now + timedelta(days=settings.expiry_notice_days)

        async def tell(grant: str) -> None:
            async with resources.database.sessions.begin() as session:
                await tell_expiring(unit_of(session), grant, now=now)

        found, after = [""], ""
        while found:
            async with resources.database.reads.begin() as session:
                found = await unit_of(session).grants.ended(soon, after=after, limit=BATCH)
            await each("expiring", found, tell)
            after = found[-1] if found else ""

    return work


def expiry(settings: SharingSettings) -> Worker:
    """Return the worker that ends grants whose period is over, one transaction each."""
    unit_of = units(settings)

    async def work(resources: Resources) -> None:
        now = datetime.now(UTC)

        async def end(grant: str) -> None:
            async with resources.database.sessions.begin() as session:
                await operations.expire(unit_of(session), grant, now=now)

        found, after = [""], ""
        while found:
            async with resources.database.reads.begin() as session:
                found = await unit_of(session).grants.ended(now, after=after, limit=BATCH)
            await each("expiry", found, end)
            after = found[-1] if found else ""

    return work
