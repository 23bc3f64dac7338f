"""Every route is guarded, or stands here with the reason why not."""

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from support.tiny.main import build as build_tiny
from support.tiny.settings import TinySettings
from zhengshu_chassis.auth import Guard, guards
from zhengshu_chassis.settings import for_documents

from architecture.deployables import applications, names

OPEN = {"/health/live", "/health/ready", "/metrics", "/openapi.json"}
PAGES = {
    "zhengshu_commission": {"/"}
}  # an empty page; what it shows it fetches with the desk's token
OTHER_DOORS = {
    # The municipal platform knows neither our gateway nor its token: signatures and the desk's token.
    "zhengshu_commission": {"signed", "at_desk"},
}
WITHOUT = {
    "zhengshu_portal": "pages on the public API; what it may is what the gateway lets its caller",
    "zhengshu_gateway": "its routes.yaml names an action for each path; tests/gateway proves it",
}


def calls(dependant: Dependant) -> set[str]:
    """Return the names of everything a route depends on."""
    found = {getattr(dependant.call, "__name__", "")}
    for inner in dependant.dependencies:
        found |= calls(inner)
    return found


def unguarded(app: FastAPI, doors: set[str], pages: set[str] = frozenset()) -> list[str]:
    """Return the routes of an application that nobody guards."""
    found = []
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if context.path in OPEN | pages:
            continue
        # Looked up on the route itself: idempotency finds the guard there, too.
        if isinstance(route, APIRoute) and (
            any(guards(route.dependant)) or calls(route.dependant) & doors
        ):
            continue
        found.append(f"{context.methods} {context.path}")
    return found


@pytest.mark.parametrize("name", sorted(set(names()) - set(WITHOUT)))
def test_every_route_has_a_guard(name: str):
    app = applications()[name]
    assert unguarded(app, OTHER_DOORS.get(name, set()), PAGES.get(name, set())) == []


def test_a_route_without_one_is_found():
    app = build_tiny(for_documents(TinySettings))
    assert unguarded(app, set()) == []

    @app.get("/v1/forgotten")
    async def forgotten() -> None:
        """忘了"""

    assert unguarded(app, set()) == ["{'GET'} /v1/forgotten"]


def test_a_guard_names_what_it_admits():
    """A guard without an action would admit nobody; a service that has one did not mean it."""
    for name in set(names()) - set(WITHOUT):
        for context in iter_route_contexts(applications()[name].routes):
            route = context.original_route
            if isinstance(route, APIRoute):
                assert all(guard.actions for guard in guards(route.dependant)), context.path
    assert Guard().actions == frozenset()
