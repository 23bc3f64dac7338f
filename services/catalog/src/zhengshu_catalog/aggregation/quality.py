"""Quality of the newest version of each dataset, and whether it is pushed to as often as it should be.

Measured in the background by one scan as the reading role: completeness, validity under the items of today
(rows may have been taken under older ones), uniqueness, and whether the table agrees with the register.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.outbox import Outbox
from zhengshu_chassis.resources import Resources
from zhengshu_chassis.rows import Sql
from zhengshu_chassis.rows.compile import identifier
from zhengshu_contracts.catalog import DatasetLapsed, Quality
from zhengshu_contracts.vocabulary import UpdateCycle

from zhengshu_catalog.aggregation import checks
from zhengshu_catalog.aggregation.domain import Structure
from zhengshu_catalog.aggregation.reader import NAME, Reader, State
from zhengshu_catalog.aggregation.reading import Statement
from zhengshu_catalog.aggregation.tables import BatchRow, DatasetRow, QualityRow
from zhengshu_catalog.entries.repository import Entries

SELDOM = timedelta(seconds=60)
"""A dataset that is pushed to all the time is measured this often."""
CYCLES = {
    UpdateCycle.DAILY: timedelta(days=1),
    UpdateCycle.WEEKLY: timedelta(days=7),
    UpdateCycle.TENDAY: timedelta(days=11),
    UpdateCycle.MONTHLY: timedelta(days=31),
    UpdateCycle.QUARTERLY: timedelta(days=92),
    UpdateCycle.YEARLY: timedelta(days=366),
}


async def measure_all(resources: Resources, at: datetime | None = None) -> None:
    """Measure what has a version that is not measured yet, then announce what has lapsed."""
    now = at or datetime.now(UTC)
    reader: Reader = resources.extra[NAME]
    async with resources.database.reads.begin() as session:
        waiting = list(await session.scalars(_unmeasured(now)))
    for dataset in waiting:
        state, found = await reader.measured(dataset, statement)
        async with resources.database.sessions.begin() as session:
            await _keep(session, state, found, now)
    async with resources.database.sessions.begin() as session:
        await _announce(session, now)


async def quality_of(session: AsyncSession, dataset: str, at: datetime) -> Quality | None:
    """Return what was last measured of a dataset."""
    row = await session.get(QualityRow, dataset)
    return row.told(at) if row else None


def _unmeasured(now: datetime) -> Any:
    """Return the query of datasets whose newest version, or whose items, were not measured."""
    last = QualityRow
    moved = or_(
        last.dataset.is_(None),
        last.epoch != DatasetRow.epoch,
        last.version != DatasetRow.version,
        last.revision != DatasetRow.revision,
    )
    rested = or_(last.dataset.is_(None), last.measured_at < now - SELDOM)
    query = select(DatasetRow.id).outerjoin(last, last.dataset == DatasetRow.id)
    return query.where(DatasetRow.version > 0, moved, rested).order_by(DatasetRow.id)


def statement(structure: Structure) -> Statement:
    """Return rows, cells with a value, values that break a rule, and rows unlike all others."""
    sql = Sql()
    names = [identifier(item.name) for item in structure.items]
    texts = ", ".join(f"t.{name}::text AS {name}" for name in names)
    filled = " + ".join(f"count(s.{name})" for name in names)
    wrong = " + ".join(
        f"count(*) FILTER (WHERE {checks.problem(item, sql)} IS NOT NULL)"
        for item in structure.items
    )
    distinct = "count(*)" if structure.key else f"count(DISTINCT ROW({', '.join(names)})::text)"
    text = (
        f"SELECT count(*) AS rows, {filled} AS filled, {wrong} AS wrong, {distinct} AS distinct_rows"  # noqa: S608
        f" FROM (SELECT {texts} FROM {structure.table} t) s"
    )
    return Statement(text, tuple(sql.arguments))


async def _keep(session: AsyncSession, state: State, found: Any, now: datetime) -> None:
    rows = found["rows"]
    cells = rows * len(state.structure.items)
    row = QualityRow(
        dataset=state.structure.dataset,
        epoch=state.version.epoch,
        version=state.version.number,
        revision=state.structure.revision,
        measured_at=now,
        rows=rows,
        completeness=_share(found["filled"], cells),
        validity=1 - _share(found["wrong"], cells, nothing=0),
        uniqueness=_share(found["distinct_rows"], rows),
        consistency=_share(min(rows, state.rows), max(rows, state.rows)),
        due=await _due(session, state.structure.dataset),
        lapsed=False,
    )
    await session.merge(row)


def _share(part: int, whole: int, *, nothing: float = 1) -> float:
    return part / whole if whole else nothing


async def _due(session: AsyncSession, dataset: str) -> datetime | None:
    """Return until when the dataset must be pushed to again; a push that changes nothing counts."""
    latest = await session.scalar(select(func.max(BatchRow.at)).where(BatchRow.dataset == dataset))
    entry = await Entries(session).get(dataset)
    shown = await Entries(session).shown(entry)
    cycle = CYCLES.get(shown.content.update_cycle)
    return latest + cycle if latest and cycle else None


async def _announce(session: AsyncSession, now: datetime) -> None:
    """Announce each lapse once; a push since, even one without a change, has moved the due time."""
    query = select(QualityRow).where(QualityRow.due < now, QualityRow.lapsed.is_(False))
    for row in await session.scalars(query.with_for_update(skip_locked=True)):
        row.due = await _due(session, row.dataset)
        if row.due is None or row.due >= now:
            continue
        row.lapsed = True
        entry = await Entries(session).get(row.dataset)
        shown = await Entries(session).shown(entry)
        event = DatasetLapsed(
            dataset=row.dataset,
            provider=entry.provider,
            update_cycle=shown.content.update_cycle,
            due=row.due,
        )
        Outbox(session, "catalog").add(event, aggregate=row.dataset)
