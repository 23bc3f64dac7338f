"""Effect once: which events a consumer has already taken, noted in the transaction of the effect."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from zhengshu_chassis.db import Base


class InboxRow(Base):
    """One event taken by one consumer."""

    __tablename__ = "inbox"

    consumer: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


_TAKE = text(
    "INSERT INTO inbox (consumer, event_id) SELECT :consumer, unnest(CAST(:ids AS text[]))"
    " ON CONFLICT DO NOTHING RETURNING event_id"
)


async def fresh(session: AsyncSession, consumer: str, event_ids: Iterable[str]) -> set[str]:
    """Note these events as taken; return those that were not before."""
    taken = await session.scalars(_TAKE, {"consumer": consumer, "ids": list(event_ids)})
    return set(taken)


async def first_time(session: AsyncSession, consumer: str, event_id: str) -> bool:
    """Note the event as taken; tell whether this is the first time."""
    return bool(await fresh(session, consumer, [event_id]))


async def forget(connection: Any) -> None:
    """Delete what is older than any stream keeps (asyncpg connection)."""
    await connection.execute("DELETE FROM inbox WHERE at < clock_timestamp() - interval '60 days'")
