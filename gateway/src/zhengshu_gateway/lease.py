"""This replica's lease: proof, renewed each second, that it hears of what is revoked.

The holder counts from before its renewal and the bucket from after, so that the lease is over here before
anybody else can think so. Its value acknowledges: up to this message of the policy everything is applied,
and nothing more leaves here under what it ended (`applied`); and integrators' consumers hear no more than it
lets them (`enforced`). A change of rights is acknowledged at once.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import orjson
from nats.errors import Error as NatsError
from zhengshu_chassis.bus import Bus, BusAway
from zhengshu_chassis.telemetry import log
from zhengshu_contracts.policy import LEASES

from zhengshu_gateway.feed import Feed

RENEWAL = 1.0
TOGETHER = 0.02
"""Seconds within which several changes are acknowledged as one."""
LASTS = 5.0
"""Shorter than the bucket's age limit (6 s)."""


class Lease:
    """Held until a moment on this machine's clock."""

    def __init__(self, bus: Bus, feed: Feed, replica: str, *, enforced: Callable[[], int]) -> None:
        self._bus = bus
        self._enforced = enforced
        self._feed = feed
        self._subject = f"$KV.{LEASES}.{replica}"
        self._until = 0.0
        self._changed = asyncio.Event()
        feed.listeners.append(self.acknowledge)

    def acknowledge(self) -> None:
        """Renew at once: there is something new to acknowledge."""
        self._changed.set()

    @property
    def held(self) -> bool:
        """Whether this replica may serve data."""
        return time.monotonic() < self._until

    async def run(self) -> None:
        """Renew for ever."""
        while True:
            await self._bus.ready()
            self._changed.clear()
            began = time.monotonic()
            try:
                applied = self._feed.known.applied
                value = orjson.dumps({"applied": applied, "enforced": self._enforced()})
                await self._bus.publish(self._subject, value, patience=RENEWAL)
                self._until = began + LASTS
            except (NatsError, BusAway, TimeoutError, OSError) as error:
                log.warning("lease.not-renewed", exc_info=error)
            await asyncio.sleep(TOGETHER)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, RENEWAL - (time.monotonic() - began))):
                    await self._changed.wait()
