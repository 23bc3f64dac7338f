"""A write repeated with the same `Idempotency-Key` has its effect once and gets the same answer.

The key's scope is client, method and path. A key in progress is held by a transaction-level advisory
lock, which a killed process frees. Answers are kept 30 days in the transaction of their effect;
`Cache-Control: no-store` keeps a body (a secret shown once) out.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from zhengshu_chassis.auth import identify
from zhengshu_chassis.db import Base
from zhengshu_chassis.errors import Conflict, Invalid

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST = 200
_UNSTORED = frozenset({"content-length", "date", "set-cookie"})


class KeyInvalid(Invalid):
    """Not a usable key."""

    slug = "idempotency-key-invalid"
    title = "幂等键不可用"


class InProgress(Conflict):
    """The first request with this key is still running."""

    slug = "idempotency-in-progress"
    title = "同一幂等键的请求正在处理"


class KeyReused(Conflict):
    """The key was used for another request."""

    slug = "idempotency-key-reused"
    title = "幂等键已用于另一请求"


class AnswerWithheld(Conflict):
    """It was done; its answer is shown once."""

    slug = "idempotency-answer-withheld"
    title = "请求已处理,结果只显示一次"


class IdempotencyRow(Base):
    """One answered write."""

    __tablename__ = "idempotency"

    client: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes]
    status: Mapped[int]
    headers: Mapped[list[list[str]]] = mapped_column(JSONB)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Key:
    """A key in its scope."""

    client: str
    route: str
    key: str

    @classmethod
    def of(cls, request: Request) -> "Key | None":
        """Return the key a request carries, if any."""
        sent = request.headers.get(HEADER)
        if sent is None:
            return None
        if not 0 < len(sent) <= LONGEST or not sent.isprintable():
            raise KeyInvalid(f"应为 1 至 {LONGEST} 个可见字符")
        return cls(identify(request).principal.id, f"{request.method} {request.url.path}", sent)


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer given before."""

    digest: bytes
    status: int
    headers: list[list[str]]
    body: bytes | None

    def replay(self, digest: bytes) -> Response:
        """Return the answer again, if it answers this very request."""
        if digest != self.digest:
            raise KeyReused("该键先前的请求内容与此不同", next="请换用新的幂等键")
        if self.body is None:
            raise AnswerWithheld("先前的请求已成功", next="如未收到结果,请重新申领")
        response = Response(self.body, status_code=self.status)
        response.raw_headers.extend((n.encode(), v.encode("latin-1")) for n, v in self.headers)
        response.headers[REPLAYED] = "true"
        return response


def digest(query: str, body_sha256: bytes) -> bytes:
    """Return what identifies a request's content: its query string and its body's SHA-256."""
    return hashlib.sha256(query.encode() + b"\n" + body_sha256).digest()


async def claim(session: AsyncSession, key: Key) -> Stored | None:
    """Hold the key until the transaction ends; return the answer it already has, if any.

    Raises InProgress when another transaction holds it.
    """
    name = f"idempotency\n{key.client}\n{key.route}\n{key.key}"
    held = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
    if not await session.scalar(held, {"name": name}):
        raise InProgress("请稍后以同一幂等键重试", headers={"Retry-After": "1"})
    row = await session.get(IdempotencyRow, (key.client, key.route, key.key))
    return Stored(row.digest, row.status, row.headers, row.body) if row else None


async def store(session: AsyncSession, key: Key, digest: bytes, response: Response) -> None:
    """Keep the answer, in the transaction of its effect."""
    if isinstance(response, StreamingResponse):
        raise TypeError("a streamed answer cannot be repeated")
    secret = "no-store" in response.headers.get("cache-control", "")
    headers = [[n.decode(), v.decode("latin-1")] for n, v in response.raw_headers]
    values = {
        "client": key.client,
        "route": key.route,
        "key": key.key,
        "digest": digest,
        "status": response.status_code,
        "headers": orjson.dumps([h for h in headers if h[0].lower() not in _UNSTORED]).decode(),
        "body": None if secret else response.body,
    }
    await session.execute(_INSERT, values)


async def once(
    session: AsyncSession, request: Request, handle: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Answer a request whose body is small: replay, or handle and keep the answer."""
    key = Key.of(request)
    if key is None:
        return await handle(request)
    content = digest(request.url.query, hashlib.sha256(await request.body()).digest())
    if stored := await claim(session, key):
        return stored.replay(content)
    response = await handle(request)
    await store(session, key, content, response)
    return response


async def forget(connection: Any) -> None:
    """Delete what is older than 30 days (asyncpg connection)."""
    await connection.execute(
        "DELETE FROM idempotency WHERE created_at < clock_timestamp() - interval '30 days'"
    )


_INSERT = text(
    "INSERT INTO idempotency (client, route, key, digest, status, headers, body)"
    " VALUES (:client, :route, :key, :digest, :status, CAST(:headers AS jsonb), :body)"
)
