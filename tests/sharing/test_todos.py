"""What waits for whom: told to whose step it is, by role and organisation, with its clock; to nobody else."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sharing.cast import (
    AID,
    CIVIL,
    CIVIL_OFFICER,
    COMPETENT_OFFICER,
    MARKET,
    MARKET_OFFICER,
    SCHOOLS_OFFICER,
    Sharing,
    officer,
    published,
    registration,
)
from sharing.test_matters import GOVERNMENT, OBJECTION, file, step
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import Role, ServiceRegistrationState
from zhengshu_sharing.todos import operations

EVERYBODY = (MARKET_OFFICER, CIVIL_OFFICER, COMPETENT_OFFICER, SCHOOLS_OFFICER, GOVERNMENT)


async def todos(sharing: Sharing, who: Principal, query: str = "") -> Any:
    answer = await sharing.call(who, Action.TODO_READ, "GET", f"/v1/todos{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def waits(sharing: Sharing) -> dict[str, list[str]]:
    """The kinds of what waits, by whom it waits for."""
    names = ("market", "civil", "competent", "schools", "government")
    found = {}
    for name, who in zip(names, EVERYBODY, strict=True):
        if kinds := [one["kind"] for one in (await todos(sharing, who))["todos"]]:
            found[name] = kinds
    return found


async def test_an_application_waits_for_one_after_another(sharing: Sharing) -> None:
    case = await sharing.apply()
    assert await waits(sharing) == {"competent": ["endorsement"]}
    [waiting] = (await todos(sharing, COMPETENT_OFFICER))["todos"]
    shown = await sharing.read(case["id"])
    for name in ("due", "due_term", "due_party", "due_basis", "due_provisional"):
        assert waiting[name] == shown[name]
    assert (waiting["due_term"], waiting["matter"]) == ("主管部门初审转报", case["id"])
    assert waiting["title"].startswith(case["number"])
    await sharing.endorse(case["id"], outcome="return", opinion="请补正", missing=["依据"])
    assert await waits(sharing) == {"market": ["supplement"]}
    path, body = f"/v1/applications/{case['id']}/supplement", {"note": "已补"}
    await sharing.call(MARKET_OFFICER, Action.APPLICATION_SUBMIT, "POST", path, body)
    await sharing.endorse(case["id"])
    assert await waits(sharing) == {}
    await sharing.callback("opinion_request", case["parts"][0]["id"])
    assert await waits(sharing) == {"civil": ["opinion"]}
    opinion = await sharing.opinion()
    assert (opinion["due_party"], opinion["due_basis"]) == (CIVIL, "《政务数据共享条例》第二十一条")
    await sharing.extend(opinion["id"], days=3, reason="系统检修")
    assert await waits(sharing) == {"civil": ["opinion"], "competent": ["extension"]}
    agreed = {"outcome": "agree", "opinion": "同意"}
    await sharing.extend(opinion["id"], "/decision", COMPETENT_OFFICER, **agreed)
    answered = (await sharing.answer(opinion["id"])).json()
    assert await waits(sharing) == {}
    assert answered["due"]
    assert answered["due_term"] is None


async def test_a_grant_waits_for_its_holder_or_for_who_suspended_it(sharing: Sharing) -> None:
    async with sharing.unit() as unit:
        event = registration(state=ServiceRegistrationState.WITHDRAWN)
        await unit.datasets.publish(published(), at=datetime.now(UTC))
        await unit.datasets.serve(event, at=datetime.now(UTC))
    grant = (await sharing.granted())["grant"]
    assert await waits(sharing) == {"civil": ["provision"]}
    await sharing.change_grant(grant, "suspension", CIVIL_OFFICER)
    assert (await waits(sharing))["market"] == ["rectification"]
    shown = await sharing.call(MARKET_OFFICER, Action.GRANT_READ, "GET", f"/v1/grants/{grant}")
    [waiting] = (await todos(sharing, MARKET_OFFICER))["todos"]
    assert shown.json()["due_term"] == waiting["due_term"] == "整改"
    assert shown.json()["due_party"] == MARKET
    path, body = f"/v1/grants/{grant}/rectification", {"report": "已整改完成"}
    await sharing.call(MARKET_OFFICER, Action.GRANT_RECTIFY, "POST", path, body)
    assert await waits(sharing) == {
        "civil": ["provision", "resumption"],
        "competent": ["resumption"],
    }
    await sharing.change_grant(grant, "revocation")
    assert await waits(sharing) == {"market": ["disposal"]}
    [disposal] = (await todos(sharing, MARKET_OFFICER))["todos"]
    assert (disposal["due_party"], disposal["dataset"]) == (MARKET, AID)
    assert disposal["due"]


async def test_a_matter_waits_for_whose_period_runs_then_for_who_can_move(sharing: Sharing) -> None:
    objection = (await file(sharing, "objections", **OBJECTION)).json()["id"]
    assert await waits(sharing) == {"civil": ["objection"]}
    await sharing.rows("UPDATE clocks SET due = '2026-01-05' RETURNING id")
    assert await waits(sharing) == {"civil": ["objection"], "competent": ["objection"]}
    await step(sharing, "objections", objection, "maintain", CIVIL_OFFICER)
    assert await waits(sharing) == {"competent": ["objection"]}
    await step(sharing, "objections", objection, "dismiss", COMPETENT_OFFICER)
    assert await waits(sharing) == {}


async def test_the_most_urgent_come_first_and_the_rest_is_said_to_be_there(
    sharing: Sharing,
) -> None:
    for _ in range(3):
        await sharing.apply()
    await sharing.rows(
        "UPDATE clocks SET due = '2026-01-05' WHERE id = (SELECT max(id) FROM clocks) RETURNING id"
    )
    page = await todos(sharing, COMPETENT_OFFICER, "?limit=2")
    assert page["more"]
    first, second = page["todos"]
    assert first["due"] == "2026-01-05" < second["due"]


async def test_the_oldest_of_very_many_is_not_missed(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [(await sharing.apply())["id"] for _ in range(3)]
    monkeypatch.setattr(operations, "FAR", 1)
    found = (await todos(sharing, COMPETENT_OFFICER))["todos"]
    assert {one["matter"] for one in found} == set(cases)


async def test_without_the_role_nothing_waits(sharing: Sharing) -> None:
    await sharing.apply()
    await file(sharing, "corrections")
    kind = COMPETENT_OFFICER.organization_kind
    for who in (
        officer(COMPETENT_OFFICER.organization, Role.OPERATOR, kind=kind),
        officer(CIVIL, Role.DEPARTMENT_ADMINISTRATOR),
    ):
        assert (await todos(sharing, who))["todos"] == []
