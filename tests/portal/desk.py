"""A signed-in portal before a node that is told what to say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import respx
from zhengshu_portal import office
from zhengshu_portal.main import build
from zhengshu_portal.schemas import solid
from zhengshu_portal.settings import PortalSettings

NODE = "http://node.test"
CIVIL, COMPETENT = "11350123003615100P", "113501230036150002"
TOKEN = {"access_token": "t", "token_type": "Bearer", "expires_in": 900, "refresh_token": "held"}
ORGANIZATIONS = [
    {"code": CIVIL, "name": "罗源县民政局"},
    {"code": COMPETENT, "name": "罗源县发展和改革局"},
]
ME = {
    "id": "off-1",
    "name": "李四",
    "account": "lisi",
    "organization": CIVIL,
    "organization_name": "罗源县民政局",
    "organization_kind": "department",
    "roles": ["data_officer"],
    "role_labels": ["数据专员"],
}
REVIEWER = ME | {
    "organization": COMPETENT,
    "organization_name": "罗源县发展和改革局",
    "organization_kind": "competent",
    "roles": ["competent_officer", "data_officer"],
    "role_labels": ["主管部门审核员", "数据专员"],
}
NOTHING = {"type": "/problems/entry-not-found", "title": "没有这个目录条目", "status": 404}
LISTS = {
    "/v1/entries": "entries",
    "/v1/applications": "applications",
    "/v1/opinions": "opinions",
    "/v1/grants": "grants",
    "/v1/corrections": "corrections",
    "/v1/objections": "objections",
    "/v1/disputes": "disputes",
    "/v1/demands": "demands",
    "/v1/open/proposals": "proposals",
    "/v1/imports": "imports",
    "/v1/themes": "themes",
    "/v1/notifications": "notifications",
    "/v1/todos": "todos",
}


@asynccontextmanager
async def desk(
    me: dict[str, Any] = ME,
) -> AsyncIterator[tuple[httpx.AsyncClient, respx.MockRouter]]:
    """Sign in as somebody; every list of the node is empty until a test says otherwise."""
    office.forget_names()
    app = build(PortalSettings(port=1, gateway_url=NODE, public_url="http://public.test"))
    transport = httpx.ASGITransport(app)
    with respx.mock(base_url=NODE, assert_all_called=False) as node:
        node.post("/oauth2/token").respond(json=TOKEN)
        node.get("/v1/me").respond(json=me)
        node.get("/v1/organizations").respond(json={"organizations": ORGANIZATIONS, "next": None})
        for path, member in LISTS.items():
            node.get(path).respond(json={member: [], "next": None})
        node.get(url__regex=rf"{NODE}/v1/entries/(%3Cdataset%3E|null)$").respond(404, json=NOTHING)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://portal.test") as portal,
        ):
            await sign_in(portal)
            yield portal, node


async def sign_in(portal: httpx.AsyncClient) -> None:
    begun = await portal.get("/signin/start")
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
    back = await portal.get("/signin/callback", params={"code": "k", "state": state})
    assert (back.status_code, back.headers["location"]) == (303, "/my")


def hidden(page: str, name: str) -> str:
    """Return what a hidden field of a page holds."""
    return page.split(f'name="{name}" value="')[1].split('"', maxsplit=1)[0]


def proofs(page: str) -> dict[str, str]:
    """Return what every form of a page carries."""
    return {name: hidden(page, name) for name in ("proof", "once")}


def sent(node: respx.MockRouter, method: str, path: str) -> list[httpx.Request]:
    """Return the requests that the node got."""
    calls = [call.request for call in node.calls]
    return [one for one in calls if (one.method, one.url.path) == (method, path)]


class Barriers(HTMLParser):
    """What keeps people from a page who hear it or use the keyboard alone; empty when nothing does."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._ids: list[str] = []
        self._for: set[str] = set()
        self._fields: list[str] = []
        self._within = self._headings = 0
        self.feed(page)
        self.found += [f"id {name} twice" for name in set(self._ids) if self._ids.count(name) > 1]
        self.found += [f"{name} without a label" for name in self._fields if name not in self._for]
        if self._headings != 1:
            self.found.append(f"{self._headings} first headings")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self._ids += [told["id"]] if "id" in told else []
        self._within += tag == "label"
        self._headings += tag == "h1"
        if tag == "label":
            self._for.add(told.get("for", ""))
        if tag == "html" and told.get("lang") != "zh-CN":
            self.found.append("language")
        hidden = told.get("type") == "hidden" or "aria-label" in told or self._within
        if tag in {"input", "select", "textarea"} and not hidden:
            self._fields.append(told.get("id", told.get("name", "")))

    def handle_endtag(self, tag: str) -> None:
        self._within -= tag == "label"


def sample(schema: dict[str, Any], node: dict[str, Any] | None = None, name: str = "") -> Any:
    """Return something that a contract would allow: every member, the simplest value."""
    found = solid(schema, schema if node is None else node)
    kind = found.get("type")
    if kind == "object":
        members = found.get("properties", {})
        return {key: sample(schema, member, key) for key, member in members.items()}
    if kind == "array":
        return [sample(schema, found.get("items", {}), name)]
    if "oneOf" in found:
        return {"kind": "hash"}
    return _scalar(found, name)


def _scalar(node: dict[str, Any], name: str) -> Any:
    if "default" in node and node["default"] is not None:
        return node["default"]
    if "enum" in node:
        return node["enum"][0]
    simple = {"integer": 1, "number": 1, "boolean": False}
    dates = {"date": "2026-12-01", "date-time": "2026-11-22T00:00:00Z"}
    text = CIVIL if "18}" in node.get("pattern", "") else f"<{name}>"
    return simple.get(node.get("type", ""), dates.get(node.get("format", ""), text))
