"""What a process tells about itself: JSON lines on stdout, Prometheus metrics, trace context.

Event name first, identifiers only; never a body, a query string or an exception's message (which may
quote a row) unless the level is DEBUG.
"""

import logging
import re
import secrets
import sys
import time
import traceback
from contextvars import ContextVar
from typing import Any

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
WORKER_FAILURES = Counter(
    "zhengshu_worker_failures", "Background workers that crashed", ["worker"], registry=REGISTRY
)

_PARENT = re.compile(r"^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")
_trace: ContextVar[str] = ContextVar("trace", default="")

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def continue_trace(traceparent: str | None) -> str:
    """Take part in the caller's trace, or begin one; return its id."""
    match = _PARENT.match(traceparent or "")
    trace = match[1] if match else secrets.token_hex(16)
    _trace.set(trace)
    return trace


def trace_id() -> str:
    """Return the id of the trace this code runs in; empty outside of any."""
    return _trace.get()


def traceparent() -> str:
    """Return the W3C header for what is sent on from here."""
    return f"00-{_trace.get() or secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def configure(service: str, level: str = "INFO") -> None:
    """Send structlog's and the standard library's records to stdout as JSON lines."""
    threshold = logging.getLevelName(level.upper())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _Describe(service, verbose=threshold <= logging.DEBUG),
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        handlers=[_ToStructlog()], level=max(threshold, logging.WARNING), force=True
    )


def _dumps(record: dict[str, Any], **_: Any) -> bytes:
    return orjson.dumps(record, default=str)


class _Describe:
    """Puts the event first, adds service and trace, reduces an exception to types and places."""

    def __init__(self, service: str, *, verbose: bool) -> None:
        self._service = service
        self._verbose = verbose

    def __call__(self, _logger: Any, _method: str, record: Any) -> Any:
        first = {
            "event": record.pop("event"),
            "level": record.pop("level"),
            "service": self._service,
        }
        if trace := _trace.get():
            first["trace"] = trace
        if error := record.pop("exc_info", None):
            error = sys.exc_info()[1] if error is True else error
            record["error"] = describe(error, verbose=self._verbose)
        return first | record


def describe(error: BaseException | None, *, verbose: bool = False) -> Any:
    """Tell what went wrong and where, without the exception's own words unless `verbose`."""
    if error is None:
        return None
    if verbose:
        return "".join(traceback.format_exception(error))
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    told = {
        "type": type(error).__qualname__,
        "at": [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames],
    }
    for name in ("sqlstate", "constraint_name"):
        if value := getattr(getattr(error, "orig", error), name, None):
            told[name] = value
    return told | ({"inner": [describe(each) for each in inner]} if inner else {})


class _ToStructlog(logging.Handler):
    """Lets the libraries' records take the same way out."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one record on."""
        error = record.exc_info[1] if record.exc_info else None
        method = "error" if record.levelno >= logging.ERROR else "warning"
        getattr(log, method)(
            "library.message", logger=record.name, message=record.getMessage(), exc_info=error
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
