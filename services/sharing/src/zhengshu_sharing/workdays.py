"""Working days: when a step falls due. Knows the State Council's calendar, nothing of what is due.

Days count from the day after receipt. Beyond the last calendar that was announced only weekends are
known to be rest days; such a date is provisional, and is computed anew whenever it is asked for.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Self

from chinese_calendar import constants
from pydantic import BaseModel, ConfigDict

DAY = timedelta(days=1)
SATURDAY = 5
NEW_YEAR = timedelta(days=3)
"""How long before New Year its holiday may begin: 29–31 December are arranged with the year after them."""


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


class Amendment(BaseModel):
    """The file that amends the calendar; a day is named once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    years: frozenset[int]
    """Those that are announced in full by this."""
    holidays: frozenset[date]
    makeup: frozenset[date]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file, or refuse it whole."""
        found = cls.model_validate_json(path.read_bytes())
        if both := found.holidays & found.makeup:
            raise ValueError(f"both a holiday and a make-up day: {sorted(map(str, both))}")
        return found


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
        given = Amendment.read(path)
        return replace(
            self,
            holidays=self.holidays - given.makeup | given.holidays,
            makeup=self.makeup - given.holidays | given.makeup,
            years=self.years | given.years,
        )

    def arranged(self, day: date) -> bool:
        """Tell whether it is announced of a day if offices work on it."""
        return {day.year, (day + NEW_YEAR).year} <= self.years

    def works(self, day: date) -> bool:
        """Tell whether offices work on a day."""
        return day in self.makeup or (day.weekday() < SATURDAY and day not in self.holidays)

    def due(self, received: date, days: int, still: Collection[Span] = ()) -> Due:
        """Return the day on which so many working days after receipt are over."""
        day, provisional = received, False
        while days > 0:
            day += DAY
            provisional = provisional or not self.arranged(day)
            days -= self.works(day) and not any(span.holds(day) for span in still)
        return Due(day, provisional)

    def first(self, day: date) -> Due:
        """Return a day set by somebody else, or the working day after it where offices rest."""
        return self.due(day - DAY, 1)

    def elapsed(self, received: date, until: date, still: Collection[Span] = ()) -> int:
        """Count the working days after receipt, up to and including a day."""
        span = range(1, (until - received).days + 1)
        days = (received + timedelta(days=ahead) for ahead in span)
        return sum(self.works(day) and not any(one.holds(day) for one in still) for day in days)


@cache
def version_of(calendar: Calendar) -> str:
    """Return a short name of a calendar's content, kept with every date computed from it."""
    days = (calendar.holidays, calendar.makeup, calendar.years)
    text = repr([sorted(map(str, part)) for part in days])
    return hashlib.sha256(text.encode()).hexdigest()[:12]
