"""Routes of the data plane: documented and guarded like any other, called without FastAPI's machinery.

FastAPI's own handling costs more than reading a page does; these endpoints take the request as it is.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from zhengshu_chassis import auth


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
