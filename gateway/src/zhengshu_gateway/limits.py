"""How often and how many at once: a bucket of tokens and a count of what runs, per caller and class.

What a service has to work for waits its turn here as well, so that who asks much at once fills no service.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from zhengshu_gateway.errors import RateExceeded, TooManyAtOnce

REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket that fills at `rate` a second up to `burst`, and how many requests may run at once."""

    rate: float
    burst: int
    at_once: int


class Limits:
    """Counts per class and caller: an address where nobody is known, otherwise a client."""

    def __init__(self, rates: Mapping[str, Rate]) -> None:
        self.rates = dict(rates)
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._running: dict[tuple[str, str], int] = {}

    def take(self, kind: str, caller: str) -> list[tuple[bytes, bytes]]:
        """Take a token and return the RateLimit headers, or raise RateExceeded."""
        allowed, left = self.rates[kind], self.count(kind, caller)
        told = self.told(kind, left)
        if left < 1:
            wait = str(int((1 - left) / allowed.rate) + 1)
            raise RateExceeded(
                "请降低访问频率" if kind != "anonymous" else "请降低访问频率,或登记后以令牌访问",
                headers={"Retry-After": wait} | {n.decode(): v.decode() for n, v in told},
            )
        return told

    def told(self, kind: str, left: float) -> list[tuple[bytes, bytes]]:
        """Return the RateLimit headers of a request, before which so many tokens were left."""
        allowed, name = self.rates[kind], kind.encode()
        window = int(allowed.burst / allowed.rate) or 1
        return [
            (b"ratelimit-policy", b'"%s";q=%d;w=%d' % (name, allowed.burst, window)),
            (b"ratelimit", b'"%s";r=%d;t=%d' % (name, max(0, left - 1), window)),
        ]

    def count(self, kind: str, caller: str) -> float:
        """Take a token if there is one; return what there was."""
        allowed, now, key = self.rates[kind], time.monotonic(), (kind, caller)
        full = float(allowed.burst)
        left, at = self._buckets.pop(key, (full, now))
        left = min(full, left + (now - at) * allowed.rate)
        self._buckets[key] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return left

    def spent(self, kind: str, caller: str) -> bool:
        """Tell, without taking, whether nothing is left; who never took anything costs one look."""
        bucket = self._buckets.get((kind, caller))
        if bucket is None:
            return False
        return bucket[0] + (time.monotonic() - bucket[1]) * self.rates[kind].rate < 1

    def running(self, kind: str, caller: str) -> "Place":
        """Return the place to hold while a request runs; entering it may raise TooManyAtOnce."""
        return Place(self._running, (kind, caller), self.rates[kind].at_once)


class Place:
    """One of the requests that a caller may have running at once."""

    __slots__ = ("_key", "_most", "_running")

    def __init__(
        self, running: dict[tuple[str, str], int], key: tuple[str, str], most: int
    ) -> None:
        self._running, self._key, self._most = running, key, most

    @property
    def full(self) -> bool:
        """Whether no more of them may run now."""
        return self._running.get(self._key, 0) >= self._most

    def __enter__(self) -> None:
        if self.full:
            told = {"Retry-After": "1"}
            raise TooManyAtOnce(f"同类请求同时至多 {self._most} 个", headers=told)
        self.enter()

    def __exit__(self, *_: object) -> None:
        self.leave()

    def enter(self) -> None:
        """Hold it, as one more."""
        self._running[self._key] = self._running.get(self._key, 0) + 1

    def leave(self) -> None:
        """Give it back."""
        left = self._running[self._key] - 1
        if left:
            self._running[self._key] = left
        else:
            del self._running[self._key]


class Turns:
    """So many requests of one caller at one service at the same time; its others wait, in their order."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._room: dict[tuple[str, str], asyncio.Semaphore] = {}
        self._here: dict[tuple[str, str], int] = {}

    @asynccontextmanager
    async def turn(self, service: str, caller: str) -> AsyncIterator[None]:
        """Wait for a place at a service and hold it."""
        key = (service, caller)
        room = self._room.setdefault(key, asyncio.Semaphore(self._most))
        self._here[key] = self._here.get(key, 0) + 1
        try:
            async with room:
                yield
        finally:
            self._here[key] -= 1
            if not self._here[key]:
                del self._here[key], self._room[key]
