"""One request, one transaction: committed after the answer is made and before it is sent.

See docs/decisions/0001. Safe methods run in a read-only transaction; the others in one that also holds
the idempotent answer. Streams that outlive the handler open a session of their own.
"""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from zhengshu_chassis import auth, idempotency
from zhengshu_chassis.db import Database
from zhengshu_chassis.errors import TooLarge

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class TransactionalRoute(APIRoute):
    """A route whose handler, serialisation and idempotent answer share one transaction."""

    def get_route_handler(self) -> Handler:
        """Wrap FastAPI's handler, which validates and serialises the answer before it returns."""
        handle = super().get_route_handler()
        guards = list(auth.guards(self.dependant))

        async def transactional(request: Request) -> Response:
            database: Database = request.app.state.resources.database
            safe = request.method in SAFE
            async with (database.reads if safe else database.sessions).begin() as session:
                request.state.session = session
                if safe or idempotency.HEADER not in request.headers:
                    return await handle(request)
                for guard in guards:  # an answer is repeated only to who may still ask
                    guard.check(request)
                return await idempotency.once(session, request, handle)

        return transactional

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, reading no more of the body than the route says, or else the settings."""
        limit = self.max_body_size or scope["app"].state.resources.settings.max_body
        await super().handle(scope, bounded(receive, limit), send)


def bounded(receive: Receive, limit: int) -> Receive:
    """Return a `receive` that stops at so many bytes: what is read whole must be small."""
    read = 0

    async def counted() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            # The framework lets only its own exception through while it reads a body.
            raise HTTPException(TooLarge.status)
        return message

    return counted


class Router(APIRouter):
    """A router whose routes are transactional."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=TransactionalRoute, **options)


async def session(request: Request) -> AsyncSession:
    """Return the request's session; never commit it."""
    found: AsyncSession = request.state.session
    return found


Session = Annotated[AsyncSession, Depends(session)]


@asynccontextmanager
async def own_session(
    connection: HTTPConnection, *, read_only: bool = False
) -> AsyncIterator[AsyncSession]:
    """Open a transaction by hand, committed on leaving: for plain ASGI endpoints and streams."""
    database: Database = connection.app.state.resources.database
    async with (database.reads if read_only else database.sessions).begin() as opened:
        yield opened
