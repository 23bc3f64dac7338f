"""All SQL about old exchange systems. Never commits."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import keyset
from zhengshu_contracts.catalog import (
    LegacyCount,
    LegacyCountIn,
    LegacyInterface,
    LegacyProgress,
)
from zhengshu_contracts.vocabulary import Audience, EntryState

from zhengshu_catalog.aggregation.tables import BatchRow, DatasetRow
from zhengshu_catalog.entries.tables import EntryRow
from zhengshu_catalog.legacy.tables import LegacyCountRow, LegacySystemRow


async def find(session: AsyncSession, system: str, *, lock: bool = False) -> LegacySystemRow | None:
    """Return an old system, holding its row if asked to."""
    return await session.get(
        LegacySystemRow, system, with_for_update=lock or None, populate_existing=True
    )


async def page(
    session: AsyncSession, organization: str | None, after: str | None, limit: int
) -> tuple[list[LegacySystemRow], bool]:
    """Return old systems by id: one organisation's, or all."""
    query = select(LegacySystemRow)
    if organization is not None:
        query = query.where(LegacySystemRow.organization == organization)
    place = [after] if after else None
    rows, more = await keyset(session, query, by=[LegacySystemRow.id], after=place, limit=limit)
    return list(rows), more


async def taken(session: AsyncSession, dataset: str, since: datetime, until: datetime) -> int:
    """Count the rows of the batches that a dataset took in a period."""
    received, refused = (
        cast(BatchRow.answer[name].astext, BigInteger) for name in ("received", "refused")
    )
    query = select(func.coalesce(func.sum(received - refused), 0)).where(
        BatchRow.dataset == dataset, BatchRow.at >= since, BatchRow.at < until
    )
    return int(await session.scalar(query) or 0)


async def keep_count(
    session: AsyncSession, system: str, given: LegacyCountIn, taken_: int, *, by: str, at: datetime
) -> None:
    """Keep a count in the place of an earlier one of the same period."""
    values = {"rows": given.rows, "taken": taken_, "at": at, "by": by}
    place = {"interface": given.interface, "since": given.since, "until": given.until}
    made = insert(LegacyCountRow).values(system=system, **place, **values)
    keys = ["system", "interface", "since", "until"]
    await session.execute(made.on_conflict_do_update(index_elements=keys, set_=values))


async def counts(session: AsyncSession, system: str) -> dict[str, LegacyCount]:
    """Return each interface's count of the newest period."""
    query = (
        select(LegacyCountRow)
        .where(LegacyCountRow.system == system)
        .ext(distinct_on(LegacyCountRow.interface))
        .order_by(LegacyCountRow.interface, LegacyCountRow.until.desc(), LegacyCountRow.at.desc())
        .execution_options(populate_existing=True)
    )
    return {row.interface: _count(row) for row in await session.scalars(query)}


async def progress(session: AsyncSession, row: LegacySystemRow) -> list[LegacyProgress]:
    """Return how far each interface has come."""
    counted = await counts(session, row.id)
    interfaces = [LegacyInterface.model_validate(one) for one in row.interfaces]
    entries, datasets = await _mapped(session, [one.entry for one in interfaces if one.entry])
    return [
        _progress(
            one,
            entries.get(one.entry or ""),
            datasets.get(one.entry or ""),
            counted.get(one.code),
            row.dual_since,
        )
        for one in interfaces
    ]


def _progress(
    interface: LegacyInterface,
    entry: EntryRow | None,
    dataset: DatasetRow | None,
    count: LegacyCount | None,
    dual_since: datetime | None,
) -> LegacyProgress:
    pushed = dataset is not None and dataset.version > 0
    current = count is not None and dual_since is not None and count.since >= dual_since
    return LegacyProgress(
        interface=interface.code,
        published=entry is not None and entry.state == EntryState.PUBLISHED,
        pushed=pushed,
        reconciled=bool(current and count and count.difference == 0),
        acknowledged=bool(pushed and dataset and dataset.acknowledged >= dataset.version),
        exempt=dataset is not None and dataset.structure.audience is Audience.WITHHELD,
        count=count,
    )


async def _mapped(
    session: AsyncSession, ids: Iterable[str]
) -> tuple[dict[str, EntryRow], dict[str, DatasetRow]]:
    wanted = list(ids)
    entries = await session.scalars(select(EntryRow).where(EntryRow.id.in_(wanted)))
    query = select(DatasetRow).where(DatasetRow.id.in_(wanted))
    datasets = await session.scalars(query.execution_options(populate_existing=True))
    return {one.id: one for one in entries}, {one.id: one for one in datasets}


def _count(row: LegacyCountRow) -> LegacyCount:
    return LegacyCount(
        interface=row.interface,
        since=row.since,
        until=row.until,
        rows=row.rows,
        taken=row.taken,
        difference=row.rows - row.taken,
        at=row.at,
    )
