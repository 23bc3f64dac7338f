"""What a new calendar does to clocks, and what a day that passes."""

from datetime import datetime

from zhengshu_chassis.workers import Worker

from zhengshu_sharing.clocks import operations
from zhengshu_sharing.rounds import round_of
from zhengshu_sharing.settings import SharingSettings
from zhengshu_sharing.unit import Unit


def recount(settings: SharingSettings) -> Worker:
    """Return the worker that counts clocks anew when the calendar has changed."""

    async def find(unit: Unit, after: str, _now: datetime) -> list[str]:
        return await operations.outdated(unit, after)

    async def do(unit: Unit, clock: str, _now: datetime) -> None:
        await operations.recount(unit, clock)

    return round_of(settings, "clocks", find, do)


def remind(settings: SharingSettings) -> Worker:
    """Return the worker that tells parties how far their clocks have come."""

    async def find(unit: Unit, after: str, now: datetime) -> list[str]:
        return await operations.untold(unit, after, now=now)

    async def do(unit: Unit, clock: str, now: datetime) -> None:
        await operations.remind(unit, clock, now=now)

    return round_of(settings, "reminders", find, do)
