"""Beginning and filing annual reports. The caller owns the transaction."""

from datetime import datetime

from zhengshu_chassis import ids
from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.clocks import Term
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import (
    AnnualReportFiled,
    AnnualReportOpened,
    AnnualReportStep,
    NoticeKind,
)

from zhengshu_sharing.annual.domain import Season
from zhengshu_sharing.annual.states import MACHINE
from zhengshu_sharing.clocks import operations as clocks
from zhengshu_sharing.matters import operations as matters
from zhengshu_sharing.matters.domain import Matter
from zhengshu_sharing.unit import Unit

BY_NOBODY = "system"
"""Whoever stands as the officer of what the year itself began."""
BATCH = 100


async def owing(unit: Unit, after: str, *, now: datetime) -> list[str]:
    """Return who owes a report of last year that is not begun, a batch of them."""
    season = Season.of(day_of(now))
    return await unit.annual.owing(season, after=after, limit=BATCH) if season else []


async def begin(unit: Unit, organization: str, *, now: datetime) -> None:
    """Let a department owe its report, and tell it until when."""
    season = Season.of(day_of(now))
    if season is None:
        return
    used = await unit.annual.used(organization, season)
    matter = Matter(
        id=ids.new(MACHINE.prefix),
        number=await unit.applications.number(MACHINE.paper, now),
        organization=organization,
        filed_by=BY_NOBODY,
        filed_at=now,
        state=MACHINE.start,
        body=used.model_dump(mode="json"),
    )
    await unit.matters.add(MACHINE.kind, matter)
    term = Term.ANNUAL_REPORT
    clock = await clocks.start(
        unit,
        term,
        matter.id,
        party=organization,
        now=now,
        received=season.begins,
        set_for=season.ends,
    )
    matters.announce(unit, AnnualReportOpened(**matters.about(matter), year=season.year))
    kind, due = NoticeKind.REPORT_OWED, clock.due
    await unit.notices.tell(organization, kind, matter.id, at=now, term=term, due=due)


async def step(
    unit: Unit, report: str, given: AnnualReportStep, *, by: Principal, now: datetime
) -> Matter:
    """Take a department's report."""
    filed = await matters.take(unit, MACHINE, report, given.move, given.opinion, by=by, now=now)
    matters.announce(unit, matters.moved(AnnualReportFiled, filed, given.move))
    return filed
