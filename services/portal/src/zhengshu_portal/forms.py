"""What a browser sends: fields, files, cookies, and the proof that a form is the portal's own."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request
from fastapi.responses import Response
from zhengshu_chassis.errors import Forbidden, Invalid, TooLarge, Unauthorized

SESSION = "zhengshu_session"
BEGUN = "zhengshu_signin"
SMALL = 16 * 1024
"""What anybody may send: a sign-in form."""
LARGEST = 32 << 20
"""What an officer may send, files included; larger files go by the interface."""
FIELDS = 20_000
"""Five hundred items of an entry, each with all its members."""
NAME = re.compile(rb'[; ]name="([^"]*)"')
FILENAME = re.compile(rb'filename="([^"]*)"')
MEDIA = re.compile(rb"^content-type:\s*([^\s;]+)", re.IGNORECASE | re.MULTILINE)
BOUNDARY = re.compile(r'boundary="?([^";,]+)')


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form."""

    name: str
    media: str
    content: bytes

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the content."""
        return hashlib.sha256(self.content).hexdigest()


class Form(dict[str, str]):
    """The fields of a form, of one sent several times the last; all of them in `several`."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__(pairs)
        self.several: dict[str, list[str]] = {}
        self.files: dict[str, list[Upload]] = {}
        for name, value in pairs:
            self.several.setdefault(name, []).append(value)

    def add(self, name: str, value: str) -> None:
        """Let a field have one more value."""
        self[name] = value
        self.several.setdefault(name, []).append(value)

    def all(self, name: str) -> list[str]:
        """Return every value of a field."""
        return self.several.get(name, [])

    def file(self, name: str) -> Upload | None:
        """Return the file that was chosen, if one was."""
        return next(iter(self.files.get(name, [])), None)


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


class FormStale(Forbidden):
    """The form is of this site, shown before the officer signed in anew: what it says is asked again."""

    slug = "form-stale"
    title = "请确认后提交"

    def __init__(self, fields: Form) -> None:
        super().__init__("登录已更新,刚才填写的内容还在", next="确认内容后再次提交")
        self.fields = fields


class FormUnreadable(Invalid):
    """What came is not what a browser sends of a form."""

    slug = "form-unreadable"
    title = "表单无法读取"


class FormTooLarge(TooLarge):
    """More came than a form of the portal may hold."""

    slug = "form-too-large"
    title = "提交的内容过大"


async def read(request: Request, largest: int) -> Form:
    """Return what a form sends, files included."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            raise FormTooLarge(
                f"内容至多 {largest >> 10} KiB", next="较大的文件请用接口或命令行推送"
            )
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        return _multipart(bytes(body), kind)
    try:
        return Form(
            parse_qsl(
                body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELDS
            )
        )
    except ValueError as error:
        raise FormUnreadable(f"字段至多 {FIELDS} 个") from error


def _multipart(body: bytes, kind: str) -> Form:
    """Read multipart/form-data (RFC 7578) as browsers send it."""
    found = BOUNDARY.search(kind)
    if not found:
        raise FormUnreadable("没有 boundary")
    pairs: list[tuple[str, str]] = []
    files: dict[str, list[Upload]] = {}
    for head, content in _parts(body, found.group(1).encode("latin-1")):
        name, file = NAME.search(head), FILENAME.search(head)
        if not name or len(pairs) > FIELDS:
            raise FormUnreadable("字段没有名称,或字段过多")
        field = _text(name.group(1))
        if file is None:
            pairs.append((field, _text(content)))
        elif file.group(1):
            media = MEDIA.search(head)
            told = media.group(1).decode("latin-1") if media else "application/octet-stream"
            files.setdefault(field, []).append(Upload(_text(file.group(1)), told, content))
    form = Form(pairs)
    form.files = files
    return form


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[bytes, bytes]]:
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:]:
        if part.startswith(b"--"):
            return
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        yield head, content


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


async def form(request: Request) -> Form:
    """Return the fields of a form that anybody may send."""
    return await read(request, SMALL)


async def session(request: Request) -> str:
    """Return the session of a signed-in browser."""
    held = request.cookies.get(SESSION)
    if not held:
        raise NotSignedIn
    return held


Fields = Annotated[Form, Depends(form)]
Session = Annotated[str, Depends(session)]


def check(request: Request, fields: Form, held: str) -> None:
    """Refuse a form that this session's own page did not send."""
    if request.headers.get("origin", "null") != "null" and not own_site(request):
        raise NotOurForm
    if not hmac.compare_digest(fields.get("proof", "").encode(), proof(held).encode()):
        raise FormStale(fields) if own_site(request) else NotOurForm


def own_site(request: Request) -> bool:
    """Tell whether a browser says that a page of this site sent the form."""
    return urlsplit(request.headers.get("origin", "")).netloc == request.headers.get("host")


def proof(held: str) -> str:
    """Return what the forms of a session carry: nobody can tell it who does not hold the session."""
    made = hashlib.sha256(f"form/{held}".encode()).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def keep(response: Response, name: str, value: str, *, seconds: int, secure: bool) -> None:
    """Let the browser hold a value that no script sees and no other site sends."""
    response.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure, path="/"
    )
