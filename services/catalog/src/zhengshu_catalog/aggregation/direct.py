"""Routes of the data plane: documented and guarded like any other, called without FastAPI's machinery.

FastAPI's own handling costs more than reading a page does; these endpoints take the request as it is. The
one that is asked most is answered before routing: the layers in between take a sixth of a page's time.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from zhengshu_chassis import auth
from zhengshu_chassis.transaction import bounded

LARGEST_QUESTION = 64 << 10


class DirectRoute(APIRoute):
    """Calls `endpoint(request, identity)`; the identity is the route's one guard's."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the guarded endpoint itself."""
        (guard,) = auth.guards(self.dependant)
        endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            answered: Response = await endpoint(request, guard.check(request))
            return answered

        return handle

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, reading no more of a body than the largest question has."""
        await super().handle(scope, bounded(receive, LARGEST_QUESTION), send)


class Shortcut:
    """Answers one route before the others are tried; errors are answered where every route's are."""

    def __init__(self, router: APIRouter, path: str, app: ASGIApp) -> None:
        self._app = app
        self._route = next(
            each for each in router.routes if isinstance(each, DirectRoute) and each.path == path
        )
        self._methods = self._route.methods or set()
        self._handle = self._route.get_route_handler()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        found = None
        if scope["type"] == "http" and scope["method"] in self._methods:
            found = self._route.path_regex.fullmatch(scope["path"])
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["path_params"], scope["route"] = found.groupdict(), self._route
        answer = await self._handle(Request(scope, receive))
        await answer(scope, receive, send)


def parameters(**described: str) -> dict[str, Any]:
    """Return `openapi_extra=` for the dataset's id and query parameters, all optional texts."""
    text = {"schema": {"type": "string"}}
    dataset = {
        "name": "dataset",
        "in": "path",
        "required": True,
        "description": "数据集标识",
        **text,
    }
    asked = [
        {"name": name, "in": "query", "required": False, "description": told, **text}
        for name, told in described.items()
    ]
    return {"parameters": [dataset, *asked]}
