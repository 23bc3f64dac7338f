"""Reading events: a durable pull consumer per stream, effect once, order kept per aggregate.

A handler runs in a database transaction with the inbox; acknowledged after commit. What fails for
passing reasons is offered again with growing pauses, its aggregate's later messages waiting behind it;
what can never succeed becomes a dead letter, and everybody else flows on.
"""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_contracts.base import Envelope, Event
from zhengshu_contracts.subjects import STREAMS

from zhengshu_chassis import failpoints, inbox
from zhengshu_chassis.bus import Bus
from zhengshu_chassis.db import Database
from zhengshu_chassis.errors import Unavailable
from zhengshu_chassis.telemetry import CONSUMER_LAG, DEAD_LETTERS, continue_trace, log

if TYPE_CHECKING:
    from nats.aio.msg import Msg

TRIES = 6
BACK_OFF = (0.2, 1.0, 3.0, 10.0, 30.0)
FETCH = 5.0
"""Seconds one pull request waits; also how often a silent consumer is looked at."""
PENDING = 4096
"""Unacknowledged messages at most: those that wait behind a failing one must not stop the others."""

U = TypeVar("U")
E = TypeVar("E", bound=Event)


class Unusable(Exception):
    """What a handler raises about a message that can never succeed: it is parked at once."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as it lay on the stream."""

    subject: str
    sequence: int
    raw: bytes
    envelope: Envelope
    message: "Msg" = field(repr=False)

    @property
    def aggregate(self) -> str:
        """What must stay in order."""
        return f"{self.envelope.source}:{self.envelope.subject}"


Handle = Callable[[Any, Delivery], Awaitable[None]]


class Consumers(Generic[U]):
    """The handlers of a service, by subject. `unit` makes what a handler works with of a session."""

    def __init__(
        self,
        name: str,
        *,
        unit: Callable[[AsyncSession], U],
        batch: int = 1,
        finish: Callable[[U], Awaitable[None]] | None = None,
    ) -> None:
        self.name = name
        self.unit = unit
        self.batch = batch
        """Messages per transaction; a batch that fails is taken again one by one."""
        self.finish = finish
        """What is done once at the end of each transaction, with all that its handlers gathered."""
        self._handlers: list[tuple[str, Handle]] = []

    def on(
        self, event: type[E]
    ) -> Callable[[Callable[[U, E], Awaitable[None]]], Callable[[U, E], Awaitable[None]]]:
        """Register a handler of one event class."""

        def register(
            handler: Callable[[U, E], Awaitable[None]],
        ) -> Callable[[U, E], Awaitable[None]]:
            async def typed(unit: U, delivery: Delivery) -> None:
                await handler(unit, event.model_validate(delivery.envelope.data))

            self._handlers.append((filter_of(event.subject), typed))
            return handler

        return register

    def every(
        self, *filters: str
    ) -> Callable[
        [Callable[[U, Delivery], Awaitable[None]]], Callable[[U, Delivery], Awaitable[None]]
    ]:
        """Register a handler of whatever lies on these subjects (`>` and `*` as in NATS)."""

        def register(
            handler: Callable[[U, Delivery], Awaitable[None]],
        ) -> Callable[[U, Delivery], Awaitable[None]]:
            self._handlers.extend((subject, handler) for subject in filters)
            return handler

        return register

    def streams(self) -> dict[str, list[str]]:
        """Return the filter subjects by stream; overlapping ones are merged, as the server demands."""
        found: dict[str, list[str]] = defaultdict(list)
        for subject in dict.fromkeys(subject for subject, _ in self._handlers):
            found[stream_of(subject)].append(subject)
        return {name: _widest(subjects) for name, subjects in found.items()}

    async def dispatch(self, unit: U, delivery: Delivery) -> None:
        """Run every handler of a message, in the order they were registered."""
        for subject, handler in self._handlers:
            if matches(subject, delivery.subject):
                await handler(unit, delivery)


