"""W3C trace context: the id that leads from a caller's problem document to every log line about it."""

import re
from contextvars import ContextVar

from zhengshu_chassis.ids import random_bytes

_PARENT = re.compile(r"^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")
_trace: ContextVar[str] = ContextVar("trace", default="")


def continue_trace(traceparent: str | None) -> str:
    """Take part in the caller's trace, or begin one; return its id."""
    trace = trace_of(traceparent)
    _trace.set(trace)
    return trace


def trace_of(traceparent: str | None) -> str:
    """Return the id of the caller's trace, or a new one."""
    match = _PARENT.match(traceparent) if traceparent else None
    return match[1] if match else random_bytes(16).hex()


def trace_id() -> str:
    """Return the id of the trace this code runs in; empty outside of any."""
    return _trace.get()


def traceparent() -> str:
    """Return the W3C header for what is sent on from here."""
    return f"00-{_trace.get() or random_bytes(16).hex()}-{random_bytes(8).hex()}-01"
