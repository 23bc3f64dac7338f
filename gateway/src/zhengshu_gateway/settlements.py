"""When the end of a grant has taken effect everywhere: what the leases of all replicas acknowledge.

A lease tells up to which message its replica has applied the policy, and held integrators' consumers to it;
one that is not renewed is gone after the bucket's age limit, and its holder has stopped before. So an ending
is settled when no lease is left that acknowledges less of either. Any replica can tell: the leases are in the
bucket, not in anybody's memory. The moment is written beside the policy (`gateway.settled.<grant>`), once.
A moment of a suspension says nothing of what followed while nobody watched: then it is confirmed anew.
"""

import asyncio
from datetime import UTC, datetime

import orjson
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError
from zhengshu_chassis.bus import Bus, BusAway
from zhengshu_chassis.telemetry import log
from zhengshu_contracts.identity import Identity
from zhengshu_contracts.policy import BUCKET, LEASES
from zhengshu_contracts.roles import Action
from zhengshu_contracts.settlement import SettlementOut

from zhengshu_gateway.authenticate import Caller
from zhengshu_gateway.errors import PolicyStale
from zhengshu_gateway.exchange import Exchange
from zhengshu_gateway.feed import Feed
from zhengshu_gateway.known import REMEMBERED, active, paused
from zhengshu_gateway.upstreams import VOUCHED, Upstreams

STREAM = f"KV_{LEASES}"
PREFIX = f"$KV.{LEASES}."
NOTED = f"$KV.{BUCKET}.gateway.settled."
LOOK = 0.03
"""Seconds between two looks at the leases while something is not settled; more and more, while it lasts."""
LONGEST = 0.5


class Settlements:
    """Watches endings until they are settled, and tells of them."""

    def __init__(self, bus: Bus, feed: Feed, upstreams: Upstreams) -> None:
        self._bus = bus
        self._feed = feed
        self._upstreams = upstreams
        self._changed = asyncio.Event()
        feed.listeners.append(self._changed.set)

    async def run(self) -> None:
        """Note when each ending is settled, for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            pause = LOOK
            while (pending := self._pending()) or self._feed.known.resumed:
                await asyncio.sleep(pause)
                pause = LOOK if self._changed.is_set() else min(pause * 1.5, LONGEST)
                self._changed.clear()
                try:
                    await self._forget()
                    await self._note(pending, await self.leases())
                except (NatsError, BusAway, TimeoutError, OSError) as error:
                    log.warning("settlements.unknown", exc_info=error)
                    await asyncio.sleep(1)

    async def leases(self) -> dict[str, int]:
        """Return how far each replica that holds a lease has applied and enforced the policy."""
        info = await self._bus.js.stream_info(STREAM, subjects_filter=f"{PREFIX}>")
        found: dict[str, int] = {}
        for subject in info.state.subjects or {}:
            try:
                message = await self._bus.js.get_last_msg(STREAM, subject)
            except NotFoundError:  # lapsed between the two questions
                continue
            if (message.headers or {}).get("KV-Operation"):  # given up
                continue
            told = orjson.loads(message.data or b"{}")
            least = min(int(told.get("applied", 0)), int(told.get("enforced", 0)))
            found[subject.removeprefix(PREFIX)] = least
        return found

    async def tell(self, exchange: Exchange, caller: Caller) -> None:
        """Answer `GET /v1/grants/{grant}/revocation` to whoever sharing shows the grant."""
        grant = exchange.path.split("/")[3]
        identity = Identity(
            principal=caller.principal,
            action=Action.GRANT_READ,
            expires=datetime.now(UTC) + VOUCHED,
        )
        reply = await self._upstreams.ask_as(identity, "sharing", f"/v1/grants/{grant}")
        if not reply.ok:
            kind = b"application/problem+json"
            await exchange.start(reply.status, [(b"content-type", kind)])
            await exchange.finish(reply.body)
            return
        told = await self._told(grant, str(reply.json()["dataset"]))
        await exchange.json(200, told.model_dump(mode="json"), cache_control="no-store")

    async def _told(self, grant: str, dataset: str) -> SettlementOut:
        known = self._feed.known
        if not self._feed.fresh(("sharing",)):
            raise PolicyStale("授权信息超过时限未更新,现在无法说明")
        if grant in active(known.grants.get(dataset, {})):
            return SettlementOut(grant=grant, active=True, settled=False)
        ended = known.ended.get(grant, known.base)
        waiting = sorted(name for name, applied in (await self.leases()).items() if applied < ended)
        at = self._at(grant)
        if not waiting and at is None and grant not in known.ended:
            # It ended while no gateway watched: this is the first that anybody confirms it.
            final = grant not in paused(known.grants.get(dataset, {}))
            at = await self._write(grant, ended, final=final)
        return SettlementOut(grant=grant, active=False, settled=not waiting, at=at, waiting=waiting)

    def _at(self, grant: str) -> datetime | None:
        """Return when a grant's last ending was settled."""
        known = self._feed.known
        settled = known.settled.get(grant)
        if settled is None or settled.sequence < known.ended.get(grant, 0):
            return None
        if grant in known.doubted and grant not in known.ended:
            return None
        return settled.at

    def _pending(self) -> dict[str, int]:
        ended = self._feed.known.ended
        return {grant: at for grant, at in ended.items() if self._at(grant) is None}

    async def _note(self, pending: dict[str, int], leases: dict[str, int]) -> None:
        least = min(leases.values(), default=None)
        for grant, sequence in pending.items():
            if least is None or least >= sequence:
                await self._write(grant, sequence, final=grant not in self._feed.known.paused)
                log.info("grant.settled", grant=grant, sequence=sequence, replicas=len(leases))

    async def _write(self, grant: str, sequence: int, *, final: bool) -> datetime:
        """Write the moment; of several replicas' the first stands, by its id."""
        now = datetime.now(UTC)
        value = orjson.dumps({"id": grant, "sequence": sequence, "at": now, "final": final})
        headers = {"Nats-Msg-Id": f"settled-{grant}-{sequence}"}
        await self._bus.publish(f"{NOTED}{grant}", value, headers=headers)
        return now

    async def _forget(self) -> None:
        """Remove the moments of grants that are in force again, and the oldest of too many."""
        known = self._feed.known
        over = sorted(known.settled.values(), key=lambda one: one.at)[:-REMEMBERED]
        for grant in [*known.resumed, *(one.id for one in over)]:
            await self._bus.publish(f"{NOTED}{grant}", b"", headers={"KV-Operation": "PURGE"})
            known.resumed.discard(grant)
