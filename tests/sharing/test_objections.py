"""Objections against a class over HTTP."""

from sharing.cast import (
    CIVIL_OFFICER,
    COMPETENT_OFFICER,
    MARKET_OFFICER,
    SCHOOLS_OFFICER,
    SURVEY,
    Sharing,
)
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action

BODY = {"dataset": SURVEY, "items": ["income"], "reason": "履职需要"}


async def file(sharing: Sharing, who: Principal = MARKET_OFFICER, **changes: object) -> tuple:
    path, body = "/v1/objections", BODY | changes
    answer = await sharing.call(who, Action.OBJECTION_FILE, "POST", path, body)
    return answer.status_code, answer.json()


async def test_is_recorded_announced_and_shown(sharing: Sharing) -> None:
    status, objection = await file(sharing)
    assert (status, objection["state_label"]) == (201, "已提出")
    assert await sharing.subjects() == ["objection.filed"]
    read = Action.OBJECTION_READ
    for who, seen in (
        (MARKET_OFFICER, 200),
        (CIVIL_OFFICER, 200),
        (COMPETENT_OFFICER, 200),
        (SCHOOLS_OFFICER, 404),
    ):
        one = await sharing.call(who, read, "GET", f"/v1/objections/{objection['id']}")
        assert one.status_code == seen
        page = await sharing.call(who, read, "GET", "/v1/objections")
        assert len(page.json()["objections"]) == (seen == 200)


async def test_names_a_dataset_and_its_items(sharing: Sharing) -> None:
    assert (await file(sharing, dataset="303084122704-999999"))[0] == 404
    assert (await file(sharing, items=["nonsense"]))[0] == 422
    assert (await file(sharing, CIVIL_OFFICER))[1]["type"] == "/problems/own-dataset"
    assert (await file(sharing, items=[]))[0] == 201
