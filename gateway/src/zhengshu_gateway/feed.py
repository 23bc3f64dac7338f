"""Follows the KV bucket `policy` and proves that it missed nothing.

An ordered consumer of our own making: every message carries the consumer's sequence and every idle
heartbeat names the last one sent; a gap, a new connection or silence throws the consumer away and reads the
bucket anew. Meanwhile the old facts stay, growing older. (nats-py's watcher was seen to miss updates
after a server's restart without an error.)
"""

import asyncio
import gc
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from zhengshu_chassis.bus import Bus, BusAway
from zhengshu_chassis.telemetry import log
from zhengshu_contracts.policy import BUCKET, Writer

from zhengshu_gateway.known import Known

STREAM = f"KV_{BUCKET}"
PREFIX = f"$KV.{BUCKET}."
HEARTBEAT = 1.0
SILENCE = 3.5
"""Seconds without a message or an idle heartbeat after which the consumer is given up."""
LOOK = 0.5


class Feed:
    """The facts of the moment. `run` keeps them so, for ever."""

    def __init__(self, bus: Bus, *, limit: float, identity_limit: float) -> None:
        self._bus = bus
        self.limit = limit
        self.identity_limit = identity_limit
        self.known = Known()
        self.listeners: list[Callable[[], None]] = []
        """Called, in order, as soon as who may do what has changed."""

    @property
    def ready(self) -> bool:
        """Whether the whole bucket has been read and callers can be told apart."""
        return self.known.applied > 0 and self.vouched(("catalog",))

    def fresh(self, writers: tuple[Writer, ...] | frozenset[Writer]) -> bool:
        """Tell whether decisions may rest on these writers' facts now."""
        return self.known.fresh(writers, self.limit)

    def vouched(self, writers: tuple[Writer, ...] | frozenset[Writer]) -> bool:
        """Tell whether these writers' word on who a caller is still holds, where no rows are decided."""
        return self.known.fresh(writers, self.identity_limit)

    async def run(self) -> None:
        """Follow the bucket; after whatever goes wrong, begin again."""
        while True:
            await self._bus.ready()
            try:
                await self._follow()
            except (NatsError, BusAway, TimeoutError, OSError) as error:
                log.warning("feed.interrupted", exc_info=error)
            await asyncio.sleep(0.2)

    async def _follow(self) -> None:
        """Read the bucket into new facts, put them in place when complete, and go on until broken."""
        generation, inbox = self._bus.generation, self._bus.client.new_inbox()
        replay = Replay(self._tell)
        subscription = await self._bus.client.subscribe(
            inbox, cb=replay.take, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        try:
            info = await self._bus.js.add_consumer(STREAM, _ordered(inbox))
            if info.num_pending == 0 and replay.consumer == 0:
                replay.finish(0)
            await self._watch(replay, generation)
            await self._bus.js.delete_consumer(STREAM, info.name)
        finally:
            with suppress(NatsError, BusAway, OSError):
                await subscription.unsubscribe()

    def _tell(self) -> None:
        for listener in self.listeners:
            listener()

    async def _watch(self, replay: "Replay", generation: int) -> None:
        """Put the facts in place once complete; return when their completeness is no longer sure."""
        while not replay.broken and self._bus.connected and generation == self._bus.generation:
            if replay.complete and self.known is not replay.known:
                self.known = replay.known
                gc.freeze()  # what stays is not to be walked again by each collection
                self._tell()
                log.info("feed.complete", datasets=len(self.known.datasets))
            if time.monotonic() - replay.heard > SILENCE:
                replay.fail("silence")
            await replay.rest()
        log.warning("feed.broken", why=replay.broken or "connection")


class Replay:
    """One consumer's messages, checked one by one and applied to facts of its own."""

    def __init__(self, tell: Callable[[], None] = lambda: None) -> None:
        self.known = Known()
        self._tell = tell
        self.consumer = 0
        """Sequence of the last message this consumer delivered."""
        self.complete = False
        self.broken = ""
        self.heard = time.monotonic()
        self._news = asyncio.Event()

    async def take(self, message: Msg) -> None:
        """Take a message: a control message is checked and answered, a value applied."""
        self.heard = time.monotonic()
        if self.broken:
            return
        headers = message.headers or {}
        if headers.get("Status") == "100":
            await self._control(message, headers)
        else:
            self._value(message, headers)

    def fail(self, why: str) -> None:
        """Give this consumer up."""
        self.broken = why
        self._news.set()

    def finish(self, pending: int) -> None:
        """Note that nothing of the past is left to read."""
        if pending == 0 and not self.complete:
            self.known.caught_up()
            self.complete = True
            self._news.set()

    async def rest(self) -> None:
        """Wait until something happened, or it is time to look."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK):
                await self._news.wait()
        self._news.clear()

    async def _control(self, message: Msg, headers: dict[str, Any]) -> None:
        last = headers.get("Nats-Last-Consumer")
        if last is not None and int(last) != self.consumer:
            self.fail(f"gap: {self.consumer} of {last}")
        answer = message.reply or headers.get("Nats-Consumer-Stalled")
        if answer:  # flow control: say that everything up to here was taken
            await message._client.publish(answer)  # noqa: SLF001 - nats-py offers no other way

    def _value(self, message: Msg, headers: dict[str, Any]) -> None:
        sequence, consumer, pending = places(message.reply)
        if consumer != self.consumer + 1:
            self.fail(f"gap: {self.consumer} then {consumer}")
            return
        self.consumer = consumer
        removed = headers.get("KV-Operation") in {"DEL", "PURGE"}
        key = message.subject.removeprefix(PREFIX)
        rights = self.known.rights
        self.known.apply(key, None if removed else message.data, sequence)
        self.finish(pending)
        if self.complete and self.known.rights != rights:
            self._tell()


def places(reply: str) -> tuple[int, int, int]:
    """Return stream sequence, consumer sequence and number pending from a message's reply subject."""
    tokens = reply.split(".")
    shift = 0 if len(tokens) == 9 else 2  # newer servers name a domain and an account first
    return int(tokens[5 + shift]), int(tokens[6 + shift]), int(tokens[8 + shift])


def _ordered(inbox: str) -> ConsumerConfig:
    return ConsumerConfig(
        deliver_subject=inbox,
        filter_subject=f"{PREFIX}>",
        deliver_policy=DeliverPolicy.LAST_PER_SUBJECT,
        ack_policy=AckPolicy.NONE,
        max_deliver=1,
        flow_control=True,
        idle_heartbeat=HEARTBEAT,
        inactive_threshold=30,
        mem_storage=True,
        num_replicas=1,
    )
