"""Object-level access: what one department made is not there for another, over every route with a place.

The routes are read from the service itself: one that is added without a case here fails.
"""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sharing.cast import (
    AID,
    MARKET,
    MARKET_OFFICER,
    SCHOOLS_OFFICER,
    TODAY,
    Sharing,
    consent,
    officer,
    part,
)
from sharing.test_matters import BODIES, file
from zhengshu_chassis.auth import guards
from zhengshu_chassis.settings import for_documents
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import WHO, Action
from zhengshu_contracts.vocabulary import OrganizationKind, Role
from zhengshu_sharing.annual import operations as annual
from zhengshu_sharing.main import build
from zhengshu_sharing.settings import SharingSettings

STEP = {"opinion": "办理意见"}
BODY: dict[str, Any] = {
    "reading": None,
    "withdrawal": {"reason": "不再需要"},
    "supplement": {"note": "补正说明"},
    "endorsement": {"outcome": "agree", "opinion": "同意"},
    "decision": {"outcome": "agree", "opinion": "同意"},
    "forms": {"kind": "application"},
    "extension": {"days": 3, "reason": "特殊原因"},
    "suspension": {"reason": "发现滥用"},
    "resumption": {"reason": "整改完成"},
    "revocation": {"reason": "不再需要"},
    "rectification": {"report": "已整改完成"},
    "stop": {
        "reason": "系统停用",
        "consultation": {"on": str(TODAY), "person": "王某", "record": "双方同意停止"},
        "ends": "2099-01-01",
    },
    "disposal": {"method": "deleted", "note": "已全部删除", "on": str(TODAY)},
    "{opinion_id}": {"outcome": "agree", "consent": consent()},
    "corrections": STEP | {"move": "confirm"},
    "disputes": STEP | {"move": "escalate"},
    "objections": STEP | {"move": "maintain"},
    "demands": STEP | {"move": "return"},
    "annual-reports": {
        "move": "file",
        "opinion": "本年度按用途使用共享数据,核对帮扶对象,未发现问题。",
    },
    "basis-changes": STEP | {"move": "withdraw"},
}
GOVERNMENT = officer(
    "11350123003700007G", Role.SUPERVISOR, Role.DATA_OFFICER, kind=OrganizationKind.GOVERNMENT
)
DEPARTMENTS = frozenset({Role.DATA_OFFICER, Role.OFFICE_HEAD})


def flat(found: Any) -> Any:
    for route in found:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from flat(getattr(getattr(route, "original_router", route), "routes", []))


def placed() -> list[tuple[str, str, Action]]:
    """Every external route with a place in it that a department's officer may ask for."""
    found = []
    for route in flat(build(for_documents(SharingSettings)).routes):
        actions = {action for guard in guards(route.dependant) for action in guard.actions}
        open_to = [action for action in actions if WHO[action] & DEPARTMENTS]
        if route.path.startswith("/v1/") and "{" in route.path and open_to:
            found += [(method, route.path, open_to[0]) for method in route.methods]
    return sorted(found)


async def made(sharing: Sharing) -> dict[str, str]:
    """One of everything, none of it the third department's."""
    upload = (await sharing.upload()).json()["id"]
    granted = await sharing.granted(part(AID, "name"))
    case = await sharing.apply()
    await sharing.endorse(case["id"])
    await sharing.callback("opinion_request", case["parts"][0]["id"])
    form = await sharing.call(
        MARKET_OFFICER,
        Action.FORM_ISSUE,
        "POST",
        f"/v1/applications/{case['id']}/forms",
        {"kind": "application"},
    )
    matters = {
        f"{kind.removesuffix('s').replace('-', '_')}_id": (await file(sharing, kind)).json()["id"]
        for kind in BODIES
    }
    return matters | {
        "application_id": case["id"],
        "opinion_id": (await sharing.opinion())["id"],
        "grant_id": granted["grant"],
        "attachment_id": upload,
        "form_code": form.json()["code"],
        "clock_id": (await sharing.rows("SELECT id FROM clocks WHERE term = 'catalogue_update'"))[
            0
        ].id,
        "annual_report_id": await owed(sharing),
        "notice_id": (await sharing.rows("SELECT id FROM notices LIMIT 1"))[0].id,
    }


