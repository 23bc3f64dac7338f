"""Dataset events over NATS, as an integrator: one durable consumer, made by the gateway.

The system's access token opens the connection; the node answers with what this system may hear. Only
the consumer's NEXT and ACK subjects are usable, so messages are pulled by hand.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import NamedTuple

import nats
from nats.aio.client import Client as Connection
from nats.aio.msg import Msg
from zhengshu_contracts.base import Envelope

STREAM = "EVENTS"
PULL = 5.0
"""Longest a pull lasts, in seconds; the node allows no more."""


class Delivery(NamedTuple):
    """An event and the message to acknowledge once its effect is stored."""

    event: Envelope
    message: Msg


class Subscription:
    """A system's subscription to dataset events."""

    def __init__(self, connection: Connection, consumer: str) -> None:
        self._connection = connection
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{consumer}"

    async def fetch(self, batch: int = 100, *, wait: float = PULL) -> list[Delivery]:
        """Return up to `batch` events; empty when none came within `wait` seconds."""
        inbox = self._connection.new_inbox()
        waiting = await self._connection.subscribe(inbox)
        ask = {"batch": batch, "expires": int(min(wait, PULL) * 1e9)}
        await self._connection.publish(self._next, json.dumps(ask).encode(), reply=inbox)
        try:
            return [delivery async for delivery in _received(waiting.messages, batch, wait)]
        finally:
            await waiting.unsubscribe()

    async def ack(self, delivery: Delivery) -> None:
        """Say that an event's effect is stored; unacknowledged events come again."""
        await self._connection.publish(delivery.message.reply, b"+ACK")
        await self._connection.flush()


async def _received(
    messages: AsyncIterator[Msg], batch: int, wait: float
) -> AsyncIterator[Delivery]:
    for _ in range(batch):
        message: Msg | None = None
        with suppress(TimeoutError, StopAsyncIteration):
            message = await asyncio.wait_for(anext(messages), wait + 1)
        if message is None or (message.headers or {}).get("Status"):
            return
        yield Delivery(Envelope.model_validate_json(message.data), message)


async def connect(url: str, system: str, token: str) -> Connection:
    """Connect to the node's NATS with a system's access token."""
    return await nats.connect(url, token=token, name=system, inbox_prefix=f"_INBOX.{system}")
