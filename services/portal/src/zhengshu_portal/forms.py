"""What a browser sends: forms, cookies, and the proof that a form is the portal's own."""

import base64
import hashlib
import hmac
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request
from fastapi.responses import Response
from zhengshu_chassis.errors import Forbidden, TooLarge, Unauthorized

SESSION = "zhengshu_session"
BEGUN = "zhengshu_signin"
LARGEST = 16 * 1024
Form = dict[str, str]


class NotSignedIn(Unauthorized):
    """Somebody must sign in first; shown as a way there."""

    slug = "not-signed-in"
    title = "请先登录"


class NotOurForm(Forbidden):
    """The form came from another site, or from a session that is over."""

    slug = "form-foreign"
    title = "页面已过期"

    def __init__(self) -> None:
        super().__init__("这个表单不是由当前登录打开的", next="请刷新页面后重新提交")


async def form(request: Request) -> Form:
    """Return the fields of a form; of one field sent twice the last."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise TooLarge(f"内容至多 {LARGEST} 字节")
    return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=50))


async def session(request: Request) -> str:
    """Return the session of a signed-in browser."""
    held = request.cookies.get(SESSION)
    if not held:
        raise NotSignedIn
    return held


Fields = Annotated[Form, Depends(form)]
Session = Annotated[str, Depends(session)]


async def own_form(request: Request, fields: Fields, held: Session) -> Form:
    """Return the fields of a form that this session's own page sent."""
    origin = request.headers.get("origin")
    if origin and origin != "null" and urlsplit(origin).netloc != request.headers.get("host"):
        raise NotOurForm
    if not hmac.compare_digest(fields.get("proof", "").encode(), proof(held).encode()):
        raise NotOurForm
    return fields


OwnForm = Annotated[Form, Depends(own_form)]


def proof(held: str) -> str:
    """Return what the forms of a session carry: nobody can tell it who does not hold the session."""
    made = hashlib.sha256(f"form/{held}".encode()).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def keep(response: Response, name: str, value: str, *, seconds: int, secure: bool) -> None:
    """Let the browser hold a value that no script sees and no other site sends."""
    response.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure, path="/"
    )
