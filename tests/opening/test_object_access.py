"""Every route of opening with a place, asked for what is another's: each has its answer written down here.

The routes are the gateway's: one that is added without an answer fails.
"""

from typing import Any

import pytest
from opening.test_applications import NOTICE_ITEMS, NOTICES, WATER_OFFICER, Outside
from opening.world import EDUCATION, OFFICER, OUTAGES, RESEARCH, REVIEWER, Export, World
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import PrincipalKind, Role
from zhengshu_gateway import routes
from zhengshu_gateway.routes import PLACE, Route

TABLE = [each for each in routes.load().all if each.to == "opening" and "{" in each.path]
ROLES = frozenset({Role.DATA_OFFICER, Role.OFFICE_HEAD, Role.DEPARTMENT_ADMINISTRATOR})
DEPARTMENT = OFFICER.model_copy(update={"id": "off-foreign", "roles": ROLES})
APPLICANT = Principal(id="app-foreign", kind=PrincipalKind.APPLICANT, organization=RESEARCH)
NOT_ADMITTED = (403, "not-admitted")
ANYBODY = (200, None)
EXPECTED = {
    "GET /v1/open/proposals/{proposal}": {
        DEPARTMENT: (404, "proposal-unknown"),
        APPLICANT: NOT_ADMITTED,
    },
    "POST /v1/open/proposals/{proposal}/review": {
        DEPARTMENT: NOT_ADMITTED,
        APPLICANT: NOT_ADMITTED,
    },
    "GET /v1/open/applications/{application}": {
        DEPARTMENT: NOT_ADMITTED,
        APPLICANT: (404, "open-application-unknown"),
    },
    "GET /v1/open/datasets/{dataset}": {DEPARTMENT: ANYBODY, APPLICANT: ANYBODY},
    "GET /v1/open/datasets/{dataset}/files/{format}": {
        DEPARTMENT: (403, "authorization-required"),
        APPLICANT: (403, "authorization-required"),
    },
    "POST /v1/dispatches/opening/{dispatch}/retry": {
        DEPARTMENT: NOT_ADMITTED,
        APPLICANT: NOT_ADMITTED,
    },
    "POST /v1/dead-letters/opening/{stream}/{event}/retry": {
        DEPARTMENT: NOT_ADMITTED,
        APPLICANT: NOT_ADMITTED,
    },
}
"""What another department's officer and another applicant hear."""


@pytest.fixture
async def places(world: World) -> dict[str, str]:
    """A department's listing for authorised applicants, and what stands in each place."""
    world.exports(OUTAGES, Export(NOTICES))
    await world.listed(OUTAGES, WATER_OFFICER, items=NOTICE_ITEMS, title="停水通知")
    applicant = await Outside.register(world)
    application = (await applicant.apply()).json()["id"]
    [proposal] = await world.rows("SELECT id FROM proposals")
    [dispatch, *_] = await world.rows("SELECT id FROM dispatches")
    return {
        "proposal": proposal["id"],
        "application": application,
        "applicant": applicant.who.id,
        "dataset": OUTAGES,
        "format": "csv",
        "dispatch": dispatch["id"],
        "stream": "EVENTS",
        "event": "e-1",
    }


async def ask(world: World, route: Route, who: Principal, places: dict[str, str]) -> Any:
    path = PLACE.sub(lambda place: places[place[1]], route.path)
    sent = {"json": {"outcome": "agree", "opinion": "同意"}} if "review" in path else {}
    about = OUTAGES if "{dataset}" in route.path else None
    answer = await world.call(route.method, path, who, route.action, about=about, **sent)
    refused = answer.status_code >= 400
    slug = answer.json()["type"].removeprefix("/problems/") if refused else None
    return answer.status_code, slug


def test_every_route_with_a_place_has_its_answers():
    assert {each.route for each in TABLE} == set(EXPECTED)
    assert DEPARTMENT.organization == EDUCATION


async def test_what_is_one_s_is_not_another_s(world: World, places: dict[str, str]):
    before = await world.told()
    heard = {
        each.route: {who: await ask(world, each, who, places) for who in (DEPARTMENT, APPLICANT)}
        for each in TABLE
    }
    assert heard == EXPECTED
    assert await world.told() == before


async def test_whose_it_is_reads_it(world: World, places: dict[str, str]):
    """The same requests: it is whose the thing is that makes the difference."""
    applicant = APPLICANT.model_copy(update={"id": places["applicant"]})
    own = {"proposals": (WATER_OFFICER, REVIEWER), "applications": (applicant, REVIEWER)}
    for route in TABLE:
        if route.method == "GET":
            for who in own.get(route.path.split("/")[3], ()):
                assert await ask(world, route, who, places) == ANYBODY, (route.route, who.id)
