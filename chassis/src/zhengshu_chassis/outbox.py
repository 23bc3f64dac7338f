"""What must be announced, written in the transaction of what happened, and the relay that announces it.

Scans `published_at IS NULL ORDER BY id`, never an id cursor: ids are taken before commit. One
unacknowledged publish per aggregate, aggregates in parallel. Whoever adds for an aggregate MUST hold
its row's lock, so that ids follow commits. A value in a KV bucket is a publish like any other.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson
from pydantic import BaseModel
from sqlalchemy import BigInteger, Identity, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_contracts.base import Envelope, Event
from zhengshu_contracts.policy import BUCKET, heartbeat_key

from zhengshu_chassis import failpoints, ids
from zhengshu_chassis.db import Base
from zhengshu_chassis.errors import TooLarge
from zhengshu_chassis.telemetry import OUTBOX_BACKLOG, log, traceparent

CHANNEL = "outbox"
SCAN = 500
PARALLEL = 64
IDLE = 5.0
"""Seconds between scans when nothing wakes the relay: a lost notification costs no more than this."""
BEAT = 1.0
LARGEST = 1_000_000
"""Bytes of a message at most: NATS takes 1 MiB with its headers. One that never leaves would hold up its
aggregate and the heartbeat for ever, so that it is refused before it is written."""


class MessageTooLarge(TooLarge):
    """What would have to be announced is more than a message holds."""

    slug = "message-too-large"
    title = "须公告的内容超出单条消息的容量"


class OutboxRow(Base):
    """One message to publish."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    event_id: Mapped[str]
    subject: Mapped[str]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    aggregate: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    published_at: Mapped[datetime | None]


class Outbox:
    """Adds messages to the session's transaction; `source` is the service's name."""

    def __init__(self, session: AsyncSession, source: str) -> None:
        self._session = session
        self._source = source

    def add(self, event: Event, *, aggregate: str) -> str:
        """Announce an event about an aggregate; return its id."""
        envelope = Envelope.wrap(event, source=self._source, about=aggregate)
        payload = envelope.model_dump_json(exclude_none=True).encode()
        self._write(envelope.id, envelope.type, payload, {}, aggregate)
        return envelope.id

    def put(self, key: str, value: BaseModel | None, *, aggregate: str | None = None) -> None:
        """Write a key of the policy bucket, or delete it with None."""
        payload = b"" if value is None else value.model_dump_json().encode()
        headers = {"KV-Operation": "DEL"} if value is None else {}
        self._write(ids.new("kv"), f"$KV.{BUCKET}.{key}", payload, headers, aggregate or key)

    def _write(
        self, event_id: str, subject: str, payload: bytes, headers: dict[str, str], aggregate: str
    ) -> None:
        if len(payload) > LARGEST:
            raise MessageTooLarge(
                f"消息 {subject} 有 {len(payload)} 字节,至多 {LARGEST} 字节",
                next="请缩短文字或减少项数,分次提交",
            )
        carried = headers | {"traceparent": traceparent()}
        self._session.add(
            OutboxRow(
                event_id=event_id,
                subject=subject,
                payload=payload,
                headers=carried,
                aggregate=aggregate,
            )
        )


class Publisher(Protocol):
    """What the relay needs of the bus: return when the message is stored, raise when not."""

    async def publish(self, subject: str, payload: bytes, *, headers: dict[str, str]) -> Any:
        """Publish and wait for the acknowledgement."""
        ...


