"""A law, a decision or a duty changed: the provider's period to update its entry, from report to revision."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sharing.cast import (
    AID,
    CIVIL,
    CIVIL_OFFICER,
    COMPETENT_OFFICER,
    MARKET,
    MARKET_OFFICER,
    REGISTER,
    SCHOOLS_OFFICER,
    TODAY,
    Sharing,
    officer,
    published,
)
from sharing.test_catalogue_clocks import hear, running, submitted
from sharing.test_matters import file, step
from sharing.test_notices import told
from zhengshu_contracts.catalog import EntryRetired, EntryReturned
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import OrganizationKind, Role
from zhengshu_sharing.workdays import Calendar

KIND = "basis-changes"
NOW = datetime.now(UTC)
CHANGED = TODAY - timedelta(days=20)
DUE = Calendar.announced().due(CHANGED, 10).on
MORE = {"days": 5, "reason": "涉及多个科室"}


async def report(sharing: Sharing, who: Any = COMPETENT_OFFICER, **body: Any) -> Any:
    answer = await file(sharing, KIND, who, **{"on": str(CHANGED)} | body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def extend(
    sharing: Sharing, clock: str, step: str = "", who: Any = CIVIL_OFFICER, **body: Any
) -> Any:
    action = Action.EXTENSION_DECIDE if step else Action.CLOCK_EXTEND
    return await sharing.call(who, action, "POST", f"/v1/clocks/{clock}/extension{step}", body)


async def test_the_period_runs_from_the_day_of_the_change_to_the_next_revision(
    sharing: Sharing,
) -> None:
    filed = await report(sharing)
    assert filed["number"].startswith("罗政数变〔")
    assert (filed["counterpart"], filed["due"]) == (CIVIL, str(DUE))
    [clock] = await running(sharing, CIVIL_OFFICER)
    assert (clock["term"], clock["matter"]) == ("catalogue_update", AID)
    assert (clock["received"], clock["due"]) == (str(CHANGED), str(DUE))
    assert clock["overdue"] is (DUE < TODAY)
    [notice] = await told(sharing, CIVIL_OFFICER)
    assert (notice["kind"], notice["matter"], notice["due"]) == (
        "update_owed",
        filed["id"],
        str(DUE),
    )
    await hear(sharing, submitted(), at=NOW)
    [stands] = await running(sharing, CIVIL_OFFICER)
    assert stands["paused"] is True
    await hear(sharing, EntryReturned(entry=AID, by="off-1"), submitted(), at=NOW)
    await hear(sharing, published(AID, revision=2), at=NOW)
    assert await running(sharing) == []
    path = f"/v1/basis-changes/{filed['id']}"
    done = await sharing.call(CIVIL_OFFICER, Action.BASIS_CHANGE_READ, "GET", path)
    assert (done.json()["state_label"], done.json()["due"]) == ("目录已更新", None)
    assert [one["what"] for one in done.json()["timeline"]] == ["提出", "目录已更新或停用"]
    moved = await sharing.events("zhengshu.sharing.basis_change.moved")
    assert [one["state"] for one in moved] == ["updated"]


async def test_an_entry_taken_off_needs_no_update(sharing: Sharing) -> None:
    await report(sharing)
    await hear(sharing, EntryRetired(entry=AID, provider=CIVIL), at=NOW)
    assert await running(sharing) == []


async def test_it_is_given_up_or_found_to_change_nothing(sharing: Sharing) -> None:
    mine = await report(sharing, MARKET_OFFICER)
    own = await step(sharing, KIND, mine["id"], "dismiss", CIVIL_OFFICER)
    assert own.json()["type"] == "/problems/not-this-partys-move"
    by_nobody = await step(sharing, KIND, mine["id"], "update", CIVIL_OFFICER)
    assert by_nobody.status_code == 422
    unseen = await step(sharing, KIND, mine["id"], "withdraw", SCHOOLS_OFFICER)
    assert unseen.status_code == 404
    found = await step(sharing, KIND, mine["id"], "dismiss", COMPETENT_OFFICER)
    assert (found.json()["state"], found.json()["due"]) == ("unfounded", None)
    assert await running(sharing) == []
    again = await step(sharing, KIND, mine["id"], "withdraw", MARKET_OFFICER)
    assert again.json()["type"] == "/problems/matter-not-in-state"
    second = await report(sharing, CIVIL_OFFICER)
    assert len(await told(sharing, CIVIL_OFFICER)) == 1  # of the first alone; this is its own word
    await step(sharing, KIND, second["id"], "withdraw", CIVIL_OFFICER)
    assert await running(sharing) == []


async def test_one_update_is_owed_at_a_time(sharing: Sharing) -> None:
    await report(sharing)
    twice = await file(sharing, KIND, MARKET_OFFICER, on=str(TODAY))
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/update-owed")
    assert str(DUE) in twice.json()["detail"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"on": str(TODAY + timedelta(days=1))}, "change-not-within"),
        ({"on": "2025-07-31"}, "change-not-within"),
        ({"on": "1-1-1"}, "invalid"),
        ({"dataset": "303084122704-009999"}, "dataset-unknown"),
        ({"dataset": REGISTER}, "entry-not-ours"),
        ({"changed": "weather"}, "invalid"),
    ],
)
async def test_what_cannot_have_changed_is_refused(
    sharing: Sharing, body: dict[str, str], problem: str
) -> None:
    answer = await file(sharing, KIND, COMPETENT_OFFICER, **body)
    assert answer.json()["type"] == f"/problems/{problem}"
    assert await running(sharing) == []


class TestExtension:
    async def test_is_five_working_days_at_most_and_once(self, sharing: Sharing) -> None:
        await report(sharing, on=str(TODAY))
        [clock] = await running(sharing, CIVIL_OFFICER)
        for who in (MARKET_OFFICER, SCHOOLS_OFFICER):
            assert (await extend(sharing, clock["id"], who=who, **MORE)).status_code == 404
        long = await extend(sharing, clock["id"], days=6, reason="涉及多个科室")
        assert long.json()["type"] == "/problems/extension-too-long"
        early = await extend(sharing, clock["id"], "/decision", COMPETENT_OFFICER, **AGREE)
        assert early.json()["type"] == "/problems/extension-not-asked"
        asked = await extend(sharing, clock["id"], **MORE)
        assert (asked.json()["due"], asked.json()["extension"]["outcome"]) == (clock["due"], None)
        todos = await sharing.call(COMPETENT_OFFICER, Action.TODO_READ, "GET", "/v1/todos")
        assert [(one["kind"], one["matter"]) for one in todos.json()["todos"]] == [
            ("extension", clock["id"])
        ]
        twice = await extend(sharing, clock["id"], **MORE)
        assert twice.json()["type"] == "/problems/extension-asked"
        both = officer(
            CIVIL, Role.COMPETENT_OFFICER, id=CIVIL_OFFICER.id, kind=OrganizationKind.COMPETENT
        )
        own = await extend(sharing, clock["id"], "/decision", both, **AGREE)
        assert own.json()["type"] == "/problems/own-extension"
        done = await extend(sharing, clock["id"], "/decision", COMPETENT_OFFICER, **AGREE)
        assert done.json()["due"] == str(Calendar.announced().due(TODAY, 15).on)
        [notice] = [
            one for one in await told(sharing, CIVIL_OFFICER) if one["kind"] == "extension_decided"
        ]
        assert (notice["term"], notice["due"]) == ("catalogue_update", done.json()["due"])
        verbs = [one["subject"].split(".")[-2] for one in await sharing.events(CLOCK_EVENTS)]
        assert verbs == ["opened", "extension_requested", "moved", "extension_decided"]

    async def test_comes_in_time_and_while_the_clock_runs(self, sharing: Sharing) -> None:
        filed = await report(sharing, MARKET_OFFICER)
        [clock] = await running(sharing, CIVIL_OFFICER)
        past = "UPDATE clocks SET due = :day WHERE id = :id RETURNING id"
        await sharing.rows(past, day=TODAY - timedelta(days=1), id=clock["id"])
        late = await extend(sharing, clock["id"], **MORE)
        assert late.json()["type"] == "/problems/extension-too-late"
        await step(sharing, KIND, filed["id"], "withdraw", MARKET_OFFICER)
        over = await extend(sharing, clock["id"], **MORE)
        assert over.json()["type"] == "/problems/clock-stopped"
        assert (await extend(sharing, "k-none", **MORE)).status_code == 404

    async def test_of_an_opinion_is_asked_for_there(self, sharing: Sharing) -> None:
        case = await sharing.apply()
        await sharing.endorse(case["id"])
        await sharing.callback("opinion_request", case["parts"][0]["id"])
        [clock] = [
            one
            for one in await running(sharing, CIVIL_OFFICER)
            if one["term"] == "reply_conditional"
        ]
        there = await extend(sharing, clock["id"], **MORE)
        assert there.json()["type"] == "/problems/extension-elsewhere"
        assert clock["matter"] in there.json()["next"]

    async def test_what_the_law_does_not_lengthen_is_not_lengthened(self, sharing: Sharing) -> None:
        body = {"dataset": AID, "items": ["name"], "usage": "核对", "problem": "姓名有误"}
        await file(sharing, "corrections", MARKET_OFFICER, **body)
        [clock] = await running(sharing, CIVIL_OFFICER)
        refused = await extend(sharing, clock["id"], days=1, reason="人手不足")
        assert refused.json()["type"] == "/problems/extension-too-long"
        assert MARKET not in refused.text


AGREE = {"outcome": "agree", "opinion": "同意"}
CLOCK_EVENTS = "zhengshu.sharing.clock."
