"""Every catalog route with a place, asked by another department's officer of every role a department has.

Each is refused, unless `SHOWN` says that any department may see it, or no role of a department is admitted
at all. The owner is not refused the same request, so it is the department that makes the difference.
"""

import json
from typing import Any

from catalog.aggregation_harness import dataset, town
from catalog.harness import ADMINISTRATOR, Catalog, identity
from catalog.samples import CIVIL, EDUCATION, content, officer, system
from httpx import Response
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action, admitted
from zhengshu_contracts.vocabulary import Role
from zhengshu_gateway import routes
from zhengshu_gateway.routes import PLACE, Kind, Route

TABLE = [
    each
    for each in routes.load().all
    if each.to == "catalog" and "{" in each.path and each.kind is not Kind.DATA
]
ROLES = (Role.DATA_OFFICER, Role.OFFICE_HEAD, Role.DEPARTMENT_ADMINISTRATOR)
OWN = officer(CIVIL, *ROLES, client="off-own")
FOREIGN = officer(EDUCATION, *ROLES, client="off-foreign")
DAYS = {"from": "2026-11-01", "until": "2027-03-01"}
SHOWN = {"GET /v1/datasets/{dataset}/example", "GET /v1/entries/{entry}/suspensions"}
"""What any department may see of another's: a made-up example, and why nothing is provided."""
ELSEWHERE = {
    "GET /v1/themes/{theme}",
    "PUT /v1/themes/{theme}",
    "POST /v1/themes/{theme}/consents",
}
"""Whose things take more to make: tried by `test_themes.py`."""
UNMEASURED = {"GET /v1/datasets/{dataset}/quality"}
"""Of a dataset of this moment there is none yet, not for the owner either."""


async def furnished(catalog: Catalog) -> dict[str, str]:
    """One of everything of a department; what stands in each place."""

    async def made(path: str, body: Any, by: Principal = OWN) -> dict[str, Any]:
        return await catalog.done("POST", path, body, by=by)

    pushing = await dataset(catalog)
    batch = (await pushing.pushed([town("350123001")]))["id"]
    one = (await made("/v1/systems", {"organization": CIVIL, "name": "救助"}, ADMINISTRATOR))["id"]
    away, deputy = [
        (
            await made(
                "/v1/officers", {"organization": CIVIL, "name": "李四", "roles": ["data_officer"]}
            )
        )["id"]
        for _ in range(2)
    ]
    named = await made(f"/v1/officers/{away}/deputies", {"deputy": deputy} | DAYS)
    vendor = {
        "name": "某某科技有限公司",
        "code": EDUCATION,
        "duties": "运行维护",
        "document": "合同 2026-1",
        "systems": [one],
        "until": "2027-03-01",
    }
    statement = await made(f"/v1/systems/{one}/statements", {})
    legacy = await made("/v1/legacy-systems", LEGACY)
    template = await catalog.http.get(
        "/v1/import-template", headers=identity(OWN, Action.ENTRY_IMPORT)
    )
    uploaded = await catalog.http.post(
        "/v1/imports", content=template.content, headers=identity(OWN, Action.ENTRY_IMPORT)
    )
    return {
        "client": one,
        "system": one,
        "legacy": legacy["id"],
        "vendor": (await made("/v1/vendors", vendor))["id"],
        "number": statement["number"],
        "officer": away,
        "deputy": deputy,
        "deputyship": named["id"],
        "entry": await catalog.compiled(OWN),
        "dataset": pushing.id,
        "batch": batch,
        "token": uploaded.json()["token"],
    }


LEGACY_STAGE = {"state": "dual_running"}
LEGACY = {
    "name": "原共享前置机",
    "description": "民政与教育之间",
    "interfaces": [{"code": "i0", "title": "接口", "entry": None}],
}


