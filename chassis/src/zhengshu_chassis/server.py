"""uvicorn's HTTP protocol, with the patience it lacks: a request's head is short and comes soon.

Without this a connection that sends a header a minute, or none at all, is held for ever, and one that never
ends its headers fills the memory. What follows the head is the application's to watch.
"""

import asyncio
from collections import Counter
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from zhengshu_chassis.transport import Together

HEAD = 10.0
"""Seconds from the first byte of a request to the end of its headers."""
LARGEST_HEAD = 64 * 1024
EACH = 1024
"""Connections of one address at once."""


class PatientProtocol(HttpToolsProtocol):
    """One connection."""

    connected: ClassVar[Counter[str]] = Counter()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; too many of one address are closed at once, a silent one when others would be idle."""
        super().connection_made(transport)
        self.transport = Together(transport, self.loop)  # type: ignore[assignment]
        self._reading = False
        self._size = 0
        self._due: asyncio.TimerHandle | None = None
        self._address = self.client[0] if self.client else ""
        self.connected[self._address] += 1
        if self.connected[self._address] > EACH:
            transport.abort()
            return
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._settle()
        self._unset_keepalive_if_required()
        self.connected[self._address] -= 1
        if not self.connected[self._address]:
            del self.connected[self._address]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; give up a head that is too large, and wait for its rest only so long."""
        super().data_received(data)
        if not self._reading or self.transport.is_closing():
            return
        self._size += len(data)
        if self._size > LARGEST_HEAD:
            self.send_400_response("Request head too large.")
        elif self._due is None:
            self._due = self.loop.call_later(HEAD, self._give_up)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._reading, self._size = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is whole."""
        self._reading = False
        self._settle()
        super().on_headers_complete()

    def _settle(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _give_up(self) -> Any:
        self._due = None
        if not self.transport.is_closing():
            self.transport.close()
