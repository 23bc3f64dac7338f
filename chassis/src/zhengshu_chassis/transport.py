"""A transport that sends the head of an answer and its first part as one.

uvicorn writes them apart, which costs a system call more for each answer, and wakes the reader twice. What is
written in one turn of the event loop leaves together here; a body that streams is not held up.
"""

import asyncio
from typing import Any


class Together:
    """A transport that gathers what is written until the event loop's next turn."""

    __slots__ = ("_loop", "_parts", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Send a part, soon."""
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)

    def write_whole(self, data: bytes) -> None:
        """Send what is one piece already."""
        self.flush()
        self._transport.write(data)

    def flush(self) -> None:
        """Send what was gathered."""
        if self._parts:
            gathered, self._parts = self._parts, []
            self._transport.write(b"".join(gathered) if len(gathered) > 1 else gathered[0])

    def close(self) -> None:
        """Send what was gathered, then close."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