def bodies(places: dict[str, str]) -> dict[str, Any]:
    """What is sent, by the end of a path, so that each request is judged by whose the thing is."""
    return {
        "lock": {"reason": "停用"},
        "credential": {},
        "keys": {"keys": []},
        "subject": {"issuer": "https://id.example", "subject": "u"},
        "planned": {"planned": [{"title": "数据", "entry": None}]},
        "stage": {"stage": "built"},
        "statements": {},
        "deputies": {"deputy": places["deputy"]} | DAYS,
        "departure": {"successor": places["deputy"]},
        "{entry}": json.loads(content().model_dump_json()),
        "retirement": {"reason": "不再采集"},
        "review": {"outcome": "agree", "opinion": "同意"},
        "{system}": LEGACY,
        "counts": {
            "interface": "i0",
            "since": "2026-11-01T00:00:00Z",
            "until": "2026-11-02T00:00:00Z",
            "rows": 1,
        },
        "batches": [town("350123002")],
    }


async def ask(catalog: Catalog, route: Route, by: Principal, places: dict[str, str]) -> Response:
    if route.action is Action.DATASET_PUSH:
        by = system(by.organization or "")
    known = places | ({"system": places["legacy"]} if "legacy" in route.path else {})
    path = PLACE.sub(lambda place: known.get(place[1], "x-1"), route.path)
    end = route.path.rsplit("/", 1)[-1]
    body = LEGACY_STAGE if "legacy" in path and end == "stage" else bodies(places).get(end)
    headers = identity(by, route.action, dataset=known["dataset"] if "{dataset}" in path else None)
    sent = {} if body is None or route.method == "GET" else {"json": body}
    path += "?mode=upsert" if route.action is Action.DATASET_PUSH else ""
    return await catalog.http.request(route.method, path, headers=headers, **sent)


def admits(route: Route) -> bool:
    kind = system().kind if route.action is Action.DATASET_PUSH else FOREIGN.kind
    return admitted(route.action, kind, FOREIGN.roles)


async def test_what_is_one_departments_is_not_anothers(catalog: Catalog):
    places = await furnished(catalog)
    theirs = {
        each.route: await ask(catalog, each, FOREIGN, places)
        for each in TABLE
        if each.route not in ELSEWHERE
    }
    let_in = {route for route, answer in theirs.items() if answer.status_code not in {403, 404}}
    assert let_in == SHOWN, {route: theirs[route].text for route in let_in ^ SHOWN}
    assert {each.route for each in TABLE} >= ELSEWHERE | SHOWN | UNMEASURED
    for each in TABLE:
        if not admits(each):
            assert theirs[each.route].json()["type"] == "/problems/not-admitted", each.route


async def test_the_owner_is_not_refused_the_same(catalog: Catalog):
    places = await furnished(catalog)
    own = {
        each.route: await ask(catalog, each, OWN, places)
        for each in TABLE
        if admits(each) and each.route not in ELSEWHERE | UNMEASURED
    }
    refused = {name: one.text for name, one in own.items() if one.status_code in {403, 404, 500}}
    assert refused == {}


LISTS = [
    each
    for each in routes.load().all
    if each.to == "catalog" and each.method == "GET" and "{" not in each.path
    if each.action is not Action.ME_READ
]


async def listed(catalog: Catalog, by: Principal, places: dict[str, str]) -> set[tuple[str, str]]:
    """Which list tells somebody of what."""
    found = set()
    for each in LISTS:
        answer = await catalog.http.get(each.path, headers=identity(by, each.action))
        assert answer.status_code in {200, 403, 422}, (each.route, answer.text)
        found |= {(each.route, name) for name, one in places.items() if one in answer.text}
    return found


async def test_no_list_tells_another_department_of_it(catalog: Catalog):
    places = await furnished(catalog)
    own = {name for _, name in await listed(catalog, OWN, places)}
    assert own >= {"client", "vendor", "number", "officer", "entry", "token", "legacy"}
    published = {("GET /v1/entries", "dataset")}
    assert await listed(catalog, FOREIGN, places) == published
