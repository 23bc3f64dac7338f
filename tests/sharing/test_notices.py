"""Organisations are told of what concerns them: once, with the transaction, and nobody else."""

from datetime import timedelta
from typing import Any

from sharing.cast import (
    AID,
    CIVIL_OFFICER,
    COMPETENT_OFFICER,
    MARKET_OFFICER,
    SCHOOLS_OFFICER,
    TODAY,
    Sharing,
)
from sharing.test_grant_life import STOP
from zhengshu_contracts.beijing import end_of
from zhengshu_contracts.roles import Action
from zhengshu_sharing.grants import timers

READ = Action.NOTICE_READ


async def told(sharing: Sharing, who: Any = MARKET_OFFICER, query: str = "") -> list[Any]:
    """What an organisation was told, oldest first."""
    page = await sharing.call(who, READ, "GET", f"/v1/notifications{query}")
    return page.json()["notifications"][::-1]


async def kinds(sharing: Sharing, who: Any = MARKET_OFFICER) -> list[str]:
    return [one["kind"] for one in await told(sharing, who)]


async def test_each_side_is_told_of_the_steps_of_an_application(sharing: Sharing) -> None:
    case = await sharing.apply()
    await sharing.endorse(case["id"], outcome="return", opinion="请补正", missing=["依据"])
    path, body = f"/v1/applications/{case['id']}/supplement", {"note": "已补"}
    await sharing.call(MARKET_OFFICER, Action.APPLICATION_SUBMIT, "POST", path, body)
    await sharing.endorse(case["id"])
    await sharing.callback("opinion_request", case["parts"][0]["id"])
    opinion = await sharing.opinion()
    [asked] = await told(sharing, CIVIL_OFFICER)
    assert (asked["kind"], asked["matter"]) == ("opinion_asked", opinion["id"])
    assert (asked["due"], asked["dataset"]) == (opinion["due"], AID)
    await sharing.extend(opinion["id"], days=3, reason="系统检修")
    agreed = {"outcome": "agree", "opinion": "同意"}
    await sharing.extend(opinion["id"], "/decision", COMPETENT_OFFICER, **agreed)
    await sharing.answer(opinion["id"])
    await sharing.callback("decision", case["parts"][0]["id"], outcome="agree")
    assert await kinds(sharing) == ["supplement_asked", "extension_decided", "decision_arrived"]
    assert await kinds(sharing, CIVIL_OFFICER) == ["opinion_asked", "extension_decided"]
    assert {one["matter"] for one in await told(sharing, CIVIL_OFFICER)} == {opinion["id"]}
    assert {one["title"] for one in await told(sharing, CIVIL_OFFICER)} == {
        f"{case['number']} 低保对象"
    }
    assert {one["title"] for one in await told(sharing)} == {f"{case['number']} 救助对象帮扶"}
    assert await kinds(sharing, SCHOOLS_OFFICER) == []


async def test_a_holder_is_told_ahead_and_once_of_an_end(sharing: Sharing) -> None:
    grant = (await sharing.granted())["grant"]
    worker, resources = timers.expiring(sharing.settings), sharing.app.state.resources
    await worker(resources)
    assert await kinds(sharing) == ["decision_arrived"]
    path = f"/v1/grants/{grant}/stop"
    await sharing.call(CIVIL_OFFICER, Action.GRANT_STOP, "POST", path, STOP)
    last = TODAY + timedelta(days=20)
    query = "UPDATE grants SET ends = :ends RETURNING id"
    await sharing.rows(query, ends=end_of(last))
    await worker(resources)
    await worker(resources)
    stop, expiring = (await told(sharing))[1:]
    assert (stop["kind"], stop["due"], stop["matter"]) == ("stop_announced", STOP["ends"], grant)
    assert expiring["kind"] == "grant_expiring"
    assert expiring["due"] in {str(last), str(last + timedelta(days=1))}


async def test_holders_are_told_of_doubts_and_suspensions(sharing: Sharing) -> None:
    grant = (await sharing.granted())["grant"]
    await sharing.change_grant(grant, "suspension", CIVIL_OFFICER)
    body = {"dataset": AID, "items": ["name"], "usage": "核对", "problem": "姓名有误"}
    filed = await sharing.call(
        MARKET_OFFICER, Action.CORRECTION_FILE, "POST", "/v1/corrections", body
    )
    path, step = (
        f"/v1/corrections/{filed.json()['id']}/steps",
        {"move": "correct", "opinion": "已改"},
    )
    await sharing.call(CIVIL_OFFICER, Action.CORRECTION_HANDLE, "POST", path, step)
    assert (await kinds(sharing))[1:] == ["grant_suspended", "dataset_doubted", "dataset_cleared"]


async def test_is_marked_read_once_and_by_its_own(sharing: Sharing) -> None:
    await sharing.granted()
    [one] = await told(sharing, query="?unread=true")
    path = f"/v1/notifications/{one['id']}/reading"
    other = await sharing.call(SCHOOLS_OFFICER, READ, "POST", path)
    assert (other.status_code, other.json()["type"]) == (404, "/problems/notice-not-found")
    first = (await sharing.call(MARKET_OFFICER, READ, "POST", path)).json()
    again = (await sharing.call(MARKET_OFFICER, READ, "POST", path)).json()
    assert first["read_at"] == again["read_at"] is not None
    assert await told(sharing, query="?unread=true") == []
    assert len(await told(sharing, query="?kind=decision_arrived")) == 1
