"""Holds every integrator's consumers to what the policy says now, and puts out whose token is good no more.

Each replica does: edits are idempotent. Whoever writes looks afterwards whether the facts have changed
meanwhile, and if so writes again; so the newest facts are written last, without a lock.
"""

import asyncio
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime

from nats.errors import Error as NatsError
from zhengshu_chassis.bus import Bus, BusAway
from zhengshu_chassis.telemetry import log

from zhengshu_gateway.authenticate import Authenticator, Caller
from zhengshu_gateway.errors import ClientLocked, ClientUnknown, PolicyStale
from zhengshu_gateway.feed import Feed
from zhengshu_gateway.integrators.connections import Connections
from zhengshu_gateway.integrators.durables import Durable, Durables, NotDone
from zhengshu_gateway.integrators.rights import Hearing, Rights
from zhengshu_gateway.known import Known

LOOK = 0.2
REPAIR = 60.0
"""Seconds after which consumers are looked at even when nothing changed."""
ALL_TOKENS = math.inf
TROUBLE = (NatsError, NotDone, BusAway, OSError)

Moment = tuple[Known, int]


class Keeper:
    """Knows what each system may hear, and sees to it."""

    def __init__(
        self, bus: Bus, feed: Feed, authenticator: Authenticator, *, held: Callable[[], None]
    ) -> None:
        self._bus = bus
        self._tell_held = held
        self._held: tuple[Moment, int] | None = None
        """The facts that every consumer was last held to, and up to which message they went."""
        self._feed = feed
        self._authenticator = authenticator
        self._durables = Durables(bus)
        self._connections = Connections(bus)
        self._ends: dict[str, float] = {}
        """Of each system, before when its tokens were issued that are good no more (seconds since 1970)."""
        self._ended: dict[str, float] = {}
        """The same, as far as no connection is left that such a token opened."""
        self._moment: Moment | None = None
        self._rights = Rights(Known(), datetime.now(UTC))

    async def run(self) -> None:
        """Follow the facts, for ever."""
        while True:
            await self._bus.ready()
            if not self._feed.known.applied:
                await asyncio.sleep(LOOK)
                continue
            moment, rights, applied = self._now(), self._current(), self._feed.known.applied
            if await self._hold_all():
                self._held = moment, applied
                self._tell_held()
                await self._changed(moment, rights.until)
            else:
                await asyncio.sleep(1)

    @property
    def enforced(self) -> int:
        """Up to which message of the policy no consumer hears more than it lets it."""
        if self._held is None:
            return 0
        moment, applied = self._held
        # What came since and changed nobody's rights has nothing to be enforced.
        return self._feed.known.applied if moment == self._now() else applied

    def hearing(self, caller: Caller) -> Hearing:
        """Return what a system may hear now."""
        return self._current().of(caller)

    async def prepare(self, caller: Caller) -> None:
        """Make a connecting system's consumers ready: its rights, from its last acknowledgement on."""
        system, moment = caller.principal.id, None
        while moment != self._now():
            moment = self._now()
            found = await self._durables.of(system)
            await self._durables.bring(system, found, self.hearing(caller).filters, again=True)

    def _now(self) -> Moment:
        known = self._feed.known
        return known, known.rights

    def _current(self) -> Rights:
        """Return the rights of the moment, made anew when facts changed or a period began or ended."""
        moment, now = self._now(), datetime.now(UTC)
        if moment != self._moment or now >= self._rights.until:
            self._moment, self._rights = moment, Rights(moment[0], now)
        return self._rights

    async def _changed(self, moment: Moment, until: datetime) -> None:
        """Return when the facts are others than then, a period began or ended, or it is time to look."""
        latest = time.monotonic() + REPAIR
        while True:
            if moment != self._now() or datetime.now(UTC) >= until or time.monotonic() > latest:
                return
            await asyncio.sleep(LOOK)

    async def _hold_all(self) -> bool:
        """Hold every system to its rights; tell whether all of it was done."""
        try:
            every = await self._durables.all()
        except TROUBLE as error:
            log.warning("integrators.unlisted", exc_info=error)
            return False
        held = [await self._hold(system, found) for system, found in every.items()]
        return await self._put_out() and all(held)

    async def _hold(self, system: str, found: dict[int, Durable]) -> bool:
        """Hold one system to its rights; what fails must not keep the others from theirs."""
        try:
            caller = self._authenticator.named(system)
        except PolicyStale:  # nobody can tell now what it may hear
            return False
        except (ClientUnknown, ClientLocked):
            caller = None
        self._ends[system] = ALL_TOKENS if caller is None else caller.not_before
        try:
            if caller is None:
                await self._durables.pause(system, found)
            else:
                await self._durables.bring(system, found, self.hearing(caller).filters)
        except TROUBLE as error:
            log.warning("integrators.unheld", system=system, exc_info=error)
            return False
        return True

    async def _put_out(self) -> bool:
        """Close the connections that tokens opened which are good no more; tell whether all are."""
        owed = {
            system: end for system, end in self._ends.items() if end != self._ended.get(system, 0)
        }
        if not owed:
            return True
        try:
            await self._connections.close(owed)
        except TROUBLE as error:
            log.warning("integrators.unclosed", systems=len(owed), exc_info=error)
            return False
        self._ended |= owed
        return True
