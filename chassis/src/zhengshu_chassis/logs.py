"""Structured logs: one JSON object a line on stdout, the event's name first, identifiers only.

Never a body, a query string, or an exception's own words (which may quote a row) unless the level is
DEBUG. Written out here because a logging library costs each process more memory than it saves lines.
"""

import asyncio
import logging
import sys
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson

from zhengshu_chassis.forms import Filling, Form
from zhengshu_chassis.tracing import trace_id

FRAMES = 6
LEVELS = {value: name.lower() for name, value in logging.getLevelNamesMapping().items()}
TOGETHER = 0.02
"""Seconds that a line may wait for others."""


class Log:
    """The process's log: `log.info("note.written", note=note_id)`."""

    def __init__(self) -> None:
        self._service = "-"
        self._threshold = logging.INFO
        self._flushing = False

    def configure(self, service: str, threshold: int) -> None:
        """Say whose log this is and what is worth a line."""
        self._service, self._threshold = service, threshold

    def debug(self, event: str, **fields: Any) -> None:
        """Tell what only a developer wants to know."""
        self._write(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: Any) -> None:
        """Tell what happened."""
        self._write(logging.INFO, event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Tell what is odd and mends itself."""
        self._write(logging.WARNING, event, fields)

    def error(self, event: str, **fields: Any) -> None:
        """Tell what somebody must look at; `exc_info` is the exception."""
        self._write(logging.ERROR, event, fields)

    def _write(self, level: int, event: str, fields: dict[str, Any]) -> None:
        if level < self._threshold:
            return
        if (error := fields.pop("exc_info", None)) is not None:
            fields["error"] = describe(error, verbose=self._threshold <= logging.DEBUG)
        told = self._line(level, event, fields)
        sys.stdout.buffer.write(_dump(told))
        self._flush(at_once=level > logging.INFO)

    def form(self, event: str, places: Iterable[str], **fields: Any) -> Form:
        """Return a line to `tell` again and again, but for its moment, its trace and these places."""
        told = self._line(logging.INFO, event, fields)
        return Form(_dump, told, ("at", "trace", *places))

    def tell(self, form: Form, filling: Filling) -> None:
        """Tell what happened, once more."""
        if self._threshold <= logging.INFO:
            sys.stdout.buffer.write(form.fill(filling))
            self._flush(at_once=False)

    def _line(self, level: int, event: str, fields: dict[str, Any]) -> dict[str, Any]:
        return {
            "event": event,
            "level": LEVELS[level],
            "at": datetime.now(UTC),
            "service": self._service,
            "trace": trace_id(),
            **fields,
        }

    def _flush(self, *, at_once: bool) -> None:
        """Send lines on: those of one moment together, since each write costs as much as the line."""
        if self._flushing and not at_once:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            at_once = True
        if at_once:
            sys.stdout.flush()
        else:
            self._flushing = True
            loop.call_later(TOGETHER, self._flushed)

    def _flushed(self) -> None:
        self._flushing = False
        sys.stdout.flush()


def _dump(told: dict[str, Any]) -> bytes:
    return orjson.dumps(told, str, orjson.OPT_APPEND_NEWLINE)


log = Log()


def configure(service: str, level: str = "INFO") -> None:
    """Set up this process's log, the libraries' warnings included."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    log.configure(service, threshold)
    logging.basicConfig(handlers=[_Libraries()], level=max(threshold, logging.WARNING), force=True)


def describe(error: BaseException, *, verbose: bool = False) -> Any:
    """Tell what went wrong and where, without the exception's own words unless `verbose`."""
    if verbose:
        return "".join(traceback.format_exception(error))
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    told: dict[str, Any] = {
        "type": type(error).__qualname__,
        "at": [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames],
    }
    for name in ("sqlstate", "constraint_name"):
        if value := getattr(getattr(error, "orig", error), name, None):
            told[name] = value
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return told | ({"inner": [describe(each) for each in inner]} if inner else {})


class _Libraries(logging.Handler):
    """Lets the libraries' records take the same way out."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one record on."""
        error = record.exc_info[1] if record.exc_info else None
        tell = log.error if record.levelno >= logging.ERROR else log.warning
        tell("library.message", logger=record.name, message=record.getMessage(), exc_info=error)
