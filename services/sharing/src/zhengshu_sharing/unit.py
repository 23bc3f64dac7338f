"""What one operation may touch, and how requests, consumers and timers get it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.dispatch import Dispatches
from zhengshu_chassis.outbox import Outbox
from zhengshu_chassis.resources import Held
from zhengshu_chassis.transaction import Session

from zhengshu_sharing.annual.repository import AnnualReports
from zhengshu_sharing.applications.repository import Applications
from zhengshu_sharing.attachments.repository import Attachments
from zhengshu_sharing.clocks.repository import Clocks
from zhengshu_sharing.datasets.repository import Datasets
from zhengshu_sharing.forms.repository import Forms
from zhengshu_sharing.grants.repository import Grants
from zhengshu_sharing.matters.repository import Matters
from zhengshu_sharing.notices.repository import Notices
from zhengshu_sharing.opinions.repository import Opinions
from zhengshu_sharing.settings import SharingSettings
from zhengshu_sharing.usage.repository import Usage
from zhengshu_sharing.workdays import Calendar

SERVICE = "sharing"


@dataclass(frozen=True, slots=True)
class Unit:
    """One transaction's repositories, its outbox and dispatches, and the rules in force."""

    datasets: Datasets
    applications: Applications
    opinions: Opinions
    grants: Grants
    matters: Matters
    usage: Usage
    annual: AnnualReports
    attachments: Attachments
    forms: Forms
    clocks: Clocks
    notices: Notices
    outbox: Outbox
    dispatches: Dispatches
    settings: SharingSettings
    calendar: Calendar


def units(settings: SharingSettings) -> Callable[[AsyncSession], Unit]:
    """Return what makes a unit of a session."""
    days = calendar(settings.calendar_file)

    def unit(session: AsyncSession) -> Unit:
        return Unit(
            Datasets(session),
            Applications(session, settings.number_prefix),
            Opinions(session),
            Grants(session),
            Matters(session),
            Usage(session),
            AnnualReports(session),
            Attachments(session),
            Forms(session),
            Clocks(session),
            Notices(session),
            Outbox(session, SERVICE),
            Dispatches(session),
            settings,
            days,
        )

    return unit


@cache
def calendar(amendment: Path | None) -> Calendar:
    """Return the working-day calendar, read once per process."""
    announced = Calendar.announced()
    return announced.amended(amendment) if amendment else announced


async def _unit(session: Session, held: Held) -> Unit:
    return units(cast("SharingSettings", held.settings))(session)


InUnit = Annotated[Unit, Depends(_unit)]
