"""A file that is only written to: whoever streams takes what has been written and passes it on."""

from typing import Any


class Outflow:
    """Keeps what was written until it is taken; knows its place, cannot go back."""

    closed = False

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._taken = 0

    def write(self, piece: Any) -> int:
        """Add bytes."""
        self._bytes += piece
        return len(piece)

    def tell(self) -> int:
        """Return how many bytes were written, taken ones included."""
        return self._taken + len(self._bytes)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nothing is open here."""

    def take(self) -> bytes:
        """Return what was written since last asked."""
        done = bytes(self._bytes)
        self._taken += len(done)
        self._bytes.clear()
        return done
