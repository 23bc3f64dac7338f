"""What waits for a person: dispatches the counterpart refuses, events no handler could take.

A dead letter is tried again here and now, by the same handlers, in one transaction with its removal; that
it was published once is enough, nothing is published anew.
"""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from sqlalchemy import extract, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_contracts.base import Envelope
from zhengshu_contracts.dispatch import DeadLetterOut, DeadLetterPage, DispatchState

from zhengshu_chassis import inbox
from zhengshu_chassis.consumers import Consumers, Delivery
from zhengshu_chassis.db import Base, Database
from zhengshu_chassis.dispatch import PARKED, DispatchRow
from zhengshu_chassis.errors import Conflict, NotFound
from zhengshu_chassis.telemetry import DEAD_LETTERS_KEPT, DISPATCHES_PARKED, DISPATCHES_WAITING, log

if TYPE_CHECKING:
    from nats.aio.msg import Msg

SHOWN = 50
LOOK = 60.0


class DeadLetterNotFound(NotFound):
    """No such dead letter."""

    slug = "dead-letter-not-found"
    title = "没有此死信"


class DeadLetterFails(Conflict):
    """The handlers still cannot take it."""

    slug = "dead-letter-fails"
    title = "消息仍然无法处理"

    def __init__(self, error: Exception) -> None:
        super().__init__(
            f"处理时出错:{type(error).__qualname__}", next="请先升级到能处理该消息的版本,或报障"
        )


class DeadLetterRow(Base):
    """One message that was given up."""

    __tablename__ = "dead_letters"

    consumer: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    payload: Mapped[bytes]
    error: Mapped[str]
    at: Mapped[datetime]

    def to_wire(self) -> DeadLetterOut:
        """Return it as people see it: without its payload."""
        stream, event = self.consumer.rpartition(":")[2], self.event_id
        return DeadLetterOut(
            stream=stream, event=event, subject=self.subject, error=self.error, at=self.at
        )


async def dead_letters(session: AsyncSession, after: str | None) -> DeadLetterPage:
    """Return dead letters, by stream and event."""
    query = select(DeadLetterRow).order_by(DeadLetterRow.consumer, DeadLetterRow.event_id)
    if after:
        consumer, _, event = after.partition(" ")
        place = tuple_(DeadLetterRow.consumer, DeadLetterRow.event_id)
        query = query.where(place > tuple_(consumer, event))
    rows = list(await session.scalars(query.limit(SHOWN + 1)))
    shown = rows[:SHOWN]
    following = f"{shown[-1].consumer} {shown[-1].event_id}" if len(rows) > SHOWN else None
    return DeadLetterPage(letters=[row.to_wire() for row in shown], next=following)


async def retry(
    session: AsyncSession, consumers: Consumers[Any], stream: str, event_id: str
) -> DeadLetterOut:
    """Have a dead letter handled after all, once; DeadLetterFails when it still cannot be."""
    key = f"{consumers.name}:{stream}"
    row = await session.get(DeadLetterRow, (key, event_id), with_for_update=True)
    if row is None:
        raise DeadLetterNotFound(event_id)
    told = row.to_wire()
    try:
        await _handle(session, consumers, row)
    except Exception as error:
        log.warning("dead-letter.fails", id=event_id, exc_info=error)
        raise DeadLetterFails(error) from error
    await session.delete(row)
    await session.flush()
    return told


async def _handle(session: AsyncSession, consumers: Consumers[Any], row: DeadLetterRow) -> None:
    delivery = Delivery(row.subject, 0, row.payload, _envelope(row), _NO_MESSAGE)
    if await inbox.first_time(session, row.consumer, delivery.envelope.id):
        unit = consumers.unit(session)
        await consumers.dispatch(unit, delivery)
        if consumers.finish is not None:
            await consumers.finish(unit)
        await session.flush()


def _envelope(row: DeadLetterRow) -> Envelope:
    """Read the event; an array of them goes whole to a handler that reads `raw`."""
    if row.payload.startswith(b"["):
        return Envelope(
            id=row.event_id, source=row.consumer, type=row.subject, time=row.at, data={}
        )
    try:
        return Envelope.model_validate_json(row.payload)
    except ValidationError:
        log.warning("dead-letter.unreadable", id=row.event_id)
        raise


async def count_for_ever(database: Database) -> None:
    """Tell how much waits for a person, and how long for the counterpart, every minute."""
    while True:
        async with database.reads.begin() as session:
            waiting = select(func.count()).select_from(DispatchRow).where(PARKED)
            DISPATCHES_PARKED.set(await session.scalar(waiting) or 0)
            due = DispatchRow.state == DispatchState.DUE.value
            age = extract("epoch", func.clock_timestamp() - func.min(DispatchRow.created_at))
            DISPATCHES_WAITING.set(await session.scalar(select(age).where(due)) or 0)
            kept = select(func.count()).select_from(DeadLetterRow)
            DEAD_LETTERS_KEPT.set(await session.scalar(kept) or 0)
        await asyncio.sleep(LOOK)


_NO_MESSAGE: "Msg" = None  # type: ignore[assignment] # there is nothing to acknowledge
