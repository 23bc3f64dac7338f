"""Beijing time, by which days are counted: one offset, no summer time, so that no zone database is needed."""

from datetime import date, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")


def day_of(moment: datetime) -> date:
    """Return the day a moment falls on."""
    return moment.astimezone(BEIJING).date()


def end_of(day: date) -> datetime:
    """Return the moment a day is over."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), BEIJING)
