"""Working days: tables for the State Council's calendar, properties for any calendar."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zhengshu_contracts.beijing import day_of, end_of
from zhengshu_sharing.settings import SharingSettings
from zhengshu_sharing.unit import units
from zhengshu_sharing.workdays import Calendar, Due

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


def test_the_last_days_of_a_year_are_arranged_with_the_next() -> None:
    last = max(ANNOUNCED.years)
    assert ANNOUNCED.arranged(date(last, 12, 28))
    assert not ANNOUNCED.arranged(date(last, 12, 29))
    moved = [date(2007, 12, 29), date(2018, 12, 31), date(2011, 12, 31)]  # as they once were
    known = replace(ANNOUNCED, years=frozenset({2007, 2011, 2018}))
    assert not any(known.arranged(day) for day in moved)


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        (date(2025, 12, 31), 1, date(2026, 1, 4)),  # a Sunday that is worked
        (date(2026, 1, 3), 1, date(2026, 1, 4)),  # received on a holiday
        (date(2025, 12, 29), 5, date(2026, 1, 6)),
        (date(2018, 12, 28), 1, date(2018, 12, 29)),
        (date(2018, 12, 29), 1, date(2019, 1, 2)),
    ],
)
def test_counts_over_new_year(received: date, days: int, due: date) -> None:
    assert ANNOUNCED.due(received, days) == Due(due)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-06T15:59:59.999999+00:00", date(2026, 3, 6)),  # one second to midnight in Beijing
        ("2026-03-06T16:00:00+00:00", date(2026, 3, 7)),
        ("2026-03-06T23:59:00+08:00", date(2026, 3, 6)),
        ("2026-12-31T23:59:00+00:00", date(2027, 1, 1)),
        ("1988-07-01T15:30:00+00:00", date(1988, 7, 1)),  # China had summer time then
    ],
)
def test_a_day_is_beijings(moment: str, day: date) -> None:
    assert day_of(datetime.fromisoformat(moment)) == day


@pytest.mark.parametrize(
    "amendment",
    [
        "{}",
        "[]",
        "",
        '{"years": [2027], "holidays": ["2027-13-01"], "makeup": []}',
        '{"years": [2027], "holidays": [], "makeup": [], "workdays": []}',
        '{"years": [2027], "holidays": ["2027-01-02"], "makeup": ["2027-01-02"]}',
    ],
)
def test_an_amendment_that_is_wrong_is_refused_before_anything_starts(
    amendment: str, tmp_path: Path
) -> None:
    file = tmp_path / "calendar.json"
    file.write_text(amendment)
    with pytest.raises(ValueError):
        units(SharingSettings.model_construct(calendar_file=file))


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
