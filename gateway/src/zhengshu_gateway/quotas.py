"""How much is read under each grant in one day of Beijing time, over all replicas.

Each replica keeps its own count in the bucket `policy` (`gateway.usage.<replica>`), writes it at most once a
second, and hears the others' by the same feed as everything else; it takes its own up again after a restart.
So together they may overstep a quota by about a second's use, never by a day's.
"""

import asyncio
from datetime import datetime, timedelta, timezone

import orjson
from nats.errors import Error as NatsError
from zhengshu_chassis.bus import Bus, BusAway
from zhengshu_chassis.telemetry import log
from zhengshu_contracts.limits import Quota
from zhengshu_contracts.policy import BUCKET

from zhengshu_gateway.feed import Feed

BEIJING = timezone(timedelta(hours=8))
PAUSE = 1.0


class Quotas:
    """Counts calls and rows."""

    def __init__(self, bus: Bus, feed: Feed, replica: str) -> None:
        self._bus = bus
        self._feed = feed
        self._replica = replica
        self._day = today()
        self._used: dict[str, tuple[int, int]] = {}
        self._taken_up = False
        self._written: dict[str, tuple[int, int]] = {}

    def spent(self, grant: str, quota: Quota) -> str | None:
        """Return what is used up of a quota, in words; None when something is left."""
        calls, rows = self.used(grant)
        if quota.calls is not None and calls >= quota.calls:
            return f"每日 {quota.calls} 次"
        if quota.rows is not None and rows >= quota.rows:
            return f"每日 {quota.rows} 行"
        return None

    def used(self, grant: str) -> tuple[int, int]:
        """Return the calls and rows of today under a grant, of all replicas."""
        self._turn()
        calls, rows = self._used.get(grant, (0, 0))
        for replica, usage in self._feed.known.usage.items():
            if replica != self._replica and usage.day == self._day:
                more = usage.used.get(grant, (0, 0))
                calls, rows = calls + more[0], rows + more[1]
        return calls, rows

    def count(self, grant: str, calls: int, rows: int) -> None:
        """Add a use."""
        self._turn()
        before = self._used.get(grant, (0, 0))
        self._used[grant] = (before[0] + calls, before[1] + rows)

    async def run(self) -> None:
        """Write what was counted, for ever."""
        while True:
            await asyncio.sleep(PAUSE)
            self._turn()
            try:
                await self._forget()
                if self._used != self._written:
                    await self._write()
            except (NatsError, BusAway, TimeoutError, OSError) as error:
                log.warning("quotas.not-written", exc_info=error)

    async def _write(self) -> None:
        used = dict(self._used)
        value = {"id": self._replica, "day": self._day, "used": used}
        await self._bus.publish(f"$KV.{BUCKET}.gateway.usage.{self._replica}", orjson.dumps(value))
        self._written = used

    async def _forget(self) -> None:
        """Remove what is left of other days by replicas that may be no more."""
        for replica, usage in list(self._feed.known.usage.items()):
            if usage.day < self._day:
                subject = f"$KV.{BUCKET}.gateway.usage.{replica}"
                await self._bus.publish(subject, b"", headers={"KV-Operation": "PURGE"})

    def _turn(self) -> None:
        """Take up this replica's own count after a restart; begin anew when the day is over."""
        if not self._taken_up and self._feed.known.applied:
            self._taken_up = True
            before = self._feed.known.usage.get(self._replica)
            if before is not None and before.day == self._day:
                for grant, (calls, rows) in before.used.items():
                    self.count(grant, calls, rows)
        if (day := today()) != self._day:
            self._day, self._used, self._written = day, {}, {}


def today() -> str:
    """Return the day in Beijing."""
    return datetime.now(BEIJING).date().isoformat()


def until_midnight() -> int:
    """Return the seconds until the next day in Beijing."""
    now = datetime.now(BEIJING)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((midnight - now).total_seconds()) + 1