class Consumer:
    """One stream's durable consumer, named after the service."""

    def __init__(
        self, consumers: Consumers[Any], stream: str, *, database: Database, bus: Bus
    ) -> None:
        self._consumers = consumers
        self._stream = stream
        self._name = consumers.name
        self._database = database
        self._bus = bus
        self._failures: dict[int, int] = {}
        self._held: dict[str, tuple[int, float]] = {}
        """Aggregates with a message that failed: its sequence, and when it comes again."""

    async def run(self) -> None:
        """Consume for ever; whoever runs it starts it again if it raises."""
        import nats.errors  # noqa: PLC0415 - see Bus

        while True:
            await self._bus.ready()
            generation = self._bus.generation
            subscription = await self._bind()
            self._held.clear()
            try:
                silent = 0
                while self._bus.generation == generation:
                    messages = await self._fetch(subscription)
                    silent = 0 if messages else silent + 1
                    if not messages and await self._stuck(subscription, silent):
                        await self._bus.reconnect()
                        break
                    await self._take(messages)
            finally:
                # Also while disconnected: a reconnect would bring the interest back, and a pull that waits
                # to be sent would have messages delivered to nobody until their `ack_wait` is over.
                with suppress(nats.errors.Error):
                    await subscription.unsubscribe()

    async def _bind(self) -> Any:
        """Create or update the durable consumer, and begin again after its acknowledged floor.

        Whatever an earlier process or connection held unacknowledged would otherwise arrive after its
        successors; what was taken before is recognised by the inbox.
        """
        from nats.js import api  # noqa: PLC0415 - see Bus

        config = api.ConsumerConfig(
            name=self._name,
            durable_name=self._name,
            filter_subjects=self._consumers.streams()[self._stream],
            ack_wait=60,
            max_ack_pending=PENDING,
            ack_policy=api.AckPolicy.EXPLICIT,
        )
        info = await self._bus.js.add_consumer(self._stream, config)
        if info.num_ack_pending:
            await self._bus.js.reset_consumer(self._stream, self._name)
        return await self._bus.js.pull_subscribe_bind(self._name, self._stream)

    async def _fetch(self, subscription: Any) -> "list[Msg]":
        import nats.errors  # noqa: PLC0415 - see Bus

        try:
            found: list[Msg] = await subscription.fetch(
                max(self._consumers.batch, 20), timeout=FETCH
            )
        except (TimeoutError, nats.errors.TimeoutError):
            return []
        return found

    async def _stuck(self, subscription: Any, silent: int) -> bool:
        """Tell whether messages wait although none arrives."""
        info = await subscription.consumer_info()
        CONSUMER_LAG.labels(self._stream).set(info.num_pending or 0)
        return bool(info.num_pending) and silent >= 2

    async def _take(self, messages: "Sequence[Msg]") -> None:
        deliveries = [each for message in messages if (each := await self._read(message))]
        size = self._consumers.batch
        for start in range(0, len(deliveries), size):
            chunk = deliveries[start : start + size]
            if len(chunk) == 1 or self._held or not await self._together(chunk):
                for delivery in chunk:
                    await self._one(delivery)

    async def _read(self, message: "Msg") -> Delivery | None:
        """Parse a message; one that cannot be read is a dead letter at once."""
        try:
            envelope = _envelope(message)
        except ValidationError as error:
            await self._bury(message, str(message.metadata.sequence.stream), error)
            return None
        sequence = message.metadata.sequence.stream
        return Delivery(message.subject, sequence, message.data, envelope, message)

    async def _together(self, chunk: list[Delivery]) -> bool:
        """Take a chunk in one transaction; False when it must be taken one by one."""
        try:
            await self._handle(chunk)
        except Exception as error:  # noqa: BLE001 - the one that fails is found by taking them singly
            log.warning("consumer.split", stream=self._stream, exc_info=error)
            return False
        for delivery in chunk:
            await self._acknowledge(delivery)
        return True

    async def _one(self, delivery: Delivery) -> None:
        if wait := self._waits(delivery):
            return await delivery.message.nak(delay=wait)
        try:
            await self._handle([delivery])
        except Exception as error:  # noqa: BLE001 - every failure has its consequence here
            return await self._failed(delivery, error)
        return await self._acknowledge(delivery)

    async def _handle(self, deliveries: list[Delivery]) -> None:
        """Run the handlers of those seen for the first time, all in one transaction."""
        async with self._database.sessions.begin() as session:
            new = await inbox.fresh(session, self._inbox, [d.envelope.id for d in deliveries])
            unit = self._consumers.unit(session)
            for delivery in deliveries:
                if delivery.envelope.id in new:
                    new.discard(delivery.envelope.id)
                    continue_trace((delivery.message.headers or {}).get("traceparent"))
                    await self._consumers.dispatch(unit, delivery)
            if self._consumers.finish is not None:
                await self._consumers.finish(unit)
            await session.flush()
            failpoints.hit("consumer.handled")
        failpoints.hit("consumer.committed")

    @property
    def _inbox(self) -> str:
        return f"{self._name}:{self._stream}"

    async def _acknowledge(self, delivery: Delivery) -> None:
        self._release(delivery)
        await delivery.message.ack()

    def _release(self, delivery: Delivery) -> None:
        self._failures.pop(delivery.sequence, None)
        if self._held.get(delivery.aggregate, (0, 0.0))[0] == delivery.sequence:
            del self._held[delivery.aggregate]

    def _waits(self, delivery: Delivery) -> float:
        """Return how long a message must wait behind an earlier one of its aggregate."""
        sequence, until = self._held.get(delivery.aggregate, (delivery.sequence, 0.0))
        return max(until - time.monotonic(), 0.0) + 0.1 if sequence < delivery.sequence else 0.0

    async def _failed(self, delivery: Delivery, error: Exception) -> None:
        tried = self._failures.get(delivery.sequence, 0) + (not passing(error))
        log.warning(
            "consumer.failed",
            subject=delivery.subject,
            id=delivery.envelope.id,
            tried=tried,
            exc_info=error,
        )
        if tried >= TRIES or isinstance(error, ValidationError | Unusable):
            if await self._bury(delivery.message, delivery.envelope.id, error):
                self._release(delivery)
            return
        pause = BACK_OFF[min(tried, len(BACK_OFF)) - 1] if tried else BACK_OFF[1]
        self._failures[delivery.sequence] = tried
        self._held[delivery.aggregate] = (delivery.sequence, time.monotonic() + pause)
        await delivery.message.nak(delay=pause)

    async def _bury(self, message: "Msg", event_id: str, error: Exception) -> bool:
        """Keep a message that can never succeed and stop its delivery; False when it must come again."""
        values = {
            "consumer": self._inbox,
            "event_id": event_id,
            "subject": message.subject,
            "payload": message.data,
            "error": type(error).__qualname__,
        }
        try:
            async with self._database.sessions.begin() as session:
                await session.execute(_BURY, values)
        except (DBAPIError, PoolTimeout, OSError):
            await message.nak(delay=BACK_OFF[-1])
            return False
        DEAD_LETTERS.inc()
        log.error("consumer.parked", subject=message.subject, id=event_id, exc_info=error)
        await message.term()
        return True


