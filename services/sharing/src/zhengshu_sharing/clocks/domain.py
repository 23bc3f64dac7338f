"""A clock: opened, paused, resumed, extended, closed. Knows the calendar, no SQL, no HTTP.

Its due day is computed from what happened, never moved by hand, so that a calendar that arrives later
gives the same answer as one that was known from the start.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from zhengshu_contracts.clocks import PERIODS, Term

from zhengshu_sharing.clocks.errors import ExtensionTooLong
from zhengshu_sharing.workdays import Calendar, Due, Span, version_of


class Mark(StrEnum):
    """How far a clock has come, as its party is told."""

    HALF = "half"
    NEAR = "near"
    MISSED = "missed"


SHARES = ((Mark.NEAR, 80), (Mark.HALF, 50))
"""Per cent of the working days that are over at each mark."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One period that one party has for one matter."""

    id: str
    term: Term
    matter: str
    """What it is about: an application, opinion, grant, correction, …"""
    case: str
    """The case the matter belongs to; a matter without one is its own."""
    party: str
    """The organisation that has to act."""
    received: date
    days: int
    extended: int = 0
    set_for: date | None = None
    """The day somebody entitled to set it wants it by; the days are the most there are."""
    stood: tuple[Span, ...] = ()
    paused_on: date | None = None
    closed_on: date | None = None
    due: date | None = None
    provisional: bool = False
    calendar: str = ""
    """Version of the calendar that `due` was computed with."""
    told: str = ""
    """The last mark that its party was told of, and for which day."""

    @property
    def missed(self) -> bool:
        """Whether its day passed, as everybody it concerns was told."""
        return self.told == f"{Mark.MISSED} {self.due}"

    @property
    def late(self) -> bool:
        """Whether its party acted after its day; while it stood still others were waited for."""
        acted = self.closed_on and (self.paused_on or self.closed_on)
        return bool(self.due and acted and acted > self.due)


def counted(clock: Clock, calendar: Calendar) -> Clock:
    """Return the clock with its due day by this calendar; while it is paused it has none."""
    stands = clock.paused_on and not clock.closed_on
    found = None if stands else _due(clock, calendar)
    return replace(
        clock,
        due=found.on if found else None,
        provisional=found.provisional if found else False,
        calendar=version_of(calendar),
    )


def pause(clock: Clock, *, on: date) -> Clock:
    """Stop counting after this day; a clock that stands still stays as it is."""
    return clock if clock.paused_on else replace(clock, paused_on=on)


def resume(clock: Clock, *, on: date) -> Clock:
    """Go on counting after this day."""
    if clock.paused_on is None:
        return clock
    return replace(clock, stood=(*clock.stood, Span(clock.paused_on, on)), paused_on=None)


def extend(clock: Clock, days: int) -> Clock:
    """Add working days, never more than the law allows in all."""
    most = PERIODS[clock.term].extension
    if clock.extended + days > most:
        raise ExtensionTooLong(clock.term, most)
    return replace(clock, extended=clock.extended + days)


def close(clock: Clock, calendar: Calendar, *, on: date) -> Clock:
    """Stop the clock for good."""
    return counted(replace(clock, closed_on=on), calendar)


def overdue(clock: Clock, *, on: date) -> bool:
    """Tell whether a running clock's day has passed."""
    return clock.due is not None and on > clock.due


def mark(clock: Clock, calendar: Calendar, *, on: date) -> Mark | None:
    """Return how far a running clock has come; None while it has not, or stands still."""
    if clock.due is None:
        return None
    if overdue(clock, on=on):
        return Mark.MISSED
    whole = calendar.elapsed(clock.received, clock.due, clock.stood)
    over = 100 * calendar.elapsed(clock.received, on, clock.stood)
    return next((each for each, share in SHARES if over >= share * whole), None)


def tell(clock: Clock, calendar: Calendar, *, on: date) -> tuple[Clock, Mark | None]:
    """Return the mark that is still to be told, and the clock as it is once it is: once for each day."""
    reached = mark(clock, calendar, on=on)
    word = f"{reached} {clock.due}"
    if reached is None or clock.told == word:
        return clock, None
    return replace(clock, told=word), reached


def _due(clock: Clock, calendar: Calendar) -> Due:
    due = calendar.due(clock.received, clock.days + clock.extended, clock.stood)
    if clock.set_for is not None:
        first = calendar.first(clock.set_for)
        later = calendar.due(first.on, clock.extended)
        asked = Due(later.on, first.provisional or later.provisional)
        due = min(due, asked, key=lambda one: one.on)
    for span in clock.stood:
        # Who was waited for until today makes nobody late today, unless they were late before.
        if due.on >= span.after:
            due = max(due, calendar.due(span.until, 1), key=lambda one: one.on)
    return due
