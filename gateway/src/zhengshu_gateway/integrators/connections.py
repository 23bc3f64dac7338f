"""The connections of integrators at the NATS servers: who opened each with a token of when, and their end.

The name of a connection's user says both. Knows servers and moments, not why somebody is put out.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import orjson
from nats.errors import TimeoutError as NatsTimeout
from zhengshu_chassis.bus import Bus
from zhengshu_chassis.telemetry import log

LIST = "$SYS.REQ.ACCOUNT.INTEGRATORS.CONNZ"
KICK = "$SYS.REQ.SERVER.{}.KICK"
GATHER = 0.5
"""Seconds without a further answer after which every server has answered."""
PAGE = 1000
BETWEEN = "/"


class Connection(NamedTuple):
    """One connection, as its server tells of it."""

    server: str
    number: int
    system: str
    issued: float
    """When the token was issued that opened it (seconds since 1970)."""


class Connections:
    """Finds and closes them."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def close(self, ends: Mapping[str, float]) -> None:
        """Close each system's connections that a token issued before a moment opened."""
        async for each in self.all():
            if each.issued < ends.get(each.system, 0.0):
                body = orjson.dumps({"cid": each.number})
                await self._bus.client.request(KICK.format(each.server), body, timeout=GATHER)
                log.info("integrators.closed", system=each.system)

    async def all(self) -> AsyncIterator[Connection]:
        """Yield every connection, as the servers answer."""
        offset, more = 0, True
        while more:
            more = False
            async for server, told in self._answers(
                {"auth": True, "offset": offset, "limit": PAGE}
            ):
                more |= int(told.get("total", 0)) > offset + PAGE
                for each in told.get("connections") or ():
                    system, _, issued = str(each.get("authorized_user")).partition(BETWEEN)
                    yield Connection(server, each["cid"], system, float(issued or 0))
            offset += PAGE

    async def _answers(self, ask: dict[str, Any]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Yield each server and what it answers; silence of them all is no answer."""
        client = self._bus.client
        answers = await client.subscribe(inbox := client.new_inbox())
        try:
            await client.publish(LIST, orjson.dumps(ask), reply=inbox)
            message = await answers.next_msg(timeout=GATHER)
            while True:
                told = orjson.loads(message.data)
                yield str(told["server"]["id"]), told.get("data") or {}
                try:
                    message = await answers.next_msg(timeout=GATHER)
                except NatsTimeout:
                    return
        finally:
            await answers.unsubscribe()


def user_of(system: str, issued: float) -> str:
    """Return the name of a connection's user."""
    return f"{system}{BETWEEN}{issued}"
