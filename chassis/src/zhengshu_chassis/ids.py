"""Identifiers that sort by the time they were made: a prefix and a UUIDv7 in base32hex."""

import os
import time
from functools import lru_cache
from uuid import UUID

BULK = 4096
"""Bytes fetched at once: a system call for each few costs more than what is made of them."""
_DIGITS = b"0123456789abcdefghijklmnopqrstuv"


def _digits(free: int, fixed: int = 0) -> bytes:
    """Return the digit for each random byte, of whose five bits only `free` are random."""
    return bytes([_DIGITS[byte & free | fixed] for byte in range(256)])


# The digits of a UUIDv7 (RFC 9562 §5.7) after its moment, random but for version and variant. Put together
# by tables, since one is made for every request, and `base64` takes ten times as long.
_VERSION = _digits(0b00111, 0b11000)
_ANY = _digits(0b11111)
_VARIANT = _digits(0b11110, 0b00001), _digits(0b01111)
_LAST = _digits(0b11100)


def uuid7() -> UUID:
    """Return a UUID of version 7: 48 bits of milliseconds, then randomness."""
    return UUID(int=int(_text(), len(_DIGITS)) >> 2)


def new(prefix: str) -> str:
    """Return `prefix-<26 characters>`; later ones sort after earlier ones."""
    return f"{prefix}-{_text()}"


def _text() -> str:
    free = random_bytes(16)
    ends = (
        free[:1].translate(_VERSION)
        + free[1:2].translate(_ANY)
        + free[2:3].translate(_VARIANT[0])
        + free[3:4].translate(_VARIANT[1])
        + free[4:15].translate(_ANY)
        + free[15:].translate(_LAST)
    )
    return _moment(time.time_ns() // 1_000_000) + ends.decode()


@lru_cache(1)
def _moment(milliseconds: int) -> str:
    """Return the first ten digits: 48 bits of time and the first two of the version."""
    value = milliseconds << 2 | 0b01
    return bytes([_DIGITS[value >> shift & 31] for shift in range(45, -1, -5)]).decode()


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
