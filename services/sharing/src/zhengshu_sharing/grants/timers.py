"""What time alone does to grants."""

from datetime import datetime, timedelta

from zhengshu_chassis.workers import Worker

from zhengshu_sharing.grants import operations
from zhengshu_sharing.grants.notices import tell_expiring
from zhengshu_sharing.rounds import round_of
from zhengshu_sharing.settings import SharingSettings
from zhengshu_sharing.unit import Unit

BATCH = 100


def expiring(settings: SharingSettings) -> Worker:
    """Return the worker that tells holders some days ahead that their grants end."""

    async def find(unit: Unit, after: str, now: datetime) -> list[str]:
        soon = now + timedelta(days=settings.expiry_notice_days)
        return await unit.grants.ended(soon, after=after, limit=BATCH)

    async def do(unit: Unit, grant: str, now: datetime) -> None:
        await tell_expiring(unit, grant, now=now)

    return round_of(settings, "expiring", find, do)


def expiry(settings: SharingSettings) -> Worker:
    """Return the worker that ends grants whose period is over."""

    async def find(unit: Unit, after: str, now: datetime) -> list[str]:
        return await unit.grants.ended(now, after=after, limit=BATCH)

    async def do(unit: Unit, grant: str, now: datetime) -> None:
        await operations.expire(unit, grant, now=now)

    return round_of(settings, "expiry", find, do)
