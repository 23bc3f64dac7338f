"""What a process tells about itself: metrics, and one log line and one measurement per request.

Logs themselves are in `logs`, trace context in `tracing`; both can be had from here.
"""

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zhengshu_chassis.logs import configure, log
from zhengshu_chassis.tracing import continue_trace, trace_id, traceparent

__all__ = ["RequestTelemetry", "configure", "continue_trace", "log", "trace_id", "traceparent"]

REGISTRY = CollectorRegistry()
REQUESTS = Histogram(
    "zhengshu_request_seconds",
    "Time to answer a request",
    ["method", "route", "status"],
    registry=REGISTRY,
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
OUTBOX_BACKLOG = Gauge("zhengshu_outbox_backlog", "Rows found unpublished", registry=REGISTRY)
CONSUMER_LAG = Gauge(
    "zhengshu_consumer_lag", "Messages waiting for a consumer", ["stream"], registry=REGISTRY
)
DEAD_LETTERS = Counter("zhengshu_dead_letters", "Messages given up", registry=REGISTRY)
DEAD_LETTERS_KEPT = Gauge(
    "zhengshu_dead_letters_kept", "Messages given up that wait for a person", registry=REGISTRY
)
DISPATCHES_PARKED = Gauge(
    "zhengshu_dispatches_parked",
    "Things the counterpart refuses that wait for a person",
    registry=REGISTRY,
)
DISPATCHES_WAITING = Gauge(
    "zhengshu_dispatches_waiting_seconds",
    "Age of the oldest thing that does not reach the counterpart",
    registry=REGISTRY,
)
WORKER_FAILURES = Counter(
    "zhengshu_worker_failures", "Background workers that crashed", ["worker"], registry=REGISTRY
)
THINGS_PASSED_OVER = Counter(
    "zhengshu_things_passed_over",
    "Single things that a worker could not see to and passed over",
    ["worker"],
    registry=REGISTRY,
)


class RequestTelemetry:
    """ASGI middleware: trace context in, one log line and one measurement out, 500 for the unforeseen."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Observe one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = dict(scope["headers"])
        continue_trace(headers.get(b"traceparent", b"").decode("latin-1"))
        started, status = time.perf_counter(), 0

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, observed)
        except Exception as error:
            log.error("request.crashed", path=scope["path"], exc_info=error)
            if status:
                raise
            from zhengshu_chassis.problems import internal  # noqa: PLC0415 - avoids a circle

            await internal(scope["path"])(scope, receive, observed)
        finally:
            self._report(scope, status, time.perf_counter() - started)
        return None

    def _report(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "-")
        REQUESTS.labels(scope["method"], route, status).observe(seconds)
        if scope["path"].startswith(("/health/", "/metrics")) and status < 400:
            return
        state = scope.get("state") or {}
        identity = state.get("identity")
        log.info(
            "request",
            method=scope["method"],
            path=scope["path"],
            status=status,
            ms=round(seconds * 1000, 1),
            client=identity.principal.id if identity else None,
        )


def tell_on(host: str, port: int) -> Callable[[], None]:
    """Tell metrics on a port of their own, from a thread; return what ends it."""
    server, thread = start_http_server(port, addr=host, registry=REGISTRY)

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end
