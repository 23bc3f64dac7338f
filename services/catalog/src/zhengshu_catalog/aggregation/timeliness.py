"""Whether datasets are pushed to as often as their update cycle says, first of all at all.

What has lapsed is announced once, and once that it is pushed to again.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.outbox import Outbox
from zhengshu_contracts.catalog import DatasetLapsed, DatasetRecovered
from zhengshu_contracts.vocabulary import EntryState, UpdateCycle

from zhengshu_catalog.aggregation.tables import BatchRow, DatasetRow, TimelinessRow
from zhengshu_catalog.entries.repository import Entries

CYCLES = {
    UpdateCycle.DAILY: timedelta(days=1),
    UpdateCycle.WEEKLY: timedelta(days=7),
    UpdateCycle.TENDAY: timedelta(days=11),
    UpdateCycle.MONTHLY: timedelta(days=31),
    UpdateCycle.QUARTERLY: timedelta(days=92),
    UpdateCycle.YEARLY: timedelta(days=366),
}


def cycles(realtime_minutes: int) -> dict[UpdateCycle, timedelta]:
    """Return how long after a push the next is due; an irregular dataset has no due time."""
    return CYCLES | {UpdateCycle.REALTIME: timedelta(minutes=realtime_minutes)}


def moved(now: datetime) -> Any:
    """Return the query of datasets whose due time is unknown or past, or that were pushed to since."""
    row = TimelinessRow
    pushed = exists().where(BatchRow.dataset == DatasetRow.id, BatchRow.at > row.due)
    return (
        select(DatasetRow.id)
        .outerjoin(row, row.dataset == DatasetRow.id)
        .where(
            or_(
                row.dataset.is_(None),
                row.revision != DatasetRow.revision,
                and_(row.due < now, row.lapsed.is_(False)),
                and_(row.lapsed, pushed),
            )
        )
        .order_by(DatasetRow.id)
    )


async def reckon(
    session: AsyncSession, dataset: str, now: datetime, after: dict[UpdateCycle, timedelta]
) -> None:
    """Set until when a dataset must be pushed to, and announce a lapse or its end."""
    found = await session.get_one(DatasetRow, dataset)
    row = await session.get(TimelinessRow, dataset, with_for_update=True)
    entry = await Entries(session).get(dataset)
    cycle = (await Entries(session).shown(entry)).content.update_cycle
    latest = await session.scalar(select(func.max(BatchRow.at)).where(BatchRow.dataset == dataset))
    since = latest or (row.since if row else None) or entry.published_at
    live = entry.state is not EntryState.RETIRED and since is not None and cycle in after
    due = since + after[cycle] if live and since else None
    lapsed = due is not None and due < now
    if due is not None and lapsed != bool(row and row.lapsed):
        kind = DatasetLapsed if lapsed else DatasetRecovered
        event = kind(dataset=dataset, provider=entry.provider, update_cycle=cycle, due=due)
        Outbox(session, "catalog").add(event, aggregate=dataset)
    await session.merge(
        TimelinessRow(dataset=dataset, revision=found.revision, since=since, due=due, lapsed=lapsed)
    )
