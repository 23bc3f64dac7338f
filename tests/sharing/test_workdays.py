"""Working days: tables for the State Council's calendar, properties for any calendar."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zhengshu_sharing.workdays import Calendar, Due, day_of, end_of

ANNOUNCED = Calendar.announced()
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
COUNTS = st.integers(1, 40)


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        (date(2026, 3, 2), 2, date(2026, 3, 4)),
        (date(2026, 3, 6), 2, date(2026, 3, 10)),  # over a weekend
        (date(2026, 9, 30), 2, date(2026, 10, 9)),  # over the National Day week
        (date(2026, 10, 9), 1, date(2026, 10, 10)),  # a Saturday that is worked
    ],
)
def test_counts_from_the_day_after_receipt(received: date, days: int, due: date) -> None:
    assert ANNOUNCED.due(received, days) == Due(due)


def test_is_provisional_where_the_calendar_ends() -> None:
    last = max(ANNOUNCED.years)
    assert ANNOUNCED.due(date(last, 12, 30), 10).provisional
    assert not ANNOUNCED.due(date(last, 1, 5), 10).provisional


def test_an_amendment_makes_it_final(tmp_path: Path) -> None:
    year = max(ANNOUNCED.years) + 1
    file = tmp_path / "calendar.json"
    monday = next(d for d in (date(year, 1, n) for n in range(4, 12)) if d.weekday() == 0)
    file.write_text(f'{{"years": [{year}], "holidays": ["{monday}"], "makeup": []}}')
    before = monday - timedelta(days=3)
    assert ANNOUNCED.due(before, 1) == Due(monday, provisional=True)
    assert ANNOUNCED.amended(file).due(before, 1) == Due(monday + timedelta(days=1))


@given(DAYS, COUNTS)
def test_never_falls_on_a_rest_day(received: date, days: int) -> None:
    due = ANNOUNCED.due(received, days).on
    assert ANNOUNCED.works(due)
    assert ANNOUNCED.elapsed(received, due) == days


@given(DAYS, COUNTS, st.sets(st.integers(0, 80), max_size=30))
def test_an_added_holiday_never_shortens_a_clock(
    received: date, days: int, added: set[int]
) -> None:
    more = frozenset(received + timedelta(days=ahead) for ahead in added)
    changed = replace(ANNOUNCED, holidays=ANNOUNCED.holidays | more, makeup=ANNOUNCED.makeup - more)
    assert changed.due(received, days).on >= ANNOUNCED.due(received, days).on


@given(DAYS)
def test_a_day_ends_where_the_next_begins_in_beijing(day: date) -> None:
    assert day_of(end_of(day)) == day + timedelta(days=1)
    assert day_of(end_of(day) - timedelta(microseconds=1)) == day