class Relay:
    """Publishes what the outbox holds. The caller guarantees that one runs per database."""

    def __init__(
        self, connection: Any, wake: asyncio.Event, bus: Publisher, *, heartbeat: str | None = None
    ) -> None:
        self._connection = connection
        self._wake = wake
        self._bus = bus
        self._heartbeat = heartbeat
        self._beaten = 0.0
        self._refused: Exception | None = None

    async def run(self) -> None:
        """Publish for ever; whatever cannot be published now is tried again."""
        pause = 0.1
        while True:
            self._wake.clear()
            found, failed = await self.round()
            if failed:
                log.warning("relay.delayed", failed=failed, pause=pause, exc_info=self._refused)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)
                continue
            pause = 0.1
            if found < SCAN:
                await self._rest()

    async def round(self) -> tuple[int, int]:
        """Scan once and publish; return how many rows were found and how many failed."""
        as_of = await self._connection.fetchval("SELECT clock_timestamp()")
        rows = await self._connection.fetch(_SCAN, SCAN)
        OUTBOX_BACKLOG.set(len(rows))
        if rows:
            failpoints.hit("relay.scanned")
        published = await self._publish_all(rows)
        if published:
            failpoints.hit("relay.published")
            await self._connection.execute(_MARK, published)
        failed = len(rows) - len(published)
        if not failed and len(rows) < SCAN:
            failed += await self._beat(as_of)
        return len(rows), failed

    async def _publish_all(self, rows: Sequence[Any]) -> list[int]:
        """Publish every aggregate's rows in order, aggregates side by side; return the ids accepted."""
        aggregates: dict[str, list[Any]] = defaultdict(list)
        for row in rows:
            aggregates[row["aggregate"]].append(row)
        limit = asyncio.Semaphore(PARALLEL)
        done = await asyncio.gather(
            *(self._publish_in_order(aggregate, limit) for aggregate in aggregates.values())
        )
        return [row_id for accepted in done for row_id in accepted]

    async def _publish_in_order(self, rows: list[Any], limit: asyncio.Semaphore) -> list[int]:
        accepted: list[int] = []
        async with limit:
            for row in rows:
                headers = orjson.loads(row["headers"]) | {"Nats-Msg-Id": row["event_id"]}
                if not await self._accepted(row["subject"], row["payload"], headers):
                    break
                accepted.append(row["id"])
        return accepted

    async def _accepted(self, subject: str, payload: bytes, headers: dict[str, str]) -> bool:
        try:
            await self._bus.publish(subject, payload, headers=headers)
        except Exception as error:  # noqa: BLE001 - whatever it was, the row stays and is tried again
            self._refused = error
            return False
        return True

    async def _beat(self, as_of: datetime) -> int:
        """Say up to when everything has been published; return 1 if that could not be said."""
        if self._heartbeat is None or time.monotonic() - self._beaten < BEAT * 0.9:
            return 0
        payload = orjson.dumps({"writer": self._heartbeat, "as_of": as_of})
        subject = f"$KV.{BUCKET}.{heartbeat_key(self._heartbeat)}"
        if not await self._accepted(subject, payload, {}):
            return 1
        self._beaten = time.monotonic()
        return 0

    async def _rest(self) -> None:
        idle = BEAT if self._heartbeat else IDLE
        try:
            async with asyncio.timeout(idle):
                await self._wake.wait()
        except TimeoutError:
            return


async def forget(connection: Any) -> None:
    """Delete what was published more than seven days ago (asyncpg connection).

    The last value of each key stays: a bucket that was lost is filled from here.
    """
    await connection.execute(_FORGET)


async def offer_again(session: AsyncSession, minutes: int | None = None) -> int:
    """Have the relay publish once more what it published in the last minutes, or all that is kept.

    Of each key only the newest value goes out, so that nothing revoked comes back even for a moment.
    """
    since = None if minutes is None else timedelta(minutes=minutes)
    done = await session.execute(_AGAIN, {"since": since})
    return len(done.all())


_SCAN = (
    "SELECT id, event_id, subject, payload, headers, aggregate FROM outbox"
    " WHERE published_at IS NULL ORDER BY id LIMIT $1"
)
_FORGET = (
    "DELETE FROM outbox old WHERE published_at < clock_timestamp() - interval '7 days'"
    " AND (subject NOT LIKE '$KV.%' OR headers ? 'KV-Operation' OR EXISTS"
    " (SELECT FROM outbox newer WHERE newer.subject = old.subject AND newer.id > old.id))"
)
_AGAIN = text(
    "UPDATE outbox SET published_at = NULL"
    " WHERE published_at > coalesce(clock_timestamp() - CAST(:since AS interval), '-infinity')"
    " AND id IN (SELECT max(id) FROM outbox"
    "   GROUP BY CASE WHEN subject LIKE '$KV.%' THEN subject ELSE event_id END)"
    " RETURNING id"
)
_MARK = "UPDATE outbox SET published_at = clock_timestamp() WHERE id = ANY($1::bigint[])"
