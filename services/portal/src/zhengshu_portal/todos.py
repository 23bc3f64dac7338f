"""The staff start page: what waits for this officer, the most urgent first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse
from zhengshu_contracts.clocks import Term
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import EntryState

from zhengshu_portal.forms import Session
from zhengshu_portal.kinds import KINDS
from zhengshu_portal.kinds.shape import Kind
from zhengshu_portal.office import InOffice, Officer, own_form
from zhengshu_portal.sessions import InDesk

router = APIRouter(include_in_schema=False)
FAR = 2000
"""How far a list is followed for what waits; what is done makes room for the next."""
LATER = "9999"
"""Sorts what has no due date behind what has."""


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing that waits."""

    kind: str
    title: str
    link: str
    due: str | None = None
    provisional: bool = False


@router.get("/my")
def show(by: InOffice) -> HTMLResponse:
    """待办:等待我办理的事项,最紧迫的在前。"""
    todos = sorted(waiting(by), key=lambda one: (one.due or LATER, one.kind, one.title))
    return by.page("todos.html", todos=todos, unread=unread(by))


@router.post("/signout", dependencies=[Depends(own_form)])
def sign_out(session: Session, desk: InDesk) -> RedirectResponse:
    """退出登录。"""
    desk.end(session)
    response = RedirectResponse("/", 303)
    response.delete_cookie("zhengshu_session", path="/")
    return response


def unread(by: Officer) -> str:
    """Return how many notices the organisation has not read: as many as a page holds, or more."""
    if not by.may(Action.NOTICE_READ):
        return "0 条"
    page = by.node.get("/v1/notifications", unread="true", limit=100)
    return f"{len(page['notifications'])}{' 条以上' if page['next'] else ' 条'}"


def waiting(by: Officer) -> Iterator[Todo]:
    """Yield everything that waits for the officer."""
    yield from entries(by)
    yield from imports(by)
    for kind in KINDS.values():
        if kind.waits and by.may(kind.read):
            yield from of_kind(kind, by)


def of_kind(kind: Kind, by: Officer) -> Iterator[Todo]:
    """Yield what waits of one kind."""
    assert kind.waits is not None
    lists = [by.pages(kind.path, kind.member, most=FAR, **asked) for asked in kind.asked]
    for one in {one[kind.key]: one for each in lists for one in each}.values():
        if kind.waits(one, by):
            told = [str(one[name]) for name in ("number", "title", "purpose") if one.get(name)]
            yield Todo(
                kind.title,
                " ".join(told[:2]),
                f"/my/{kind.name}/{one[kind.key]}",
                one.get("due"),
                bool(one.get("due_provisional")),
            )


def imports(by: Officer) -> Iterator[Todo]:
    """Yield imports whose entries taken over as they stand wait for review."""
    if by.may(Action.IMPORT_REVIEW):
        for one in by.pages("/v1/imports", "imports", most=FAR, waiting="true"):
            title = by.names().get(one["provider"], one["provider"])
            yield Todo("存量登记审核", title, f"/my/imports/{one['token']}")


def entries(by: Officer) -> Iterator[Todo]:
    """Yield entries to review, and the department's own to mend."""
    if by.may(Action.ENTRY_REVIEW):
        dues = clocks(by, Term.CATALOGUE_REVIEW)
        for one in listed(by, state=EntryState.SUBMITTED.value):
            due, link = dues.get(one["id"]), f"/my/catalogue/{one['id']}/review"
            yield Todo("目录审核", one["title"], link, *(due or ()))
    if by.may(Action.ENTRY_COMPILE):
        mine = by.me.organization
        dues = clocks(by, Term.CATALOGUE_UPDATE)
        for one in listed(by, state=EntryState.RETURNED.value, provider=mine):
            due, link = dues.get(one["id"]), f"/my/catalogue/{one['id']}"
            yield Todo("目录退回修改", one["title"], link, *(due or ()))
        for one in listed(by, mending="true", provider=mine):
            link = f"/my/catalogue/{one['id']}"
            yield Todo("存量目录补齐", one["title"], link, one.get("mend_by"))


def clocks(by: Officer, term: Term) -> dict[str, tuple[str, bool]]:
    """Return by when each matter of a kind is to be done, and whether that is provisional."""
    if not by.may(Action.CLOCK_READ):
        return {}
    found = by.pages("/v1/clocks", "clocks", most=FAR, term=term.value)
    return {one["matter"]: (one["due"], one["due_provisional"]) for one in found}


def listed(by: Officer, **asked: Any) -> list[dict[str, Any]]:
    """Return entries that the node lists."""
    return by.pages("/v1/entries", "entries", most=FAR, **asked)
