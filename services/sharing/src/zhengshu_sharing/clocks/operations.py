"""Starting and stopping clocks; every change is announced, so that others can watch them.

The caller owns the transaction and holds what the clock is about.
"""

from collections.abc import Callable
from datetime import date, datetime

from zhengshu_chassis import ids
from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.clocks import PERIODS, Term, days_of
from zhengshu_contracts.sharing import (
    ClockClosed,
    ClockEvent,
    ClockMissed,
    ClockMoved,
    ClockOpened,
    ClockPaused,
    ClockResumed,
    NoticeKind,
)

from zhengshu_sharing.clocks import domain
from zhengshu_sharing.clocks.domain import Clock, Mark
from zhengshu_sharing.unit import Unit
from zhengshu_sharing.workdays import version_of

BATCH = 200


async def start(
    unit: Unit,
    term: Term,
    matter: str,
    *,
    party: str,
    now: datetime,
    case: str | None = None,
    received: date | None = None,
    set_for: date | None = None,
) -> Clock:
    """Open a clock for a party that has something to do from now on, or since the day it was `received`."""
    clock = Clock(
        id=ids.new("k"),
        term=term,
        matter=matter,
        case=case or matter,
        party=party,
        received=received or day_of(now),
        days=days_of(term, unit.settings.terms),
        set_for=set_for,
    )
    counted = domain.counted(clock, unit.calendar)
    await unit.clocks.add(counted)
    basis = PERIODS[term].basis
    event = ClockOpened(**about(counted), **_when(counted), basis=basis.value if basis else None)
    unit.outbox.add(event, aggregate=counted.id)
    return counted


async def pause(unit: Unit, matter: str, *, now: datetime, term: Term | None = None) -> None:
    """Let a matter's clocks, or its one of a term, stand still while somebody else has to act."""
    await _each(unit, matter, term, lambda clock: domain.pause(clock, on=day_of(now)), _paused)


async def resume(unit: Unit, matter: str, *, now: datetime, term: Term | None = None) -> None:
    """Let a matter's clocks run on."""
    await _each(unit, matter, term, lambda clock: domain.resume(clock, on=day_of(now)), _resumed)


async def restart(unit: Unit, matter: str, *, now: datetime) -> None:
    """Let a matter's clocks begin anew."""
    for clock in await unit.clocks.running(matter):
        await stop(unit, matter, now=now)
        await start(unit, clock.term, matter, party=clock.party, now=now, case=clock.case)


async def stop(unit: Unit, matter: str, *, now: datetime, term: Term | None = None) -> None:
    """Close a matter's clocks: what they waited for is done, or no longer awaited."""
    for clock in await unit.clocks.running(matter, term):
        closed = domain.close(clock, unit.calendar, on=day_of(now))
        await unit.clocks.save(closed)
        event = ClockClosed(**about(closed), on=day_of(now), late=closed.late)
        unit.outbox.add(event, aggregate=closed.id)


async def extend(unit: Unit, clock: Clock, days: int) -> Clock:
    """Add working days to a clock."""
    return await _keep(unit, domain.extend(clock, days), _moved("extension"))


async def outdated(unit: Unit, after: str) -> list[str]:
    """Return running clocks that were computed with another calendar, a batch of them."""
    return await unit.clocks.outdated(version_of(unit.calendar), after=after, limit=BATCH)


async def recount(unit: Unit, clock: str) -> None:
    """Compute a running clock anew with today's calendar."""
    found = await unit.clocks.hold(clock)
    if found is None or found.calendar == version_of(unit.calendar):
        return
    counted = domain.counted(found, unit.calendar)
    await unit.clocks.save(counted)
    if (counted.due, counted.provisional) != (found.due, found.provisional):
        unit.outbox.add(_moved("calendar")(counted), aggregate=counted.id)


async def untold(unit: Unit, after: str, *, now: datetime) -> list[str]:
    """Return clocks of whose mark their party is still to be told, a batch of them."""
    more = True
    while more:
        found, more = await unit.clocks.page(
            None, term=None, due_by=None, after=after or None, limit=BATCH
        )
        waiting = [one.id for one in found if _told(unit, one, now=now)[1]]
        if waiting:
            return waiting
        after = found[-1].id if found else after
    return []


async def remind(unit: Unit, clock: str, *, now: datetime) -> None:
    """Tell a clock's party how far it has come; of a missed one the competent department too."""
    found = await unit.clocks.hold(clock)
    told, mark = _told(unit, found, now=now) if found else (None, None)
    if told is None or mark is None:
        return
    await unit.clocks.save(told)
    parties = {told.party}
    if mark is Mark.MISSED:
        parties.add(await unit.datasets.competent())
        unit.outbox.add(ClockMissed(**about(told), due=told.due), aggregate=told.id)
    for party in sorted(parties):
        kind = NoticeKind(f"clock_{mark}")
        await unit.notices.tell(party, kind, told.matter, at=now, term=told.term, due=told.due)


def _told(unit: Unit, clock: Clock, *, now: datetime) -> tuple[Clock, Mark | None]:
    return domain.tell(clock, unit.calendar, on=day_of(now))


async def _each(
    unit: Unit,
    matter: str,
    term: Term | None,
    change: Callable[[Clock], Clock],
    tell: Callable[[Clock], ClockEvent],
) -> None:
    for clock in await unit.clocks.running(matter, term):
        changed = change(clock)
        if changed is not clock:
            await _keep(unit, changed, tell)


async def _keep(unit: Unit, clock: Clock, tell: Callable[[Clock], ClockEvent]) -> Clock:
    counted = domain.counted(clock, unit.calendar)
    await unit.clocks.save(counted)
    unit.outbox.add(tell(counted), aggregate=counted.id)
    return counted


def _paused(clock: Clock) -> ClockPaused:
    return ClockPaused(**about(clock))


def _resumed(clock: Clock) -> ClockResumed:
    return ClockResumed(**about(clock), **_when(clock))


def _moved(why: str) -> Callable[[Clock], ClockMoved]:
    return lambda clock: ClockMoved(**about(clock), **_when(clock), why=why)


def about(clock: Clock) -> dict[str, str]:
    """Return what every event about a clock says."""
    return {"clock": clock.id, "term": clock.term, "matter": clock.matter, "party": clock.party}


def _when(clock: Clock) -> dict[str, object]:
    return {"due": clock.due, "provisional": clock.provisional}
