"""Dataset events over NATS, as an integrator: durable consumers that the node makes and narrows.

The system's access token opens the connection; the node answers with what this system may hear. Nothing
but pulling from its own consumers and acknowledging is allowed, so messages are pulled by hand.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import httpx
from nats.aio.client import Client as Connection
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from nats.errors import Error as NatsError
from zhengshu_contracts.base import Envelope

from zhengshu.errors import Refused

STREAM = "EVENTS"
PULL = 5.0
"""Longest a pull lasts, in seconds; the node allows no more."""
GRACE = 2.0
"""Seconds after the end of a pull without a word in which the connection counts as dead."""
LOOK = 0.5
"""Seconds between two looks at whether the connection still stands."""
MOST = 8
"""Most consumers of one system. Nearly all have one; the node adds one per 256 grants."""
REQUEST_TIMEOUT = "408"
SHORTEST, LONGEST = 0.5, 30.0
"""Pauses between attempts to connect, in seconds."""


class Delivery(NamedTuple):
    """An event and the message to acknowledge once its effect is stored."""

    event: Envelope
    message: Msg


class Subscription:
    """A system's subscription to dataset events, on one connection."""

    def __init__(self, connection: Connection, system: str) -> None:
        self._connection = connection
        self._inbox = connection.new_inbox()
        self._arriving: asyncio.Queue[Msg] = asyncio.Queue()
        self._listening = False
        self._consumers = [system, *(f"{system}-{number}" for number in range(2, MOST + 1))]
        self._existing = 1
        self._asked: dict[str, int] = {}
        """Consumers with a pull under way, and how many events it may still bring."""

    async def fetch(self, batch: int = 100, *, wait: float = PULL) -> list[Delivery]:
        """Return up to `batch` events as soon as there are some; none when none came within `wait`."""
        if not self._listening:
            await self._connection.subscribe(f"{self._inbox}.*", cb=self._arriving.put)
            self._listening = True
        until = time.monotonic() + wait
        found: list[Delivery] = []
        while len(found) < batch and not (found and self._arriving.empty()):
            if not self._asked:
                if found or time.monotonic() >= until:
                    break
                await self._ask(batch, min(PULL, until - time.monotonic()))
            if delivery := await self._sorted(await self._next()):
                found.append(delivery)
        return found

    async def ack(self, delivery: Delivery) -> None:
        """Say that an event's effect is stored; what the node does not hear of comes again."""
        await self._connection.publish(delivery.message.reply, b"+ACK")

    async def _ask(self, batch: int, wait: float) -> None:
        """Pull from every consumer there is, and see whether there is one more."""
        ask = json.dumps({"batch": batch, "expires": max(int(wait * 1e9), 1_000_000)}).encode()
        for number, consumer in enumerate(self._consumers[: self._existing + 1]):
            self._asked[consumer] = batch
            subject = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{consumer}"
            await self._connection.publish(subject, ask, reply=f"{self._inbox}.{number}")

    async def _next(self) -> Msg:
        """Wait for a word from the node. nats-py's own waits may lose a cancellation in Python 3.11."""
        until = time.monotonic() + PULL + GRACE
        while time.monotonic() < until:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    return await self._arriving.get()
            if self._connection.is_closed:
                raise ConnectionClosedError
        raise TimeoutError

    async def _sorted(self, message: Msg) -> Delivery | None:
        """Tell events from words about a pull; ignore what is neither from the node nor for us."""
        if status := (message.headers or {}).get("Status"):
            await self._over(int(message.subject.rpartition(".")[2]), status)
            return None
        stream, _, rest = message.reply.removeprefix("$JS.ACK.").partition(".")
        consumer = rest.partition(".")[0]
        if stream != STREAM or consumer not in self._consumers:
            return None
        self._asked[consumer] = self._asked.get(consumer, 1) - 1
        if self._asked[consumer] <= 0:
            del self._asked[consumer]
        return Delivery(Envelope.model_validate_json(message.data), message)

    async def _over(self, number: int, status: str) -> None:
        """Note that a pull ended without bringing all it might."""
        self._asked.pop(self._consumers[number], None)
        if status == REQUEST_TIMEOUT:
            self._existing = max(self._existing, number + 1)
        elif number < self._existing:
            await asyncio.sleep(SHORTEST)  # being made anew, or the server is busy


async def subscribe(
    url: str, system: str, token: Callable[[], str], *, batch: int = 100
) -> AsyncIterator[Envelope]:
    """Yield events for ever, each dataset's in order; asking for the next acknowledges the last.

    Survives reconnections, ended tokens and the node's absence; an event may come twice, so compare its
    dataset, epoch and version with what is stored. `token` returns an access token (`Client.token`);
    its refusals are raised, since trying again would not help.
    """
    pause = SHORTEST
    while True:
        try:
            async with connected(url, system, await asyncio.to_thread(token)) as connection:
                subscription = Subscription(connection, system)
                while True:
                    for delivery in await subscription.fetch(batch):
                        yield delivery.event
                        await subscription.ack(delivery)
                    pause = SHORTEST
        except Refused as refusal:
            if refusal.status < httpx.codes.INTERNAL_SERVER_ERROR:
                raise
        except (NatsError, httpx.TransportError, OSError, TimeoutError):
            pass
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST)


@asynccontextmanager
async def connected(url: str, system: str, token: str) -> AsyncIterator[Connection]:
    """Connect, and close at the end."""
    connection = await connect(url, system, token)
    try:
        yield connection
    finally:
        await connection.close()


async def connect(url: str, system: str, token: str) -> Connection:
    """Connect to the node's NATS with a system's access token; the connection ends with the token."""
    connection = Connection()
    try:
        await connection.connect(url, token=token, name=system, **_options(system))
        if not connection.is_connected:  # nats-py takes a server's ping for its consent
            raise NatsError("the node did not answer")
    except BaseException:
        await connection.close()  # nats-py leaves the socket open
        raise
    return connection


def _options(system: str) -> dict[str, Any]:
    return {
        "inbox_prefix": f"_INBOX.{system}",
        # A token serves one connection: whoever comes back comes with a new one.
        "allow_reconnect": False,
        "max_reconnect_attempts": 1,
        "reconnect_time_wait": 0.1,
        "connect_timeout": 10,
        "ping_interval": 10,
        "max_outstanding_pings": 2,
        "error_cb": _quiet,
    }


async def _quiet(_: Exception) -> None:
    """Leave errors to whoever waits for an answer."""
