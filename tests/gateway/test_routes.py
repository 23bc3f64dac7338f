"""The table of routes: what is unsound refuses to boot; what services offer and what is routed agree."""

import importlib
import re

import pytest
from fastapi.routing import APIRoute
from zhengshu_chassis import auth
from zhengshu_chassis.problems import MethodNotAllowed, NoSuchPath
from zhengshu_chassis.settings import for_documents
from zhengshu_contracts.roles import Action
from zhengshu_gateway import routes
from zhengshu_gateway.main import build
from zhengshu_gateway.routes import OWN, SERVICES, BadRoutes, Kind, load

GOOD = {
    "route": "GET /v1/things/{thing}",
    "to": "catalog",
    "action": "entry.read",
    "kind": "control",
    "title": "看",
}


def table(*changes):
    import yaml

    return load(
        yaml.safe_dump({"routes": [GOOD | change for change in changes]}, allow_unicode=True)
    )


def test_the_shipped_table_is_sound():
    assert len(load().all) > 40


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "entry.steal"},
        {"action": None},
        {"to": "nowhere"},
        {"to": "gateway"},
        {"kind": "open"},
        {"kind": "public"},
        {"kind": "token"},
        {"route": "FETCH /v1/things"},
        {"route": "GET v1/things"},
        {"route": "GET /internal/dispatches"},
        {"route": "GET /v1/things/%7Bx%7D"},
        {"action": "internal"},
        {"action": "dataset.query"},
        {"kind": "data"},
        {"route": "GET /v1/x/{dataset}", "kind": "data", "action": "dataset.query"},
        {
            "route": "GET /v1/x/{dataset}",
            "kind": "data",
            "action": "dataset.query",
            "mode": "export",
        },
        {"kind": "data", "action": "dataset.query", "mode": "query"},
        {"mode": "query"},
        {"admit_stale": True},
        {"surprise": 1},
    ],
)
def test_an_unsound_route_refuses_to_boot(fault):
    with pytest.raises(BadRoutes):
        table(fault)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("GET /v1/things/{a}", "GET /v1/things/{b}"),
        ("GET /v1/things/{a}", "GET /v1/things/new"),
        ("GET /v1/things/{a}/x", "POST /v1/things/new/x"),
    ],
)
def test_a_path_that_could_mean_two_routes_refuses_to_boot(first, second):
    with pytest.raises(BadRoutes):
        table({"route": first}, {"route": second})


def test_the_gateway_does_not_start_with_an_unsound_table(monkeypatch):
    monkeypatch.setattr(routes, "load", lambda: table({"action": None}))
    with pytest.raises(BadRoutes):
        build(None)


class TestMatch:
    TABLE = load()

    def test_fills_the_places(self):
        route, places = self.TABLE.match("GET", "/v1/open/datasets/1-2/files/csv")
        assert (route.action, places) == (Action.OPEN_READ, {"dataset": "1-2", "format": "csv"})

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "/",
            "/v1",
            "/v1/entries/",
            "/v1/entries/a/b",
            "/v1/entries/..",
            "/v1/entries/%41",
            "/v1/entries/a;b",
            "/v1/ENTRIES",
            "/V1/entries",
            "/v1/entries/a\x00",
            "/v1/entries//x",
        ],
    )
    def test_knows_nothing_else(self, path):
        with pytest.raises(NoSuchPath):
            self.TABLE.match("GET", path)

    def test_names_the_methods_there_are(self):
        with pytest.raises(MethodNotAllowed) as refused:
            self.TABLE.match("DELETE", "/v1/entries/x")
        assert refused.value.headers == {"Allow": "GET, PUT"}


def offered(service):
    """Yield every external route of a service with the actions its guard admits."""
    module = importlib.import_module(f"zhengshu_{service}.main")
    settings = importlib.import_module(f"zhengshu_{service}.settings")
    kind = getattr(settings, f"{service.capitalize()}Settings")
    for route in flat(module.build(for_documents(kind)).routes):
        if route.path.startswith(("/v1/", "/api/")):
            actions = {action for guard in auth.guards(route.dependant) for action in guard.actions}
            for method in route.methods:
                yield f"{method} {shape(route.path)}", actions


def flat(found):
    for route in found:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from flat(getattr(getattr(route, "original_router", route), "routes", []))


def shape(path):
    return re.sub(r"\{\w+\}", "{}", path)


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_what_a_service_offers_is_routed_and_the_other_way_round(service):
    routed = {
        f"{route.method} {shape(route.path)}": route.action
        for route in load().all
        if route.to == service
    }
    found = dict(offered(service))
    assert set(routed) == set(found)
    assert [path for path, action in routed.items() if action not in found[path]] == []


def test_every_kind_of_its_own_has_one_route_and_the_sign_in_its_five_steps():
    kinds = [route.kind for route in load().all if route.kind in OWN]
    assert sorted(kinds) == sorted([*OWN, *4 * [Kind.SIGN_IN]])
    assert Kind.DATA not in OWN
