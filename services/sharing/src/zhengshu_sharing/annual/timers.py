"""What a new year asks of departments."""

from datetime import datetime

from zhengshu_chassis.workers import Worker

from zhengshu_sharing.annual import operations
from zhengshu_sharing.rounds import round_of
from zhengshu_sharing.settings import SharingSettings
from zhengshu_sharing.unit import Unit


def season(settings: SharingSettings) -> Worker:
    """Return the worker that lets departments owe their reports of the year before."""

    async def find(unit: Unit, after: str, now: datetime) -> list[str]:
        return await operations.owing(unit, after, now=now)

    async def do(unit: Unit, organization: str, now: datetime) -> None:
        await operations.begin(unit, organization, now=now)

    return round_of(settings, "annual", find, do)
