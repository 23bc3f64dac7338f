"""Identifiers that sort by the time they were made: a prefix and a UUIDv7 in base32hex."""

import os
import time
from uuid import UUID

BULK = 4096
"""Bytes fetched at once: a system call for each few costs more than what is made of them."""
_DIGITS = "0123456789abcdefghijklmnopqrstuv"
# Two digits at a time: some are made for every request, and `base64` takes five times as long.
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]
_SHIFTS = range(120, -1, -10)


def uuid7() -> UUID:
    """Return a UUID of version 7: 48 bits of milliseconds, then randomness."""
    return UUID(int=_number())


def new(prefix: str) -> str:
    """Return `prefix-<26 characters>`; later ones sort after earlier ones."""
    padded = _number() << 2
    return f"{prefix}-{''.join([_PAIRS[padded >> shift & 1023] for shift in _SHIFTS])}"


def _number() -> int:
    milliseconds = time.time_ns() // 1_000_000
    free = int.from_bytes(random_bytes(10), "big") >> 6
    value = milliseconds << 80 | 0x7 << 76 | (free >> 62) << 64
    return value | 0b10 << 62 | free & (1 << 62) - 1


class _Pool:
    """What was fetched and not yet given out; a forked child starts with none of its parent's."""

    def __init__(self) -> None:
        self.bytes = b""
        self.at = 0

    def empty(self) -> None:
        """Forget what was fetched."""
        self.bytes, self.at = b"", 0


_pool = _Pool()
os.register_at_fork(after_in_child=_pool.empty)


def random_bytes(count: int) -> bytes:
    """Return `count` bytes (at most BULK) that nobody was given before."""
    end = _pool.at + count
    if end > len(_pool.bytes):
        _pool.bytes, _pool.at, end = os.urandom(BULK), 0, count
    taken = _pool.bytes[_pool.at : end]
    _pool.at = end
    return taken
