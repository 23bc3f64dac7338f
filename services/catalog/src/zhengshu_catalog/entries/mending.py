"""Announces, once, every entry taken over as it stood whose date to mend has passed."""

from datetime import UTC, date, datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.outbox import Outbox
from zhengshu_chassis.resources import Resources
from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.catalog import EntryMendMissed
from zhengshu_contracts.vocabulary import EntryState

from zhengshu_catalog.entries.tables import EntryRow

EVERY = 60.0
"""Seconds between two looks."""


async def announce_missed(session: AsyncSession, on: date) -> int:
    """Announce what was due before a date of the county; return how many."""
    missed = (
        update(EntryRow)
        .where(
            EntryRow.mend_by < on,
            EntryRow.mend_missed.is_(False),
            EntryRow.state == EntryState.PUBLISHED,
        )
        .values(mend_missed=True)
        .returning(EntryRow.id, EntryRow.provider, EntryRow.title, EntryRow.mend_by)
    )
    rows = list(await session.execute(missed))
    for entry, provider, title, mend_by in rows:
        event = EntryMendMissed(entry=entry, provider=provider, title=title, mend_by=mend_by)
        Outbox(session, "catalog").add(event, aggregate=entry)
    return len(rows)


async def look(resources: Resources) -> None:
    """Look for missed dates: a worker's one turn."""
    async with resources.database.sessions.begin() as session:
        await announce_missed(session, day_of(datetime.now(UTC)))
