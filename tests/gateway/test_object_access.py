"""Every route of the table with two departments: nobody is taken for another, nothing of one's is another's.

What is whose among applications, cases or drafts is judged by the service that owns them and tested there
(`tests/sharing/test_object_access.py` and its like); here is that each hears truly who asks and for what.
"""

import pytest
from support.gateway_harness import PROVIDER, READER, client, dataset, item
from zhengshu_contracts.policy import client_key, dataset_key
from zhengshu_contracts.roles import Action, admitted
from zhengshu_contracts.vocabulary import Role
from zhengshu_gateway import routes
from zhengshu_gateway.routes import BARE, OWN, PLACE, Kind

TABLE = routes.load().all
SECRET = "303084122704-000077"
PLACES = {"dataset": SECRET, "format": "csv"}
BARE_ANSWERS = {Kind.TOKEN: {400}, Kind.SIGN_IN: {400, 401}, Kind.KEYS: {200}, Kind.CALLBACK: {401}}
"""What nobody gets where another proof than a token is asked for: nothing, and no service hears of it."""
ANSWERED = [each for each in TABLE if each.kind not in OWN]


def path_of(route):
    return PLACE.sub(lambda place: PLACES.get(place[1], "x-1"), route.path)


async def ask(node, route, caller=None, **headers):
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    told |= node.bearer(caller) if caller else {}
    return await node.http.request(route.method, path_of(route), headers=told)


@pytest.fixture
async def departments(node):
    """Two departments, each with a system and an officer of every role; a dataset that one withholds."""
    for name, organization in (("own", PROVIDER), ("other", READER)):
        await node.put(client_key("catalog", f"sys-{name}"), client(f"sys-{name}", organization))
        officer = client(f"off-{name}", organization, roles=tuple(Role))
        await node.put(client_key("catalog", f"off-{name}"), officer)
    record = dataset(item("a", "withheld"), item("b", "conditional"), id=SECRET, key=("a",))
    await node.put(dataset_key("catalog", SECRET), record)
    node.parts.pipeline.limits._buckets.clear()
    return node


def heard(node):
    return [seen for service in node.services.values() for seen in service.seen]


@pytest.mark.parametrize("route", TABLE, ids=lambda route: route.route)
async def test_nobody_is_nobody(departments, route):
    """Without a token only what is public is reached, whatever else the caller claims to be."""
    response = await ask(departments, route, zhengshu_identity="e30.e30", x_client_id="sys-own")
    reached = heard(departments)
    if route.kind in BARE:
        assert (response.status_code in BARE_ANSWERS[route.kind], reached) == (True, [])
    elif not route.anonymous:
        assert (response.status_code, response.json()["type"]) == (401, "/problems/token-missing")
        assert reached == []
    elif route.kind is Kind.PUBLIC:
        assert [seen.identity.principal.id for seen in reached] == ["anonymous"]
    else:  # rows: of a dataset that is not open
        assert (response.status_code in {403, 404}, reached) == (True, [])


@pytest.mark.parametrize("caller", ["sys-own", "sys-other", "off-own", "off-other"])
@pytest.mark.parametrize("route", ANSWERED, ids=lambda route: route.route)
async def test_the_service_hears_who_asks_or_nothing(departments, route, caller):
    response = await ask(departments, route, caller, zhengshu_identity="e30.e30")
    principal = departments.parts.pipeline.authenticator.named(caller).principal
    if not admitted(route.action, principal.kind, principal.roles):
        assert (response.status_code, heard(departments)) == (403, [])
        return
    if route.kind is not Kind.DATA and response.status_code != 403:
        assert len(heard(departments)) == 1
    if response.status_code == 403:
        ruled = route.kind is Kind.DATA or route.action is Action.DATASET_PUSH
        assert (ruled, heard(departments)) == (True, [])
    for seen in heard(departments):
        told = seen.identity
        assert (told.principal.id, told.action) == (caller, route.action)
        assert told.principal.organization == principal.organization
        assert told.dataset == (SECRET if "{dataset}" in route.path else None)


@pytest.mark.parametrize("caller", ["sys-other", "off-other"])
@pytest.mark.parametrize(
    "route",
    [each for each in ANSWERED if each.kind is Kind.DATA or each.action is Action.DATASET_PUSH],
    ids=lambda route: route.route,
)
async def test_what_one_withholds_the_other_neither_reads_nor_writes(departments, route, caller):
    response = await ask(departments, route, caller)
    assert response.status_code in {403, 404}
    assert heard(departments) == []
