"""Officers sign in and out: the form, the way back, the first password."""

import base64
import hashlib
import hmac
import secrets
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from zhengshu import Refused

from zhengshu_portal.forms import BEGUN, SESSION, Fields, NotOurForm, keep
from zhengshu_portal.open_data import PublicUrl
from zhengshu_portal.pages import render
from zhengshu_portal.sessions import CLIENT, InDesk

router = APIRouter(include_in_schema=False)
TEN_HOURS = 36_000
TEN_MINUTES = 600


@router.get("/signin/start")
def start(request: Request, public_url: PublicUrl) -> RedirectResponse:
    """开始登录:去网关登记这次登录。"""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode()
    asked = {
        "response_type": "code",
        "client_id": CLIENT,
        "code_challenge": challenge.rstrip("="),
        "code_challenge_method": "S256",
        "state": state,
    }
    place = f"{public_url.rstrip('/')}/oauth2/authorize?{urlencode(asked)}"
    response = RedirectResponse(place, 303)
    secure = request.url.scheme == "https"
    keep(response, BEGUN, f"{state}.{verifier}", seconds=TEN_MINUTES, secure=secure)
    return response


@router.get("/signin")
def show_form(asked: Annotated[str, Query(max_length=4000)] = "") -> HTMLResponse:
    """登录页。"""
    return render("signin.html", asked=asked, account="", refused=None)


@router.post("/signin", response_model=None)
def submit(fields: Fields, desk: InDesk) -> HTMLResponse | RedirectResponse:
    """提交账号与口令。"""
    asked, account = fields.get("asked", ""), fields.get("account", "")
    try:
        place = desk.submit(asked, account, fields.get("password", ""))
    except Refused as refused:
        problem = refused.problem
        return render("signin.html", refused.status, asked=asked, account=account, refused=problem)
    there = urlsplit(place)
    return RedirectResponse(f"{there.path}?{there.query}", 303)


@router.get("/signin/callback", response_model=None)
def come_back(
    request: Request,
    desk: InDesk,
    state: Annotated[str, Query(max_length=200)],
    code: Annotated[str, Query(max_length=100)] = "",
    error_description: Annotated[str, Query(max_length=300)] = "",
) -> HTMLResponse | RedirectResponse:
    """登录完成:换取会话;未能登录的,说明原因。"""
    begun, _, verifier = request.cookies.get(BEGUN, "").partition(".")
    if not begun or not hmac.compare_digest(begun.encode(), state.encode()):
        raise NotOurForm
    if not code:
        refused = {"title": error_description or "未能登录"}
        return render("signin.html", 403, asked="", account="", refused=refused)
    session = desk.begin(code, verifier)
    response = RedirectResponse("/my", 303)
    response.delete_cookie(BEGUN, path="/")
    secure = request.url.scheme == "https"
    keep(response, SESSION, session, seconds=TEN_HOURS, secure=secure)
    return response


@router.get("/signin/password")
def show_password_form() -> HTMLResponse:
    """首次登录:设定账号与口令。"""
    return render("password.html", client="", account="", refused=None, done=False)


@router.post("/signin/password")
def set_password(fields: Fields, desk: InDesk) -> HTMLResponse:
    """设定账号与口令。"""
    client, account = fields.get("client", "").strip(), fields.get("account", "").strip()
    password = fields.get("password", "")
    given = {"client_id": client, "client_secret": fields.get("secret", "").strip()}
    refused, status = None, 200
    if password != fields.get("again"):
        refused, status = {"title": "两次输入的口令不一致"}, 422
    else:
        try:
            desk.set_password(given | {"account": account, "password": password})
        except Refused as error:
            refused, status = {"title": error.problem.title}, error.status
    done = refused is None
    return render(
        "password.html", status, client=client, account=account, refused=refused, done=done
    )
