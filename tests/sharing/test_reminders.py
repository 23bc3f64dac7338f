"""Parties are told how far their clocks have come: at half, near the end, and when they missed it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sharing.cast import (
    CIVIL,
    CIVIL_OFFICER,
    COMPETENT,
    COMPETENT_OFFICER,
    MARKET_OFFICER,
    TODAY,
    Sharing,
)
from sharing.test_catalogue_clocks import REGISTERED, running
from sharing.test_notices import told
from zhengshu_contracts.clocks import Term
from zhengshu_sharing.clocks import domain, operations, timers
from zhengshu_sharing.clocks.domain import Clock, Mark
from zhengshu_sharing.workdays import Calendar

ANNOUNCED = Calendar.announced()
RECEIVED = date(2026, 3, 2)
CLOCK = domain.counted(
    Clock("k-1", Term.REPLY_CONDITIONAL, "o-1", "a-1", CIVIL, RECEIVED, 10), ANNOUNCED
)
ONE_DAY = domain.counted(replace(CLOCK, days=1), ANNOUNCED)


@pytest.mark.parametrize(
    ("clock", "on", "mark"),
    [
        (CLOCK, date(2026, 3, 6), None),
        (CLOCK, date(2026, 3, 8), None),  # a Sunday: four of ten
        (CLOCK, date(2026, 3, 9), Mark.HALF),
        (CLOCK, date(2026, 3, 11), Mark.HALF),
        (CLOCK, date(2026, 3, 12), Mark.NEAR),
        (CLOCK, date(2026, 3, 16), Mark.NEAR),
        (CLOCK, date(2026, 3, 17), Mark.MISSED),
        (ONE_DAY, RECEIVED, None),
        (ONE_DAY, date(2026, 3, 3), Mark.NEAR),
        (domain.counted(domain.pause(CLOCK, on=date(2026, 3, 20)), ANNOUNCED), TODAY, None),
    ],
)
def test_marks(clock: Clock, on: date, mark: Mark | None) -> None:
    assert domain.mark(clock, ANNOUNCED, on=on) is mark


@given(st.integers(1, 20), st.integers(0, 40), st.integers(0, 30))
def test_days_that_stood_still_count_for_nothing(days: int, after: int, long: int) -> None:
    plain = domain.counted(replace(CLOCK, days=days), ANNOUNCED)
    at = RECEIVED + timedelta(days=min(after, days))
    stood = domain.counted(
        domain.resume(domain.pause(plain, on=at), on=at + timedelta(days=long)), ANNOUNCED
    )
    resumed = at + timedelta(days=long)
    marks = [None, Mark.HALF, Mark.NEAR, Mark.MISSED]
    before = domain.mark(plain, ANNOUNCED, on=at)
    assert marks.index(domain.mark(stood, ANNOUNCED, on=resumed)) <= marks.index(before)


def test_each_mark_is_told_once_for_each_day() -> None:
    once, mark = domain.tell(CLOCK, ANNOUNCED, on=date(2026, 3, 12))
    assert mark is Mark.NEAR
    assert domain.tell(once, ANNOUNCED, on=date(2026, 3, 13)) == (once, None)
    more = domain.counted(domain.extend(once, 10), ANNOUNCED)
    assert domain.tell(more, ANNOUNCED, on=date(2026, 3, 13))[1] is None
    assert domain.tell(more, ANNOUNCED, on=date(2026, 3, 26))[1] is Mark.NEAR


async def test_the_party_is_told_and_of_a_missed_one_the_competent_department(
    sharing: Sharing,
) -> None:
    async with sharing.unit() as unit:
        await unit.datasets.organization(REGISTERED, at=datetime.now(UTC))
        for matter, days in (("j-late", 60), ("j-new", 0)):
            now = datetime.now(UTC) - timedelta(days=days)
            await operations.start(unit, Term.VERIFICATION, matter, party=CIVIL, now=now)
    work, resources = timers.remind(sharing.settings), sharing.app.state.resources
    await work(resources)
    await work(resources)
    [missed] = await told(sharing, CIVIL_OFFICER)
    assert (missed["kind_label"], missed["term_label"]) == ("办理期限已过", "校核处理")
    late = next(one for one in await running(sharing) if one["matter"] == "j-late")
    assert (missed["matter"], missed["due"], late["overdue"]) == ("j-late", late["due"], True)
    [supervised] = await told(sharing, COMPETENT_OFFICER)
    assert supervised["matter"] == "j-late"
    assert await told(sharing, MARKET_OFFICER) == []
    [event] = await sharing.events("zhengshu.sharing.clock.missed")
    assert (event["party"], event["due"]) == (CIVIL, late["due"])


async def test_the_competent_department_hears_of_its_own_once(sharing: Sharing) -> None:
    async with sharing.unit() as unit:
        await unit.datasets.organization(REGISTERED, at=datetime.now(UTC))
        past = datetime.now(UTC) - timedelta(days=60)
        await operations.start(unit, Term.ENDORSEMENT, "a-1", party=COMPETENT, now=past)
    await timers.remind(sharing.settings)(sharing.app.state.resources)
    assert len(await told(sharing, COMPETENT_OFFICER)) == 1


async def test_a_round_looks_past_pages_of_which_nothing_is_to_be_told(
    sharing: Sharing, monkeypatch: Any
) -> None:
    monkeypatch.setattr(operations, "BATCH", 2)
    async with sharing.unit() as unit:
        for number in range(5):
            await operations.start(
                unit, Term.VERIFICATION, f"j-{number}", party=CIVIL, now=datetime.now(UTC)
            )
        past = datetime.now(UTC) - timedelta(days=60)
        await operations.start(unit, Term.VERIFICATION, "j-late", party=CIVIL, now=past)
    await timers.remind(sharing.settings)(sharing.app.state.resources)
    assert len(await told(sharing, CIVIL_OFFICER)) == 1
