"""What waits for a signed-in officer, and the forms to act on it. What is allowed the node decides."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from zhengshu import Client, Refused
from zhengshu.client import idempotent
from zhengshu_contracts.catalog import EntryList, EntryOut
from zhengshu_contracts.grounds import RefusalGround
from zhengshu_contracts.roles import Action, admitted
from zhengshu_contracts.sharing import ApplicationList, ApplicationOut, OpinionList, OpinionOut
from zhengshu_contracts.signin import Me
from zhengshu_contracts.vocabulary import (
    ApplicationState,
    OpinionState,
    PrincipalKind,
)

from zhengshu_portal.forms import Form, NotSignedIn, OwnForm, Session, proof
from zhengshu_portal.pages import BEIJING, render
from zhengshu_portal.signin import InDesk

router = APIRouter(include_in_schema=False)
MOST = 50
"""As many as one page shows of each kind; what is done makes room for the next."""


def officer(session: Session, desk: InDesk) -> Client:
    """Return the node as the signed-in officer sees it."""
    try:
        return desk.client(session)
    except Refused as refused:
        if refused.status >= 500:
            raise
        raise NotSignedIn from refused


Officer = Annotated[Client, Depends(officer)]


@router.get("/my")
def show(node: Officer, session: Session) -> HTMLResponse:
    """我的:身份与待办。"""
    me = Me.model_validate(node.get("/v1/me"))
    may = may_of(me)
    return render(
        "my.html",
        me=me,
        proof=proof(session),
        once=secrets.token_urlsafe(12),
        entries=entries(node) if may(Action.ENTRY_REVIEW) else None,
        applications=applications(node) if may(Action.APPLICATION_ENDORSE) else None,
        opinions=opinions(node) if may(Action.OPINION_GIVE) else None,
        grounds=list(RefusalGround),
        today=datetime.now(BEIJING).date().isoformat(),
    )


def may_of(me: Me) -> Callable[[Action], bool]:
    """Return a test of what the officer's roles admit: what is not theirs is not shown."""
    return lambda action: admitted(action, PrincipalKind.OFFICER, me.roles)


def entries(node: Client) -> list[EntryOut]:
    """Return entries that wait for review."""
    page = node.get("/v1/entries", state="submitted", limit=MOST)
    return EntryList.model_validate(page).entries


def applications(node: Client) -> list[ApplicationOut]:
    """Return applications that wait for endorsement."""
    page = node.get("/v1/applications", limit=200)
    found = ApplicationList.model_validate(page).applications
    return [one for one in found if one.state is ApplicationState.SUBMITTED][:MOST]


def opinions(node: Client) -> list[OpinionOut]:
    """Return opinions that wait for an answer."""
    page = node.get("/v1/opinions", state=OpinionState.REQUESTED.value, limit=MOST)
    return OpinionList.model_validate(page).opinions


@router.post("/my/entries/{entry}")
def review(entry: str, fields: OwnForm, node: Officer) -> Response:
    """审核目录条目。"""
    body: dict[str, Any] = {"outcome": fields.get("outcome"), "opinion": fields.get("opinion")}
    if seen := fields.get("grants_seen"):
        body["grants_seen"] = seen
    return act(node, f"/v1/entries/{entry}/review", body, fields)


@router.post("/my/applications/{application}")
def endorse(application: str, fields: OwnForm, node: Officer) -> Response:
    """初审共享申请。"""
    missing = [line.strip() for line in fields.get("missing", "").splitlines() if line.strip()]
    body = {
        "outcome": fields.get("outcome"),
        "opinion": fields.get("opinion"),
        "missing": missing,
        "ground": fields.get("ground") or None,
    }
    return act(node, f"/v1/applications/{application}/endorsement", body, fields)


@router.post("/my/opinions/{opinion}")
def answer(opinion: str, fields: OwnForm, node: Officer) -> Response:
    """答复征求意见。"""
    consent = {name: fields.get(f"consent_{name}", "") for name in ("by", "on", "document")}
    body = {
        "outcome": fields.get("outcome"),
        "reason": fields.get("reason", ""),
        "ground": fields.get("ground") or None,
        "consent": consent,
    }
    return act(node, f"/v1/opinions/{opinion}", body, fields)


def act(node: Client, path: str, body: dict[str, Any], fields: Form) -> Response:
    """Send what one showing of a form says, once however often it is sent, and go back to what waits."""
    told = sorted((name, value) for name, value in fields.items() if name != "proof")
    key = hashlib.sha256(repr((path, told)).encode()).hexdigest()
    node.call("POST", path, json=body, headers=idempotent(f"portal-{key}"))
    return RedirectResponse("/my", 303)
