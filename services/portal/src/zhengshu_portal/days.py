"""How long is left, in working days, as people here count. A hint: what counts is the node's due date."""

from datetime import date, datetime, timedelta

from chinese_calendar import constants
from zhengshu_contracts.beijing import BEIJING

SATURDAY = 5


def today() -> date:
    """Return today's date in Beijing."""
    return datetime.now(BEIJING).date()


def works(day: date) -> bool:
    """Tell whether offices work on a day; of a year that is not announced only weekends are known."""
    return day in constants.workdays or (day.weekday() < SATURDAY and day not in constants.holidays)


def left(due: date, now: date) -> int:
    """Count the working days after today up to the due date; negative when it has passed."""
    first, last = sorted((now, due))
    days = sum(works(first + timedelta(days=ahead)) for ahead in range(1, (last - first).days + 1))
    return days if due >= now else -max(days, 1)


def remaining(due: date | str | None, now: date | None = None) -> str:
    """Say how long is left until a due date."""
    if not due:
        return ""
    day = date.fromisoformat(due) if isinstance(due, str) else due
    count = left(day, now or today())
    if count < 0:
        return f"已逾期 {-count} 个工作日"
    return f"剩 {count} 个工作日" if count else "今天到期"
