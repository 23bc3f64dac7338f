"""Clocks: properties for any calendar and any history, the law's table, and what a case does to them."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sharing.cast import (
    AID,
    CIVIL,
    CIVIL_OFFICER,
    COMPETENT,
    COMPETENT_OFFICER,
    MARKET_OFFICER,
    SCHOOLS_OFFICER,
    TODAY,
    Sharing,
    officer,
    registration,
)
from zhengshu_chassis.telemetry import THINGS_PASSED_OVER
from zhengshu_contracts.clocks import PERIODS, Term, days_of
from zhengshu_contracts.vocabulary import OrganizationKind, Role, ServiceRegistrationState
from zhengshu_sharing.clocks import domain, operations, timers
from zhengshu_sharing.clocks.domain import Clock
from zhengshu_sharing.clocks.errors import ExtensionTooLong
from zhengshu_sharing.grants import provision
from zhengshu_sharing.unit import units
from zhengshu_sharing.workdays import Calendar, version_of

ANNOUNCED = Calendar.announced()
CLOCK = Clock("k-1", Term.REPLY_CONDITIONAL, "o-1", "a-1", CIVIL, date(2026, 3, 2), 10)
MONDAY = date(2026, 3, 2)
DAYS = st.dates(date(2020, 1, 1), date(2034, 12, 31))
STEPS = st.lists(
    st.tuples(st.sampled_from(["pause", "resume", "extend"]), st.integers(0, 12)), max_size=8
)


def lived(received: date, days: int, steps: list[tuple[str, int]]) -> Clock:
    """A clock after a history of pauses, resumptions and one day of extension."""
    clock, day = replace(CLOCK, received=received, days=days), received
    for step, later in steps:
        day += timedelta(days=later)
        if step == "pause":
            clock = domain.pause(clock, on=day)
        elif step == "resume":
            clock = domain.resume(clock, on=day)
        elif clock.extended < 10:
            clock = domain.extend(clock, 1)
    return clock


@given(DAYS, st.integers(1, 20), STEPS)
def test_a_final_deadline_is_a_working_day(
    received: date, days: int, steps: list[tuple[str, int]]
) -> None:
    clock = domain.counted(lived(received, days, steps), ANNOUNCED)
    assert (clock.due is None) == (clock.paused_on is not None)
    assert clock.due is None or ANNOUNCED.works(clock.due)


@given(DAYS, st.integers(1, 20), STEPS, st.sets(st.integers(0, 120), max_size=40))
def test_an_added_holiday_never_shortens_a_clock(
    received: date, days: int, steps: list[tuple[str, int]], added: set[int]
) -> None:
    clock = domain.resume(lived(received, days, steps), on=received + timedelta(days=99))
    more = frozenset(received + timedelta(days=ahead) for ahead in added)
    changed = replace(ANNOUNCED, holidays=ANNOUNCED.holidays | more, makeup=ANNOUNCED.makeup - more)
    before, after = domain.counted(clock, ANNOUNCED).due, domain.counted(clock, changed).due
    assert before is not None
    assert after is not None
    assert after >= before


@given(DAYS, st.integers(1, 20), st.integers(0, 30), st.integers(0, 60))
def test_a_pause_never_shortens_a_clock(received: date, days: int, after: int, long: int) -> None:
    clock = replace(CLOCK, received=received, days=days)
    paused = domain.pause(clock, on=received + timedelta(days=after))
    resumed = domain.resume(paused, on=received + timedelta(days=after + long))
    plain, stood = domain.counted(clock, ANNOUNCED).due, domain.counted(resumed, ANNOUNCED).due
    assert plain is not None
    assert stood is not None
    assert stood >= plain


@pytest.mark.parametrize(
    ("clock", "due"),
    [
        (replace(CLOCK, days=2), date(2026, 3, 4)),
        (CLOCK, date(2026, 3, 16)),
        (domain.extend(CLOCK, 10), date(2026, 3, 30)),
        (replace(CLOCK, set_for=date(2026, 3, 6)), date(2026, 3, 6)),
        (replace(CLOCK, set_for=date(2026, 3, 7)), date(2026, 3, 9)),
        (replace(CLOCK, set_for=date(2026, 3, 6), extended=1), date(2026, 3, 9)),
        # one of two days used, then it stands still for four working days
        (
            domain.resume(
                domain.pause(replace(CLOCK, days=2), on=date(2026, 3, 3)), on=date(2026, 3, 9)
            ),
            date(2026, 3, 10),
        ),
        # both used: whoever was waited for leaves one more
        (
            domain.resume(
                domain.pause(replace(CLOCK, days=2), on=date(2026, 3, 4)), on=date(2026, 3, 6)
            ),
            date(2026, 3, 9),
        ),
    ],
)
def test_counts(clock: Clock, due: date) -> None:
    counted = domain.counted(clock, ANNOUNCED)
    assert (counted.due, counted.provisional) == (due, False)
    assert counted.calendar == version_of(ANNOUNCED)


def test_extends_within_the_law() -> None:
    with pytest.raises(ExtensionTooLong):
        domain.extend(domain.extend(CLOCK, 6), 5)
    with pytest.raises(ExtensionTooLong):
        domain.extend(replace(CLOCK, term=Term.PROVISION), 1)


def test_every_term_has_a_period_and_the_law_is_never_outstayed() -> None:
    assert set(PERIODS) == set(Term)
    assert days_of(Term.REPLY_CONDITIONAL, {Term.REPLY_CONDITIONAL: 5}) == 5
    assert days_of(Term.REPLY_CONDITIONAL, {Term.REPLY_CONDITIONAL: 50}) == 10
    assert days_of(Term.ENDORSEMENT, {Term.ENDORSEMENT: 5}) == 5


def test_a_clock_is_late_after_its_day_alone() -> None:
    clock = domain.counted(replace(CLOCK, days=1), ANNOUNCED)
    assert not clock.late
    assert not domain.close(clock, ANNOUNCED, on=date(2026, 3, 3)).late
    assert domain.close(clock, ANNOUNCED, on=date(2026, 3, 4)).late


TWO_DAYS = replace(CLOCK, days=2)  # due on Wednesday, 4 March


@pytest.mark.parametrize(
    ("paused", "late"), [(date(2026, 3, 4), False), (date(2026, 3, 5), True)], ids=str
)
def test_standing_still_hides_no_lateness_and_makes_none(paused: date, late: bool) -> None:
    stands = domain.counted(domain.pause(TWO_DAYS, on=paused), ANNOUNCED)
    assert stands.due is None
    assert not stands.late
    assert domain.close(stands, ANNOUNCED, on=date(2026, 3, 31)).late is late
    runs = domain.counted(domain.resume(stands, on=date(2026, 3, 20)), ANNOUNCED)
    assert runs.due == (date(2026, 3, 4) if late else date(2026, 3, 23))
    assert domain.close(runs, ANNOUNCED, on=date(2026, 3, 23)).late is late


def test_a_second_pause_takes_no_day_back() -> None:
    once = domain.resume(domain.pause(TWO_DAYS, on=date(2026, 3, 4)), on=date(2026, 3, 6))
    late = domain.resume(domain.pause(once, on=date(2026, 3, 12)), on=date(2026, 3, 20))
    assert domain.counted(late, ANNOUNCED).due == date(2026, 3, 9)


@pytest.mark.parametrize(
    ("received", "days", "paused", "resumed", "due"),
    [
        # over the Spring Festival (15–23 February, Saturdays 14 and 28 are worked)
        (date(2026, 2, 12), 3, date(2026, 2, 13), date(2026, 2, 24), date(2026, 2, 26)),
        (date(2026, 2, 12), 3, date(2026, 2, 15), date(2026, 2, 23), date(2026, 2, 24)),
        (date(2026, 2, 26), 2, date(2026, 2, 27), date(2026, 2, 27), date(2026, 2, 28)),
        # one that begins on a rest day, on a worked Saturday, and stands still over a rest day alone
        (date(2026, 3, 7), 1, date(2026, 3, 7), date(2026, 3, 8), date(2026, 3, 9)),
        (date(2026, 2, 28), 1, date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 2)),
    ],
)
def test_stands_still_over_rest_days(
    received: date, days: int, paused: date, resumed: date, due: date
) -> None:
    clock = replace(CLOCK, received=received, days=days)
    clock = domain.resume(domain.pause(clock, on=paused), on=resumed)
    assert domain.counted(clock, ANNOUNCED).due == due


def test_nobody_is_given_longer_than_the_law_by_the_day_that_is_asked_for() -> None:
    asked = replace(CLOCK, set_for=date(2026, 5, 20))
    assert domain.counted(asked, ANNOUNCED).due == date(2026, 3, 16)


class TestACase:
    async def test_stands_still_while_the_applicant_supplies(self, sharing: Sharing) -> None:
        case = await sharing.apply()
        await sharing.endorse(case["id"], outcome="return", opinion="请补正", missing=["职责依据"])
        assert (await sharing.read(case["id"]))["due"] is None
        path = f"/v1/applications/{case['id']}/supplement"
        await sharing.call(
            MARKET_OFFICER, "application.submit", "POST", path, {"note": "已补充职责依据"}
        )
        assert (await sharing.read(case["id"]))["due"] > str(TODAY)
        await sharing.endorse(case["id"])
        assert [verb for verb, _ in await sharing.clocks()] == [
            "opened",
            "paused",
            "resumed",
            "closed",
        ]
        assert (await sharing.read(case["id"]))["due"] is None

    async def test_one_clock_per_party(self, sharing: Sharing) -> None:
        part = await _consulted(sharing)
        opinion = await sharing.opinion()
        await sharing.answer(opinion["id"])
        assert await sharing.clocks("party") == [
            ("opened", "endorsement", COMPETENT),
            ("closed", "endorsement", COMPETENT),
            ("opened", "reply_conditional", CIVIL),
            ("closed", "reply_conditional", CIVIL),
        ]
        await sharing.callback("decision", part, outcome="agree")
        assert await sharing.rows("SELECT 1 FROM clocks WHERE closed_on IS NULL") == []

    async def test_a_withdrawal_and_a_decision_stop_what_runs(self, sharing: Sharing) -> None:
        await sharing.withdraw((await sharing.apply())["id"])
        part = await _consulted(sharing)
        await sharing.callback("decision", part, outcome="refuse")
        await _consulted(sharing)
        running = await sharing.rows("SELECT term FROM clocks WHERE closed_on IS NULL")
        assert [row.term for row in running] == ["reply_conditional"]


class TestProvision:
    """Twenty working days after the agreeing reply, where the rows cannot be had at once (Art. 22)."""

    @staticmethod
    async def served(sharing: Sharing, state: ServiceRegistrationState, *, later: int = 0) -> None:
        at = datetime.now(UTC) + timedelta(seconds=later)
        async with sharing.unit() as unit:
            await unit.datasets.serve(registration(state=state), at=at)
            if state is ServiceRegistrationState.LIVE:
                await provision.fulfilled(unit, AID, now=at)

    async def test_is_owed_until_the_dataset_is_served(self, sharing: Sharing) -> None:
        await self.served(sharing, ServiceRegistrationState.WITHDRAWN)
        await sharing.granted()
        assert (await sharing.clocks("party"))[-1] == ("opened", "provision", CIVIL)
        await self.served(sharing, ServiceRegistrationState.LIVE, later=2)
        assert (await sharing.clocks())[-1] == ("closed", "provision")

    async def test_is_not_owed_where_it_is_or_once_the_grant_is_over(
        self, sharing: Sharing
    ) -> None:
        await sharing.granted()
        assert ("opened", "provision") not in await sharing.clocks()
        await self.served(sharing, ServiceRegistrationState.WITHDRAWN)
        grant = (await sharing.granted())["grant"]
        await sharing.change_grant(grant, "revocation")
        assert (await sharing.clocks())[-2:] == [("closed", "provision"), ("opened", "disposal")]

    async def test_an_older_word_changes_nothing(self, sharing: Sharing) -> None:
        await self.served(sharing, ServiceRegistrationState.WITHDRAWN, later=-60)
        async with sharing.unit() as unit:
            assert (await unit.datasets.get(AID)).served


class TestExtension:
    async def test_is_asked_consented_and_told(self, sharing: Sharing) -> None:
        part = await _consulted(sharing)
        before = await sharing.opinion()
        asked = await sharing.extend(before["id"], days=10, reason="跨部门核对量大")
        assert asked.json()["extension"]["outcome"] is None
        assert asked.json()["due"] == before["due"]
        again = await sharing.extend(before["id"], days=1, reason="再延一天")
        assert again.json()["type"] == "/problems/extension-asked"
        consent = {"outcome": "agree", "opinion": "同意"}
        done = await sharing.extend(before["id"], "/decision", COMPETENT_OFFICER, **consent)
        assert done.json()["extension"]["outcome"] == "agree"
        assert done.json()["due"] > before["due"]
        assert (await sharing.read(part.rpartition("-")[0]))["due"] == done.json()["due"]
        [event] = await sharing.events("zhengshu.sharing.extension.decided")
        assert (event["applicant"], event["due"]) == ("11350123003700002B", done.json()["due"])
        assert ("moved", "reply_conditional", "extension") in await _moves(sharing)
        step = (await sharing.read(part.rpartition("-")[0]))["timeline"][-1]
        assert step["what"] == "同意延期 10 个工作日"
        twice = await sharing.extend(before["id"], "/decision", COMPETENT_OFFICER, **consent)
        assert twice.json()["type"] == "/problems/extension-not-asked"

    async def test_comes_too_late_once_the_period_is_over(self, sharing: Sharing) -> None:
        await _consulted(sharing)
        opinion = (await sharing.opinion())["id"]
        over = "UPDATE clocks SET due = :day WHERE matter = :opinion RETURNING id"
        await sharing.rows(over, day=TODAY - timedelta(days=1), opinion=opinion)
        late = await sharing.extend(opinion, days=3, reason="人手不足")
        assert (late.status_code, late.json()["type"]) == (409, "/problems/extension-too-late")

    async def test_a_refused_one_changes_no_date(self, sharing: Sharing) -> None:
        await _consulted(sharing)
        before = await sharing.opinion()
        await sharing.extend(before["id"], days=3, reason="人手不足")
        refusal = {"outcome": "refuse", "opinion": "理由不充分"}
        done = await sharing.extend(before["id"], "/decision", COMPETENT_OFFICER, **refusal)
        assert done.json()["due"] == before["due"]

    async def test_is_the_providers_to_ask_and_anothers_to_decide(self, sharing: Sharing) -> None:
        await _consulted(sharing)
        opinion = (await sharing.opinion())["id"]
        wish = {"days": 3, "reason": "人手不足"}
        for who in (MARKET_OFFICER, SCHOOLS_OFFICER):
            assert (await sharing.extend(opinion, who=who, **wish)).status_code == 404
        long = await sharing.extend(opinion, days=11, reason="人手不足")
        assert long.status_code == 422
        early = await sharing.extend(
            opinion, "/decision", COMPETENT_OFFICER, outcome="agree", opinion="同意"
        )
        assert early.json()["type"] == "/problems/extension-not-asked"
        await sharing.extend(opinion, **wish)
        both = officer(
            CIVIL, Role.COMPETENT_OFFICER, id=CIVIL_OFFICER.id, kind=OrganizationKind.COMPETENT
        )
        own = await sharing.extend(opinion, "/decision", both, outcome="agree", opinion="同意")
        assert own.json()["type"] == "/problems/own-extension"


class TestCalendar:
    async def test_a_new_calendar_moves_what_runs(self, sharing: Sharing, tmp_path: Path) -> None:
        case = await sharing.apply()
        due = date.fromisoformat((await sharing.read(case["id"]))["due"])
        file = tmp_path / "calendar.json"
        file.write_text(json.dumps({"years": [], "holidays": [str(due)], "makeup": []}))
        settings = sharing.settings.model_copy(update={"calendar_file": file})
        await timers.recount(settings)(sharing.app.state.resources)
        assert (await sharing.read(case["id"]))["due"] > str(due)
        assert await _moves(sharing) == [("moved", "endorsement", "calendar")]
        await timers.recount(settings)(sharing.app.state.resources)
        assert len(await _moves(sharing)) == 1

    async def test_an_unannounced_year_is_provisional_until_it_arrives(
        self, sharing: Sharing, tmp_path: Path
    ) -> None:
        year = max(ANNOUNCED.years) + 1
        late = datetime(year, 3, 1, 4, tzinfo=UTC)
        async with sharing.unit() as unit:
            clock = await operations.start(unit, Term.PROVISION, "g-1", party=CIVIL, now=late)
            assert clock.provisional
        file = tmp_path / "calendar.json"
        file.write_text(json.dumps({"years": [year], "holidays": [], "makeup": []}))
        known = units(sharing.settings.model_copy(update={"calendar_file": file}))
        async with sharing.app.state.resources.database.sessions.begin() as session:
            assert await operations.outdated(known(session), "") == [clock.id]
            await operations.recount(known(session), clock.id)
        async with sharing.unit() as unit:
            [final] = await unit.clocks.running("g-1")
        assert (final.due, final.provisional) == (clock.due, False)
        [move] = await sharing.events("zhengshu.sharing.clock.moved")
        assert move["provisional"] is False

    async def test_one_that_cannot_be_counted_stops_no_other(
        self, sharing: Sharing, tmp_path: Path
    ) -> None:
        first, second = (await sharing.apply())["id"], (await sharing.apply())["id"]
        bad = "UPDATE clocks SET term = 'unheard-of' WHERE matter = :first RETURNING id"
        await sharing.rows(bad, first=first)
        file = tmp_path / "calendar.json"
        holiday = (await sharing.read(second))["due"]
        file.write_text(json.dumps({"years": [], "holidays": [holiday], "makeup": []}))
        settings = sharing.settings.model_copy(update={"calendar_file": file})
        passed = THINGS_PASSED_OVER.labels("clocks")._value.get()
        await timers.recount(settings)(sharing.app.state.resources)
        assert (await sharing.read(second))["due"] > holiday
        assert THINGS_PASSED_OVER.labels("clocks")._value.get() == passed + 1


async def _consulted(sharing: Sharing) -> str:
    """An application whose provider is being asked; its part."""
    case = await sharing.apply()
    await sharing.endorse(case["id"])
    part = case["parts"][0]["id"]
    await sharing.callback("opinion_request", part)
    return str(part)


async def _moves(sharing: Sharing) -> list[tuple[str, ...]]:
    return [
        ("moved", event["term"], event["why"])
        for event in await sharing.events("zhengshu.sharing.clock.moved")
    ]
