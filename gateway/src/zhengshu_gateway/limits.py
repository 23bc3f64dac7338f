"""How often somebody without a name may ask: a bucket of tokens per address."""

import time
from collections import OrderedDict

from zhengshu_gateway.errors import RateExceeded
from zhengshu_gateway.exchange import RawHeaders, raw

REMEMBERED = 50_000


class Limits:
    """Buckets that fill at `rate` a second up to `burst`."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> RawHeaders:
        """Take a token and return the RateLimit headers, or raise RateExceeded."""
        now = time.monotonic()
        left, at = self._buckets.pop(address, (float(self._burst), now))
        left = min(float(self._burst), left + (now - at) * self._rate)
        self._buckets[address] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        if left < 1:
            raise RateExceeded(
                "请降低访问频率,或登记后以令牌访问",
                headers={"Retry-After": str(int((1 - left) / self._rate) + 1)},
            )
        return self._told(left - 1)

    def _told(self, left: float) -> RawHeaders:
        window = int(self._burst / self._rate) or 1
        return raw(
            [
                ("ratelimit-policy", f'"anonymous";q={self._burst};w={window}'),
                ("ratelimit", f'"anonymous";r={int(left)};t={window}'),
            ]
        )
