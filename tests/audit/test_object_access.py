"""Every route of audit with a place: what waits for a person is the node's, and no department's affair.

What has no place in its path (accesses, leaves, proofs) is in `test_accesses.py` and `test_api.py`. The
routes are the gateway's: one that is added without an answer here fails.
"""

import pytest
from support.ledger import caller, running, settings
from zhengshu_contracts.vocabulary import PrincipalKind, Role
from zhengshu_gateway import routes
from zhengshu_gateway.routes import PLACE

TABLE = [each for each in routes.load().all if each.to == "audit" and "{" in each.path]
EXPECTED = {
    "POST /v1/dispatches/audit/{dispatch}/retry",
    "POST /v1/dead-letters/audit/{stream}/{event}/retry",
}
PROVIDER = "11350123003612345A"
NOBODY_S_AFFAIR = [
    {"kind": PrincipalKind.OFFICER, "roles": set(Role) - {Role.OPERATOR}, "organization": PROVIDER},
    {"kind": PrincipalKind.SYSTEM, "roles": set(), "organization": PROVIDER},
    {"kind": PrincipalKind.APPLICANT, "roles": set(Role), "organization": PROVIDER},
    {"kind": PrincipalKind.PUBLIC, "roles": set(Role)},
]


def test_every_route_with_a_place_has_its_answer():
    assert {each.route for each in TABLE} == EXPECTED


@pytest.fixture
async def app(made):
    async with running(settings(made)) as app:
        yield app


async def test_no_department_tries_again_what_waits(app):
    for route in TABLE:
        path = PLACE.sub("x-1", route.path)
        for who in NOBODY_S_AFFAIR:
            async with caller(app, route.action, **who) as client:
                answer = await client.request(route.method, path)
            told = (answer.status_code, answer.json()["type"])
            assert told == (403, "/problems/not-admitted"), (path, who)
        async with caller(app, route.action, roles={Role.OPERATOR}) as client:
            assert (await client.request(route.method, path)).status_code == 404