def _envelope(message: "Msg") -> Envelope:
    """Parse an event; an array of them is one message of its own, for a handler that reads `raw`."""
    if not message.data.startswith(b"["):
        return Envelope.model_validate_json(message.data)
    told = message.metadata
    own = (message.headers or {}).get("Nats-Msg-Id") or f"{told.stream}-{told.sequence.stream}"
    about = {"source": told.stream, "type": message.subject, "time": told.timestamp}
    return Envelope(id=own, data={}, **about)


def passing(error: Exception) -> bool:
    """Tell whether a failure comes from a dependency that is away, not from the message."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    return isinstance(error, Unavailable | PoolTimeout | OSError | TimeoutError)


def filter_of(subject: str) -> str:
    """Return the filter of an event class: its `{places}` become `*`."""
    return ".".join("*" if part.startswith("{") else part for part in subject.split("."))


def matches(wanted: str, subject: str) -> bool:
    """Tell whether a subject falls under a filter."""
    have, want = subject.split("."), wanted.split(".")
    if want[-1] == ">":
        return len(have) >= len(want) and matches(
            ".".join(want[:-1]), ".".join(have[: len(want) - 1])
        )
    return len(have) == len(want) and all(
        fnmatchcase(h, w) for h, w in zip(have, want, strict=True)
    )


def stream_of(subject: str) -> str:
    """Return the stream that keeps a subject."""
    for spec in STREAMS:
        if any(matches(kept, subject.replace(">", "x")) for kept in spec.subjects):
            return spec.name
    message = f"no stream keeps {subject}"
    raise LookupError(message)


def _widest(subjects: list[str]) -> list[str]:
    def covered(subject: str) -> bool:
        return any(matches(other, subject) for other in subjects if other != subject)

    return [subject for subject in subjects if not covered(subject)]


_BURY = text(
    "INSERT INTO dead_letters (consumer, event_id, subject, payload, error)"
    " VALUES (:consumer, :event_id, :subject, :payload, :error)"
    " ON CONFLICT (consumer, event_id) DO NOTHING"
)
