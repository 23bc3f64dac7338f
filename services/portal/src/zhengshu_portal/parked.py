"""What waits for an operator: dispatches the city refused, messages no handler took; tried again here."""

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from zhengshu import Refused
from zhengshu_contracts.dispatch import DeadLetterOut, ParkedOut
from zhengshu_contracts.roles import Action

from zhengshu_portal.forms import Form
from zhengshu_portal.office import InOffice, Officer, OwnForm, PageNotFound
from zhengshu_portal.showing import Shown

router = APIRouter(include_in_schema=False)
SERVICES = {"catalog": "目录", "sharing": "共享", "opening": "开放", "audit": "存证"}
"""Who keeps such things, and what people call them."""
FAR = 500
"""As many of one service as a page lists; what is settled makes room for the next."""
Service = Literal["catalog", "sharing", "opening", "audit"]


@dataclass(frozen=True, slots=True)
class What:
    """One of the two things that wait: where they are listed, what is shown, what names one."""

    place: str
    member: str
    model: type[BaseModel]
    columns: tuple[str, ...]
    key: tuple[str, ...]


DISPATCHES = What(
    "dispatches",
    "dispatches",
    ParkedOut,
    ("kind", "subject", "attempts", "reason", "created_at"),
    ("id",),
)
LETTERS = What(
    "dead-letters",
    "letters",
    DeadLetterOut,
    ("stream", "event", "subject", "error", "at"),
    ("stream", "event"),
)


@router.get("/my/parked")
def show(by: InOffice, done: str = "") -> HTMLResponse:
    """搁置件:被拒收的转报件与无法处理的消息。"""
    return page(by, done=done == "retry")


@router.post("/my/parked/dispatches/{service}/{dispatch}", response_model=None)
def retry_dispatch(service: Service, dispatch: str, said: OwnForm, by: InOffice) -> Response:
    """重新转报。"""
    return retry(by, f"/v1/dispatches/{service}/{quote(dispatch, safe='')}/retry", said)


@router.post("/my/parked/dead-letters/{service}/{stream}/{event}", response_model=None)
def retry_letter(
    service: Service, stream: str, event: str, said: OwnForm, by: InOffice
) -> Response:
    """重新处理消息。"""
    place = f"{quote(stream, safe='')}/{quote(event, safe='')}"
    return retry(by, f"/v1/dead-letters/{service}/{place}/retry", said)


def retry(by: Officer, path: str, said: Form) -> Response:
    """Try again; what fails again stays listed, with the reason above it."""
    try:
        by.send("POST", path, None, said)
    except Refused as refused:
        return page(by, refused=refused)
    return RedirectResponse("/my/parked?done=retry", 303)


def page(by: Officer, *, done: bool = False, refused: Refused | None = None) -> HTMLResponse:
    """Return what waits at every service; one that does not answer hides no other."""
    if not by.may(Action.PARKED_READ):
        raise PageNotFound("您的角色看不到搁置件", next="请从“待办”进入")
    return by.page(
        "parked.html",
        refused.status if refused else 200,
        refused=refused.problem if refused else None,
        done=done,
        retries=by.may(Action.PARKED_RETRY),
        dispatches=[listed(DISPATCHES, service, by) for service in SERVICES],
        letters=[listed(LETTERS, service, by) for service in SERVICES],
    )


def listed(what: What, service: str, by: Officer) -> dict[str, Any]:
    """Return one service's table: its heads, and its rows with where each is tried again."""
    shown, silent = Shown(what.model, by.names()), None
    try:
        found = followed(by, f"/v1/{what.place}/{service}", what.member)
    except Refused as refused:
        found, silent = [], refused.problem
    return {
        "title": SERVICES[service],
        "silent": silent,
        "heads": [shown.label(name) for name in what.columns],
        "rows": [
            {
                "cells": [shown.one(one, name) for name in what.columns],
                "retry": f"/my/parked/{what.place}/{service}/{key_of(what, one)}",
            }
            for one in found
        ],
    }


def key_of(what: What, one: dict[str, Any]) -> str:
    """Return what names one in a path."""
    return "/".join(quote(one[name], safe="") for name in what.key)


def followed(by: Officer, path: str, member: str) -> list[dict[str, Any]]:
    """Return what a list holds, page after page."""
    found: list[dict[str, Any]] = []
    after: str | None = None
    while len(found) < FAR:
        page = by.node.get(path, **({"after": after} if after else {}))
        found += page[member]
        after = page.get("next")
        if not after:
            break
    return found
