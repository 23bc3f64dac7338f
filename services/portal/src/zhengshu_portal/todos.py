"""The staff start page: what waits for this officer, the most urgent first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import TodoKind
from zhengshu_contracts.vocabulary import EntryState

from zhengshu_portal.forms import Session
from zhengshu_portal.kinds import KINDS
from zhengshu_portal.kinds.shape import Kind
from zhengshu_portal.naming import place_of
from zhengshu_portal.office import InOffice, Officer, own_form
from zhengshu_portal.sessions import InDesk

router = APIRouter(include_in_schema=False)
FAR = 2000
"""How far a list is followed for what waits; what is done makes room for the next."""
MOST = 500
"""How many to-dos the node is asked for."""
UPDATE = TodoKind.CATALOGUE_UPDATE
LATER = "9999"
"""Sorts what has no due date behind what has."""
Clocked = Mapping[str, Mapping[str, Any]]
"""The catalogue's to-dos that have a clock, by entry."""


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing that waits."""

    kind: str
    title: str
    link: str
    due: str | None = None
    provisional: bool = False
    basis: str | None = None


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
    """Yield everything that waits for the officer: what the node lists, and what has no clock there."""
    told = by.node.get("/v1/todos", limit=MOST)["todos"] if by.may(Action.TODO_READ) else []
    clocked: dict[str, dict[str, Any]] = {}
    for one in told:
        if one["kind"] in (TodoKind.CATALOGUE_REVIEW, UPDATE):
            clocked[one["matter"]] = one
        else:
            yield todo(one["kind_label"], one["title"], place_of(one["matter"]) or "/my", one)
    yield from entries(by, clocked)
    yield from imports(by)
    for kind in KINDS.values():
        if kind.waits and by.may(kind.read):
            yield from of_kind(kind, by)


def todo(kind: str, title: str, link: str, clock: Mapping[str, Any] | None) -> Todo:
    """Return one thing that waits, with its deadline if one runs."""
    told = clock or {}
    provisional = bool(told.get("due_provisional"))
    return Todo(kind, title, link, told.get("due"), provisional, told.get("due_basis"))


def of_kind(kind: Kind, by: Officer) -> Iterator[Todo]:
    """Yield what waits of one kind."""
    assert kind.waits is not None
    lists = [by.pages(kind.path, kind.member, most=FAR, **asked) for asked in kind.asked]
    for one in {one[kind.key]: one for each in lists for one in each}.values():
        if kind.waits(one, by):
            yield Todo(kind.title, str(one["title"]), f"/my/{kind.name}/{one[kind.key]}")


def imports(by: Officer) -> Iterator[Todo]:
    """Yield imports whose entries taken over as they stand wait for review."""
    if by.may(Action.IMPORT_REVIEW):
        for one in by.pages("/v1/imports", "imports", most=FAR, waiting="true"):
            title = by.names().get(one["provider"], one["provider"])
            yield Todo("审核存量登记", title, f"/my/imports/{one['token']}")


def entries(by: Officer, clocked: Clocked) -> Iterator[Todo]:
    """Yield entries to review, and the department's own to mend."""
    if by.may(Action.ENTRY_REVIEW):
        for one in listed(by, state=EntryState.SUBMITTED.value):
            link = f"/my/catalogue/{one['id']}/review"
            yield todo(TodoKind.CATALOGUE_REVIEW.label, one["title"], link, clocked.get(one["id"]))
    if by.may(Action.ENTRY_COMPILE):
        mine = by.me.organization
        owed = {entry: one["title"] for entry, one in clocked.items() if one["kind"] == UPDATE}
        for one in listed(by, state=EntryState.RETURNED.value, provider=mine):
            owed[one["id"]] = one["title"]
        for entry, title in owed.items():
            yield todo(UPDATE.label, title, f"/my/catalogue/{entry}", clocked.get(entry))
        for one in listed(by, mending="true", provider=mine):
            link = f"/my/catalogue/{one['id']}"
            yield Todo("补齐存量目录", one["title"], link, one.get("mend_by"))


def listed(by: Officer, **asked: Any) -> list[dict[str, Any]]:
    """Return entries that the node lists."""
    return by.pages("/v1/entries", "entries", most=FAR, **asked)
