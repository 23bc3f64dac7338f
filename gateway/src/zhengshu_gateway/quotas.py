"""How much is read under each grant in one day of Beijing time, over all replicas.

What a read may take is set aside before it begins, and the service is told to give no more; its end gives
back what was not read. So one replica never lets out more than a quota, however much runs at once.

Each replica keeps its own count in the bucket `policy` (`gateway.usage.<replica>`), writes it at once when it
sets something aside, and hears the others' by the same feed as everything else; it takes its own up again
after a restart. Reads that begin on several replicas within that moment (`PAUSE`) do not know of each other:
each of them may take what is left, so that together they can overstep by that much, and no further.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from nats.errors import Error as NatsError
from zhengshu_chassis.bus import Bus, BusAway
from zhengshu_chassis.telemetry import log
from zhengshu_contracts.beijing import BEIJING
from zhengshu_contracts.limits import Quota
from zhengshu_contracts.policy import BUCKET

from zhengshu_gateway.case import Decision
from zhengshu_gateway.feed import Feed
from zhengshu_gateway.refusals import quota_exhausted

PAUSE = 0.1
"""Seconds between two writings of what was counted, at least."""
REPAIR = 1.0


@dataclass(frozen=True, slots=True)
class Share:
    """What one access may take of a day's quota, set aside before it begins."""

    grant: str
    day: str
    rows: int | None
    """None where the quota does not speak of rows."""


class Quotas:
    """Counts calls and rows, and what is set aside for those that run."""

    def __init__(self, bus: Bus, feed: Feed, replica: str) -> None:
        self._bus = bus
        self._feed = feed
        self._replica = replica
        self._day = today()
        self._used: dict[str, tuple[int, int]] = {}
        self._taken_up = False
        self._written: dict[str, tuple[int, int]] = {}
        self._news = asyncio.Event()

    def within(self, decision: Decision) -> Decision:
        """Return a decision as it is while something is left of its quota; otherwise the refusal."""
        if decision.quota is None or decision.grant is None:
            return decision
        spent = self.spent(decision.grant, decision.quota)
        return decision if spent is None else quota_exhausted(decision, spent)

    def set_aside(self, decision: Decision, rows: int | None) -> Share | None:
        """Count a call and at most so many rows, one at least (None: all that are left), beforehand."""
        quota, grant = decision.quota, decision.grant
        if quota is None or grant is None or decision.view is None:
            return None
        if quota.rows is None:
            rows = None
        else:
            left = max(0, quota.rows - self.used(grant)[1])
            rows = left if rows is None else min(max(rows, 1), left)
        self.count(grant, 1, rows or 0)
        self._news.set()
        return Share(grant, self._day, rows)

    def settle(self, share: Share | None, rows: int | None) -> None:
        """Count what was read in place of what was set aside; None when nobody knows: then all of it was."""
        self._turn()
        if share is None or share.rows is None or rows is None or share.day != self._day:
            return
        self.count(share.grant, 0, rows - share.rows)

    def give_back(self, share: Share | None) -> None:
        """Forget an access that never began."""
        self._turn()
        if share is not None and share.day == self._day:
            self.count(share.grant, -1, -(share.rows or 0))

    def spent(self, grant: str, quota: Quota) -> str | None:
        """Return what is used up of a quota, in words; None when something is left."""
        calls, rows = self.used(grant)
        if quota.calls is not None and calls >= quota.calls:
            return f"每日 {quota.calls} 次"
        if quota.rows is not None and rows >= quota.rows:
            return f"每日 {quota.rows} 行(含正在进行的读取)"
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
            with suppress(TimeoutError):
                async with asyncio.timeout(REPAIR):
                    await self._news.wait()
            self._news.clear()
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