async def owed(sharing: Sharing) -> str:
    """An annual report of the applicant."""
    async with sharing.unit() as unit:
        await annual.begin(unit, MARKET, now=datetime(2027, 1, 2, tzinfo=UTC))
    [report] = await sharing.rows("SELECT id FROM matters WHERE kind = 'annual_report'")
    return str(report.id)


def filled(path: str, ids: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda place: ids[place[1]], path)


def body_of(method: str, path: str) -> Any:
    if method == "GET":
        return None
    last = path.rpartition("/")[2]
    return BODY[path.split("/")[2] if last == "steps" else last]


async def test_a_third_department_finds_none_of_it(sharing: Sharing) -> None:
    ids = await made(sharing)
    both = SCHOOLS_OFFICER.model_copy(update={"roles": DEPARTMENTS})
    before = await counts(sharing)
    for method, path, action in placed():
        answer = await sharing.call(both, action, method, filled(path, ids), body_of(method, path))
        assert answer.status_code == 404, (method, path, answer.text)
    assert await counts(sharing) == before


async def test_the_county_government_sees_the_whole_and_changes_none_of_it(
    sharing: Sharing,
) -> None:
    ids = await made(sharing)
    before = await counts(sharing)
    for method, path, action in placed():
        if path.endswith("/forms"):
            continue  # a printed copy of what it may see
        body = body_of(method, path)
        answer = await sharing.call(GOVERNMENT, action, method, filled(path, ids), body)
        drafts = path.endswith(("/repetition", "/renewal"))
        expected = {200} if method == "GET" and not drafts else {403, 404, 409}
        assert answer.status_code in expected, (method, path, answer.text)
    assert await counts(sharing) == before
    for kind in ("applications", "grants", "opinions"):
        action = Action(f"{kind.removesuffix('s')}.read")
        page = await sharing.call(GOVERNMENT, action, "GET", f"/v1/{kind}")
        assert page.json()[kind]


async def counts(sharing: Sharing) -> list[Any]:
    query = "SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM steps)"
    return [tuple(row) for row in await sharing.rows(query)]


@pytest.mark.parametrize(("method", "path", "action"), placed())
async def test_an_action_that_was_not_decided_opens_no_route(
    sharing: Sharing, method: str, path: str, action: Action
) -> None:
    """The gateway's word counts for the action it names and for no other."""
    other = Action.ENTRY_READ
    who: Principal = MARKET_OFFICER
    address = re.sub(r"{\w+}", "x-1", path)
    answer = await sharing.call(who, other, method, address, body_of(method, path))
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/not-admitted"


def test_every_matter_and_every_grant_is_among_them() -> None:
    paths = {path for _, path, _ in placed()}
    for expected in ("/v1/grants/{grant_id}/stop", "/v1/disputes/{dispute_id}/steps"):
        assert expected in paths
    assert len(paths) >= 25


def listing() -> list[tuple[str, Action]]:
    """Every external list that a department's officer may ask for."""
    return [
        (route.path, action)
        for route in flat(build(for_documents(SharingSettings)).routes)
        for guard in guards(route.dependant)
        for action in sorted(guard.actions)[:1]
        if "GET" in route.methods and route.path.startswith("/v1/") and "{" not in route.path
        if WHO[action] & DEPARTMENTS
    ]


async def listed(sharing: Sharing, by: Principal, ids: dict[str, str]) -> set[str]:
    """What somebody is told of by any list."""
    found = set()
    for path, action in listing():
        answer = await sharing.call(by, action, "GET", path)
        assert answer.status_code in {200, 403}, (path, answer.text)
        found |= {name for name, one in ids.items() if one in answer.text}
    return found


async def test_no_list_tells_a_third_department_of_it(sharing: Sharing) -> None:
    ids = await made(sharing)
    both = SCHOOLS_OFFICER.model_copy(update={"roles": DEPARTMENTS})
    own = await listed(sharing, MARKET_OFFICER, ids)
    assert own >= {"application_id", "grant_id", "correction_id", "dispute_id", "demand_id"}
    assert await listed(sharing, both, ids) == set()
