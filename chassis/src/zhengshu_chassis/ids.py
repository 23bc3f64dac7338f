"""Identifiers that sort by the time they were made: a prefix and a UUIDv7 in base32hex."""

import base64
import secrets
import time
from uuid import UUID


def uuid7() -> UUID:
    """Return a UUID of version 7: 48 bits of milliseconds, then randomness."""
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    return UUID(int=value | 0b10 << 62 | secrets.randbits(62))


def new(prefix: str) -> str:
    """Return `prefix-<26 characters>`; later ones sort after earlier ones."""
    text = base64.b32hexencode(uuid7().bytes).decode().rstrip("=").lower()
    return f"{prefix}-{text}"
