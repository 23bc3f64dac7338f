"""More time for a clock: its party asks once, the competent department consents.

The caller owns the transaction.
"""

from datetime import datetime

from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.clocks import PERIODS, Term
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import (
    ClockExtensionDecided,
    ClockExtensionRequested,
    ExtensionDecision,
    ExtensionIn,
    NoticeKind,
)
from zhengshu_contracts.vocabulary import Outcome

from zhengshu_sharing.access import home
from zhengshu_sharing.clocks import operations
from zhengshu_sharing.clocks.domain import Clock, overdue
from zhengshu_sharing.clocks.errors import (
    ClockNotFound,
    ClockStopped,
    ExtensionAsked,
    ExtensionElsewhere,
    ExtensionNotAsked,
    ExtensionTooLate,
    ExtensionTooLong,
    OwnExtension,
)
from zhengshu_sharing.clocks.tables import ExtensionRow
from zhengshu_sharing.unit import Unit

OF_OPINIONS = frozenset({Term.REPLY_UNCONDITIONAL, Term.REPLY_CONDITIONAL})
"""The applicant is told of these: they are asked for and decided where the opinion is."""


async def request(
    unit: Unit, clock: str, wish: ExtensionIn, *, by: Principal, now: datetime
) -> Clock:
    """Take a party's wish for more time."""
    seen = await unit.clocks.get(clock)
    if seen is None or seen.party != home(by):
        raise ClockNotFound(clock)
    found = await _held(unit, clock)
    await ask(unit, found, wish, by=by, now=now)
    event = ClockExtensionRequested(**operations.about(found), days=wish.days)
    unit.outbox.add(event, aggregate=clock)
    return found


async def answer(
    unit: Unit, clock: str, decision: ExtensionDecision, *, by: Principal, now: datetime
) -> Clock:
    """Consent to more time, or not; the party is told."""
    changed, _ = await decide(unit, await _held(unit, clock), decision, by=by, now=now)
    told, outcome, due = operations.about(changed), decision.outcome, changed.due
    unit.outbox.add(ClockExtensionDecided(**told, outcome=outcome, due=due), aggregate=clock)
    kind, matter = NoticeKind.EXTENSION_DECIDED, changed.matter
    await unit.notices.tell(changed.party, kind, matter, at=now, term=changed.term, due=due)
    return changed


async def ask(unit: Unit, clock: Clock, wish: ExtensionIn, *, by: Principal, now: datetime) -> None:
    """Note a wish for more time: one, for a special reason, in time, within what the law allows."""
    if await unit.clocks.extension(clock.id):
        raise ExtensionAsked(f"{clock.matter} 的“{clock.term.label}”已申请过延期")
    most = PERIODS[clock.term].extension
    if wish.days > most:
        raise ExtensionTooLong(clock.term, most)
    if clock.due and overdue(clock, on=day_of(now)):
        raise ExtensionTooLate(clock.term, clock.due)
    await unit.clocks.ask(
        clock.id, days=wish.days, reason=wish.reason, asked_by=by.id, asked_at=now
    )


async def decide(
    unit: Unit, clock: Clock, decision: ExtensionDecision, *, by: Principal, now: datetime
) -> tuple[Clock, ExtensionRow]:
    """Add the days that were asked for, or not; return the clock and what was asked."""
    asked = await unit.clocks.extension(clock.id)
    if asked is None or asked.outcome is not None:
        raise ExtensionNotAsked(f"{clock.matter} 的“{clock.term.label}”没有待审核的延期申请")
    if by.answers_for(asked.asked_by):
        raise OwnExtension(f"{clock.matter} 的延期由本人申请")
    if decision.outcome is Outcome.AGREE:
        clock = await operations.extend(unit, clock, asked.days)
    await unit.clocks.decide(
        clock.id,
        outcome=decision.outcome.value,
        opinion=decision.opinion,
        decided_by=by.id,
        decided_at=now,
    )
    return clock, asked


async def _held(unit: Unit, clock: str) -> Clock:
    seen = await unit.clocks.get(clock)
    if seen is None:
        raise ClockNotFound(clock)
    if seen.term in OF_OPINIONS:
        raise ExtensionElsewhere(seen.matter)
    await unit.clocks.hold_matter(seen.matter)
    found = await unit.clocks.get(clock)
    if found is None or found.closed_on:
        raise ClockStopped(clock)
    return found
