"""A protocol that offers a request to the application by its very bytes before it is read.

A caller that asks for the same again says so in the same bytes; an application that remembers them answers
without their being parsed, a task being made, or a head being put together anew. Whatever it does not know,
and whatever is not one whole GET between two requests, is read as always.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from zhengshu_chassis.server import LARGEST_HEAD, PatientProtocol

Headers: TypeAlias = Iterable[tuple[bytes, bytes]]
END = b"\r\n\r\n"
HEAD = "head"
"""Where, in the state of an ASGI scope, an application finds the bytes that it may be offered again."""
MORE = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Headers after which more than a head may come, which must not be taken for the next request."""


class Line(Protocol):
    """The connection that a repeat came on; exactly one of the two is called, some time."""

    def send(self, head: bytes, body: bytes) -> bool:
        """Answer with status line and headers (see `head_of`; no Date), then the body; False when gone."""

    def read(self) -> None:
        """Have the request read after all."""


Again: TypeAlias = Callable[[bytes, Line], bool]
"""Takes a request by its bytes, or returns False when it is to be read."""


def head_of(status: int, headers: Headers) -> bytes:
    """Return status line and headers as they are sent."""
    return STATUS_LINE[status] + lines(headers)


def lines(headers: Headers) -> bytes:
    """Return headers as they are sent."""
    return b"".join([b"%b: %b\r\n" % each for each in headers])


_date = lru_cache(1)(lines)  # uvicorn's own headers change each second


def protocol_of(app: Any) -> type[PatientProtocol]:
    """Return the protocol that serves an application: this one, if the application has a method `again`."""
    return RepeatProtocol if hasattr(app, "again") else PatientProtocol


class RepeatProtocol(PatientProtocol):
    """One connection whose requests may be repeats."""

    def __init__(self, config: Config, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self._again: Again = config.app.again  # type: ignore[union-attr]
        self._unread = False
        """Whether the parser is amid a message: what comes then is no head, whatever it looks like."""
        self._fed = b""
        self._taken: bytes | None = None
        """The request that the application took and has not answered."""
        self._late = bytearray()
        """What came since."""
        self._ending = False
        self._heard = 0.0

    def data_received(self, data: bytes) -> None:
        """Offer what came; have it read when it is not taken."""
        if self._taken is not None:
            self._keep(data)
            return
        if self._between and data.startswith(b"GET ") and data.endswith(END):
            self._taken, self._heard = data, self.loop.time()
            if self._again(data, self):
                return
            self._taken = None
        self._feed(data)

    @property
    def _between(self) -> bool:
        """Whether the one before was read and answered, and the caller takes its answers."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and not self._unread and not self.pipeline and not self.flow.write_paused

    def send(self, head: bytes, body: bytes) -> bool:
        """Answer the request that was taken."""
        gone = self.transport.is_closing()
        if not gone:
            date = _date(tuple(self.server_state.default_headers))
            self.transport.write_whole(b"".join((head, date, b"\r\n", body)))  # type: ignore[attr-defined]
        self.server_state.total_requests += 1
        self._go_on(b"")
        return not gone

    def read(self) -> None:
        """Have the request that was taken read."""
        self._go_on(self._taken or b"")

    def on_message_begin(self) -> None:
        """A message begins."""
        self._unread = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is whole; show the application its bytes if they could be offered again."""
        super().on_headers_complete()
        whole = self._fed.endswith(END) and self._fed.count(END) == 1
        whole = whole and not any(name in MORE for name, _ in self.headers)
        if whole and self._fed.startswith(b"GET ") and self.cycle.keep_alive:
            self.scope["state"][HEAD] = self._fed

    def on_message_complete(self) -> None:
        """A message ends."""
        self._unread = False
        super().on_message_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that is idle, which one with repeats is not: they do not touch the timer."""
        left = self._heard + self.timeout_keep_alive - self.loop.time()
        if self._taken is None and left <= 0:
            super().timeout_keep_alive_handler()
        else:
            wait = max(left, 1.0)
            self.timeout_keep_alive_task = self.loop.call_later(
                wait, self.timeout_keep_alive_handler
            )

    def shutdown(self) -> None:
        """Close, after the answer that is under way."""
        if self._taken is None:
            super().shutdown()
        self._ending = True

    def _keep(self, data: bytes) -> None:
        """Let what comes early wait for its turn."""
        self._late += data
        if len(self._late) > LARGEST_HEAD:
            self.flow.pause_reading()

    def _go_on(self, unread: bytes) -> None:
        """Turn to what came meanwhile; `unread` is to be read before it."""
        self._taken, late = None, b""
        if self._late:
            late = bytes(self._late)
            self._late.clear()
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if unread:
            self._feed(unread)
        if self._ending:
            super().shutdown()
        elif late:
            self.data_received(late)

    def _feed(self, data: bytes) -> None:
        self._fed = b"" if self._unread else data
        super().data_received(data)
        self._fed = b""
