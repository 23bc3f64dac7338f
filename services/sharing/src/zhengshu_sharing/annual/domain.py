"""Which year is reported on, from when and until when. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

FEBRUARY = 2


@dataclass(frozen=True, slots=True)
class Season:
    """The weeks in which the year before is reported on."""

    year: int

    @classmethod
    def of(cls, day: date) -> Self | None:
        """Return the season that a day is in; None after February, when no report is begun any more."""
        return cls(day.year - 1) if day.month <= FEBRUARY else None

    @property
    def begins(self) -> date:
        """The day that its period is counted from."""
        return date(self.year + 1, 1, 1)

    @property
    def ends(self) -> date:
        """The last day of February."""
        return date(self.year + 1, FEBRUARY + 1, 1) - timedelta(days=1)

    @property
    def title(self) -> str:
        """What the report is called."""
        return f"{self.year}年度共享数据使用情况报告"
