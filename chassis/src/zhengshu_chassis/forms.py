"""JSON that is written again and again: put together once, and only a few members filled in each time."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from zhengshu_chassis.ids import random_bytes

Filling = Mapping[bytes, bytes]
"""By member's name: a number as it is written, or what stands between the quotes of a string."""


class Form:
    """What `write` makes of members, but for some of them, which are told anew each time."""

    def __init__(
        self, write: Callable[[dict[str, Any]], bytes], told: dict[str, Any], places: Iterable[str]
    ) -> None:
        marks = {name: _mark(told[name]) for name in places}
        text = write(told | marks).replace(b"%", b"%%")
        for name, mark in marks.items():
            text = text.replace(str(mark).encode(), b"%(" + name.encode() + b")b")
        self._text = text

    def fill(self, filling: Filling) -> bytes:
        """Return it with this in its places; what it has no place for is left out."""
        return self._text % filling


def now() -> bytes:
    """Return the moment as RFC 3339 has it; each second is written once."""
    seconds, rest = divmod(time.time_ns(), 1_000_000_000)
    return b"%b.%06d+00:00" % (_second(seconds), rest // 1000)


@lru_cache(1)
def _second(seconds: int) -> bytes:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()


def _mark(value: object) -> int | str:
    """Return something of the same kind that stands nowhere else."""
    if isinstance(value, int | float):
        return int.from_bytes(random_bytes(7), "big") | 1 << 55
    return random_bytes(8).hex()
