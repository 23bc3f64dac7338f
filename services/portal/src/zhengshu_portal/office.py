"""An officer at the portal: whose session it is, what the roles admit, and forms that count once."""

import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import quote

import httpx
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response
from zhengshu import Client, Refused
from zhengshu.client import idempotent
from zhengshu_chassis.errors import NotFound
from zhengshu_contracts.problem import Problem
from zhengshu_contracts.roles import Action, admitted
from zhengshu_contracts.signin import Me
from zhengshu_contracts.vocabulary import OrganizationKind, PrincipalKind

from zhengshu_portal.forms import LARGEST, Form, NotSignedIn, Session, check, proof, read
from zhengshu_portal.pages import HEADERS, render
from zhengshu_portal.sessions import InDesk

NAMES_KEPT = 60.0
"""Seconds for which organisations' names are remembered."""
PRINTED = HEADERS | {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"
    )
}
"""A form that the node made is printed as it is: its own style, no script."""
_names: dict[str, tuple[float, dict[str, str]]] = {}
_entries: dict[tuple[str, str], tuple[float, dict[str, Any]]] = {}
ENTRIES_KEPT = 2000
"""How many entries' names are remembered at most."""


class PageNotFound(NotFound):
    """There is no such page, or not for this officer."""

    slug = "page-not-found"
    title = "没有这个页面"


@dataclass(frozen=True, slots=True)
class Officer:
    """A signed-in officer with the node as they see it."""

    node: Client
    session: str
    me: Me
    path: str = ""
    """Where the officer is."""
    once: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    def may(self, action: Action) -> bool:
        """Tell whether the roles admit an action: what is not theirs is not shown."""
        return admitted(action, PrincipalKind.OFFICER, self.me.roles)

    @property
    def oversees(self) -> bool:
        """Tell whether the officer is of the competent department."""
        return self.me.organization_kind is OrganizationKind.COMPETENT

    def names(self) -> dict[str, str]:
        """Return organisations' names by code."""
        kept = _names.get(self.node.url)
        if kept is None or kept[0] < time.monotonic():
            found = self.pages("/v1/organizations", "organizations", most=5000)
            names = {each["code"]: each["name"] for each in found}
            kept = _names[self.node.url] = (time.monotonic() + NAMES_KEPT, names)
        return kept[1]

    def entry(self, dataset: str) -> dict[str, Any]:
        """Return an entry for its title, its items' titles and its provider; nothing when there is none."""
        known = _entries.get((self.node.url, dataset))
        if known is None or known[0] < time.monotonic():
            try:
                found = self.node.get(f"/v1/entries/{quote(dataset, safe='')}")
            except Refused as refused:
                if refused.status >= 500:
                    raise
                found = {}
            if len(_entries) >= ENTRIES_KEPT:
                _entries.clear()
            known = _entries[self.node.url, dataset] = (time.monotonic() + NAMES_KEPT, found)
        return known[1]

    def organizations(self) -> list[tuple[str, str]]:
        """Return organisations to choose from."""
        return sorted(self.names().items(), key=lambda one: one[1])

    def pages(self, path: str, member: str, *, most: int, **params: Any) -> list[dict[str, Any]]:
        """Return what a list holds, following its pages until there are `most`."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while len(found) < most:
            page = self.node.get(
                path, limit=100, **params, **({"cursor": cursor} if cursor else {})
            )
            found += page[member]
            cursor = page.get("next")
            if not cursor:
                break
        return found[:most]

    def send(self, method: str, path: str, body: object, told: Form, **request: Any) -> Any:
        """Send what one showing of a form says, once however often it is sent; return the answer."""
        given = sorted((name, values) for name, values in told.several.items() if name != "proof")
        files = [one.digest for name in sorted(told.files) for one in told.files[name]]
        key = hashlib.sha256(repr((method, path, given, files)).encode()).hexdigest()
        headers = idempotent(f"portal-{key}") | request.pop("headers", {})
        content = {} if body is None else {"json": body}
        answer = self.node.call(method, path, headers=headers, **content, **request)
        return answer.json() if answer.content else {}

    def page(
        self, name: str, /, status: int = 200, *, refused: Problem | None = None, **values: Any
    ) -> HTMLResponse:
        """Return a page for this officer."""
        values |= {"officer": self, "me": self.me, "refused": refused}
        page = render(name, status, proof=proof(self.session), once=self.once, **values)
        page.headers["Cache-Control"] = "no-store"
        return page


def forget_names() -> None:
    """Ask anew what organisations and entries are called."""
    _names.clear()
    _entries.clear()


def officer(request: Request, session: Session, desk: InDesk) -> Officer:
    """Return who is signed in, with the node as they see it."""
    try:
        node = desk.client(session)
    except Refused as refused:
        if refused.status >= 500:
            raise
        raise NotSignedIn from refused
    return Officer(node, session, Me.model_validate(node.get("/v1/me")), request.url.path)


InOffice = Annotated[Officer, Depends(officer)]


async def own_form(request: Request, by: InOffice) -> Form:
    """Return the fields of a form that this session's own page sent."""
    fields = await read(request, LARGEST)
    check(request, fields, by.session)
    return fields


OwnForm = Annotated[Form, Depends(own_form)]


def relay(answer: httpx.Response, *, name: str | None = None) -> Response:
    """Pass on what the node made: a file to keep, or a page to print."""
    media = answer.headers.get("content-type", "application/octet-stream")
    if media.startswith("text/html"):
        return Response(answer.content, media_type=media, headers=PRINTED)
    told = answer.headers.get("content-disposition")
    saved = f'attachment; filename="{name}"' if name else "attachment"
    headers = HEADERS | {"Content-Disposition": saved if name or not told else told}
    return Response(answer.content, media_type=media, headers=headers)
