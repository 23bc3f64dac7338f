"""Working days: when a step falls due. Knows the State Council's calendar, nothing of what is due.

Days count from the day after receipt. Beyond the last calendar that was announced only weekends are
known to be rest days; such a date is provisional, and is computed anew whenever it is asked for.
"""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Self

from chinese_calendar import constants

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has one offset and no summer time, so no time zone database is needed."""

DAY = timedelta(days=1)
SATURDAY = 5


def day_of(moment: datetime) -> date:
    """Return the day a moment falls on in Beijing."""
    return moment.astimezone(BEIJING).date()


def end_of(day: date) -> datetime:
    """Return the moment a day is over in Beijing."""
    return datetime.combine(day + DAY, datetime.min.time(), BEIJING)


@dataclass(frozen=True, slots=True)
class Due:
    """The last day for a step; `provisional` while a day on the way is not yet announced."""

    on: date
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Days on which a clock stands still: those after the first, up to and including the last."""

    after: date
    until: date

    def holds(self, day: date) -> bool:
        """Tell whether the clock stands still on a day."""
        return self.after < day <= self.until


@dataclass(frozen=True, slots=True)
class Calendar:
    """Holidays (rest on a weekday) and make-up days (work on a weekend) of the years announced."""

    holidays: frozenset[date]
    makeup: frozenset[date]
    years: frozenset[int]

    @classmethod
    def announced(cls) -> Self:
        """Return the calendar as the State Council announced it, as far as the library knows."""
        holidays, makeup = frozenset(constants.holidays), frozenset(constants.workdays)
        return cls(holidays, makeup, frozenset(day.year for day in holidays))

    def amended(self, path: Path) -> Self:
        """Add a file `{"years": [2027], "holidays": ["2027-01-01"], "makeup": []}` to it."""
        given = json.loads(path.read_text("utf-8"))
        return replace(
            self,
            holidays=self.holidays - _days(given["makeup"]) | _days(given["holidays"]),
            makeup=self.makeup - _days(given["holidays"]) | _days(given["makeup"]),
            years=self.years | frozenset(given["years"]),
        )

    def works(self, day: date) -> bool:
        """Tell whether offices work on a day."""
        return day in self.makeup or (day.weekday() < SATURDAY and day not in self.holidays)

    def due(self, received: date, days: int, still: Collection[Span] = ()) -> Due:
        """Return the day on which so many working days after receipt are over."""
        day, provisional = received, False
        while days > 0:
            day += DAY
            provisional = provisional or day.year not in self.years
            days -= self.works(day) and not any(span.holds(day) for span in still)
        return Due(day, provisional)

    def first(self, day: date) -> Due:
        """Return a day set by somebody else, or the working day after it where offices rest."""
        return self.due(day - DAY, 1)

    def elapsed(self, received: date, until: date) -> int:
        """Count the working days after receipt, up to and including a day."""
        span = range(1, (until - received).days + 1)
        return sum(self.works(received + timedelta(days=ahead)) for ahead in span)


@cache
def version_of(calendar: Calendar) -> str:
    """Return a short name of a calendar's content, kept with every date computed from it."""
    days = (calendar.holidays, calendar.makeup, calendar.years)
    text = repr([sorted(map(str, part)) for part in days])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _days(texts: Iterable[str]) -> frozenset[date]:
    return frozenset(date.fromisoformat(text) for text in texts)
