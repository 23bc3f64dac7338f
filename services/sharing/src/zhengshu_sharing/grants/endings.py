"""Stops that providers announce, and what becomes of the data. The caller owns the transaction."""

from dataclasses import replace
from datetime import datetime

from zhengshu_contracts.beijing import day_of, end_of
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import (
    DisposalIn,
    GrantDisposed,
    NoticeKind,
    StopAnnounced,
    StopIn,
    UsageIn,
)
from zhengshu_contracts.vocabulary import UsageKind

from zhengshu_sharing.access import home
from zhengshu_sharing.clocks import operations as clocks
from zhengshu_sharing.grants import domain
from zhengshu_sharing.grants.domain import Grant, Stop
from zhengshu_sharing.grants.errors import DisposalInFuture, GrantNotFound
from zhengshu_sharing.grants.operations import about, locked, locked_own, save
from zhengshu_sharing.unit import Unit
from zhengshu_sharing.usage import operations as usage

FILED = "备"
"""What tells the numbers of filings from those of applications."""


async def announce_stop(
    unit: Unit, grant: str, given: StopIn, *, by: Principal, now: datetime
) -> Grant:
    """File a provider's stop and tell the holder ahead; the grant ends on that day by itself."""
    found = await locked(unit, grant, by=by)
    if found.provider != home(by):
        raise GrantNotFound(grant)
    stop = Stop(
        grant=grant,
        number=await unit.applications.number(FILED, now),
        reason=given.reason,
        consultation=given.consultation,
        ends=given.ends,
        announced_by=by.id,
        announced_at=now,
    )
    earliest = unit.calendar.due(day_of(now), unit.settings.stop_notice_days).on
    domain.announce_stop(found, stop, earliest=earliest)
    changed = replace(found, ends=min(found.ends, end_of(stop.ends)))
    await unit.grants.announce(stop)
    kind = NoticeKind.STOP_ANNOUNCED
    for told in (found.holder, await unit.datasets.competent()):  # told ahead, and filed with
        await unit.notices.tell(told, kind, grant, at=now, dataset=found.dataset, due=stop.ends)
    event = StopAnnounced(**about(changed), number=stop.number, ends=stop.ends)
    return await save(unit, changed, event)


async def dispose(
    unit: Unit, grant: str, given: DisposalIn, *, by: Principal, now: datetime
) -> Grant:
    """Record what the holder did with the data."""
    found = await locked_own(unit, grant, by=by)
    if given.on > day_of(now):
        raise DisposalInFuture(f"处置完成日期 {given.on} 在今天之后")
    changed = domain.dispose(found)
    await unit.grants.record_disposal(
        grant,
        method=given.method.value,
        note=given.note,
        on=given.on,
        recorded_by=by.id,
        recorded_at=now,
    )
    await clocks.stop(unit, grant, now=now)
    record = UsageIn(
        dataset=found.dataset,
        grant=grant,
        kind=UsageKind.DESTRUCTION,
        on=given.on,
        text=f"{given.method.label}:{given.note}"[:2000],
    )
    await usage.keep(
        unit, record, organization=found.holder, provider=found.provider, by=by.id, now=now
    )
    return await save(
        unit, changed, GrantDisposed(**about(changed), method=given.method, on=given.on)
    )
