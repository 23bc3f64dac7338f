"""How a page is made: one layout, escaped templates, security headers, a readable page for refusals."""

from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from zhengshu import Refused
from zhengshu_chassis.errors import DomainError
from zhengshu_contracts.beijing import BEIJING
from zhengshu_contracts.problem import Problem

from zhengshu_portal.days import remaining
from zhengshu_portal.forms import (
    LARGEST,
    SESSION,
    Form,
    FormStale,
    NotSignedIn,
    own_site,
    proof,
    read,
)

FOLDER = Path(__file__).parent
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
AWAY = Problem(
    type="about:blank",
    title="数据节点暂时无法访问",
    status=503,
    detail="页面正常,但数据节点没有应答。",
    next="请稍后刷新;持续出现请联系县发改局。",
)

templates = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def beijing(moment: datetime, form: str = "%Y-%m-%d %H:%M") -> str:
    """Return a moment as people here read it."""
    return moment.astimezone(BEIJING).strftime(form)


templates.filters["beijing"] = beijing
templates.filters["remaining"] = remaining


def share(**values: Any) -> None:
    """Let every template use these."""
    templates.globals.update(values)


def render(name: str, /, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page."""
    return HTMLResponse(templates.get_template(name).render(**values), status, HEADERS)


def refusal(request: Request, problem: Problem) -> HTMLResponse:
    """Return a refusal as a page: what, why, on which basis, what next, and the way back."""
    staff = request.url.path.startswith("/my")
    return render("refusal.html", problem.status, problem=problem, staff=staff)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return refusal(request, error.problem)


async def _away(request: Request, _error: Exception) -> Response:
    return refusal(request, AWAY)


async def _to_sign_in(request: Request, _error: Exception) -> Response:
    if request.method == "POST" and request.url.path.startswith("/my/") and own_site(request):
        return again(request, await read(request, LARGEST), signed_in=False)
    return RedirectResponse("/signin/start", 303)


async def _stale(request: Request, error: Exception) -> Response:
    assert isinstance(error, FormStale)
    return again(request, error.fields, signed_in=True)


def again(request: Request, fields: Form, *, signed_in: bool) -> Response:
    """Show what a form said whose session was over, to be sent again: nothing that was typed is lost."""
    said = [
        (name, value)
        for name, values in fields.several.items()
        if name != "proof"
        for value in values
    ]
    values = {"action": request.url.path, "said": said, "files": bool(fields.files)}
    held = request.cookies.get(SESSION, "") if signed_in else ""
    return render("again.html", 403, **values, proof=proof(held) if held else "")


async def _own(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    told = Problem(
        type=f"/problems/{error.slug}",
        title=error.title,
        status=error.status,
        detail=error.detail,
        next=error.next,
    )
    return refusal(request, told)


def install(app: FastAPI) -> None:
    """Show refusals of the node, and its absence, as pages; send who is not signed in to do so."""
    app.add_exception_handler(NotSignedIn, _to_sign_in)
    app.add_exception_handler(FormStale, _stale)
    app.add_exception_handler(DomainError, _own)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(httpx.TransportError, _away)
