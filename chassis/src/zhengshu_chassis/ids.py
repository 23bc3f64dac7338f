"""Identifiers that sort by the time they were made: a prefix and a UUIDv7 in base32hex."""

import secrets
import time
from uuid import UUID

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
    free = secrets.randbits(74)
    value = milliseconds << 80 | 0x7 << 76 | (free >> 62) << 64
    return value | 0b10 << 62 | free & (1 << 62) - 1
