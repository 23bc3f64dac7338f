"""One request and its answer, on plain ASGI. Knows no rule."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING, Any

import orjson
from starlette.types import Message, Receive, Scope, Send
from zhengshu_chassis import problems
from zhengshu_chassis.errors import DomainError, TooLarge
from zhengshu_chassis.repeats import HEAD

from zhengshu_gateway.errors import BodyTooSlow

if TYPE_CHECKING:
    from zhengshu_gateway.cache import Copy
    from zhengshu_gateway.case import Decision
    from zhengshu_gateway.routes import Route

PATIENCE = 60.0
"""Seconds that a caller may take to send the next part of its body, or to take the next of its answer."""
SLOWEST = 4096
"""Bytes a second that a caller sends and takes at the least, beyond a first `PATIENCE`: nobody holds a place
in the database by dribbling."""
LARGEST_HEADERS = 16 * 1024
BY_LINE = (b"text/csv", b"application/x-ndjson")
RawHeaders = list[tuple[bytes, bytes]]


class Gone(Exception):
    """The caller hung up."""


class Exchange:
    """What came in, what goes out, and what the log will say of it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        # The raw path: what would have to be decoded is matched by no route.
        self.path: str = scope["raw_path"].split(b"?", 1)[0].decode("latin-1")
        self.query: bytes = scope["query_string"]
        self.headers: RawHeaders = scope["headers"]
        client = scope.get("client")
        self.address: str = client[0] if client else ""
        self._receive = receive
        self._send = send
        self._received = 0
        self._waited = 0.0
        """Seconds spent waiting for the caller."""
        self.head: bytes | None = scope.get("state", {}).get(HEAD)
        """The bytes it came as, if they may come again as a repeat."""
        self.began = time.perf_counter()
        self.status = 0
        self.sent = 0
        self.route: Route | None = None
        self.client: str | None = None
        self.decision: Decision | None = None
        self.record: str | None = None
        self.rule: str | None = None
        """Slug of the refusal, when there was one."""
        self.extra: RawHeaders = []
        """Headers that whatever answer there will be carries (rate limits, the record's id)."""
        self.lines: int | None = None
        """Rows that were sent, where each is a line."""
        self.copy: Copy | None = None
        """Sees the answer before it is sent."""

    def header(self, name: bytes) -> str | None:
        """Return a header by its lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return None

    @property
    def has_body(self) -> bool:
        """Whether a body was announced."""
        return any(
            (name == b"content-length" and value != b"0") or name == b"transfer-encoding"
            for name, value in self.headers
        )

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes; Gone when the caller hangs up amid it."""
        while True:
            began = time.perf_counter()
            try:
                async with asyncio.timeout(PATIENCE):
                    message = await self._receive()
            except TimeoutError:
                raise BodyTooSlow(f"请求内容中断超过 {PATIENCE:.0f} 秒") from None
            if message["type"] == "http.disconnect":
                raise Gone
            if body := message.get("body"):
                self._received += len(body)
                if self._dribbles(began, self._received):
                    raise BodyTooSlow(f"请求内容每秒至少 {SLOWEST} 字节")
                yield body
            if not message.get("more_body"):
                return

    async def body(self, limit: int) -> bytes:
        """Return the whole body, at most `limit` bytes."""
        gathered = bytearray()
        async for chunk in self.chunks():
            gathered += chunk
            if len(gathered) > limit:
                raise TooLarge(f"内容至多 {limit} 字节")
        return bytes(gathered)

    def put_back(self, body: bytes) -> None:
        """Let a body that was read whole be read once more."""
        waiting = [body]
        receive = self._receive

        async def again() -> Message:
            if waiting:
                return {"type": "http.request", "body": waiting.pop(), "more_body": False}
            return await receive()

        self._receive = again

    async def until_gone(self) -> None:
        """Return when the caller hangs up; to be awaited after the body."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def start(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Send the head of the answer."""
        headers = list(headers)
        if self.copy is not None:
            self.copy.start(status, headers)
        self.status = status
        media = next((value for name, value in headers if name == b"content-type"), b"")
        if media.startswith(BY_LINE):
            self.lines = -1 if media.startswith(b"text/csv") else 0
        await self._send(
            {"type": "http.response.start", "status": status, "headers": [*headers, *self.extra]}
        )

    async def write(self, data: bytes) -> None:
        """Send a part of the body."""
        self.sent += len(data)
        if self.copy is not None:
            self.copy.part(data)
        if self.lines is not None:
            self.lines += data.count(b"\n")
        began = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._send({"type": "http.response.body", "body": data, "more_body": True})
        except TimeoutError:  # it reads no more: nobody keeps a snapshot open for it
            raise Gone from None
        if self._dribbles(began, self.sent):
            raise Gone

    def _dribbles(self, began: float, passed: int) -> bool:
        """Count a wait for the caller; tell whether it is too slow for as much as passed so far."""
        self._waited += time.perf_counter() - began
        return self._waited > PATIENCE + passed / SLOWEST

    async def finish(self, data: bytes = b"") -> None:
        """Send the last part of the body."""
        self.sent += len(data)
        await self._send({"type": "http.response.body", "body": data, "more_body": False})

    async def whole(self, status: int, headers: RawHeaders, body: bytes) -> None:
        """Send an answer that is there in one piece, and that nobody watches."""
        self.status, self.sent = status, len(body)
        start = {"type": "http.response.start", "status": status, "headers": headers + self.extra}
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def json(self, status: int, value: Any, **headers: str) -> None:
        """Answer with JSON; `Cache_Control` becomes Cache-Control."""
        body = orjson.dumps(value)
        told = {"content-type": "application/json", "content-length": str(len(body))} | headers
        await self.start(status, raw(told.items()))
        await self.finish(body)

    async def refuse(self, refusal: DomainError) -> None:
        """Answer with the problem document of a refusal."""
        self.copy = None
        rendered = problems.render(refusal, self.path)
        await self.start(rendered.status_code, rendered.raw_headers)
        await self.finish(bytes(rendered.body))


def raw(headers: Iterable[tuple[str, str]]) -> RawHeaders:
    """Return headers as ASGI has them."""
    return [(name.lower().replace("_", "-").encode(), value.encode()) for name, value in headers]
