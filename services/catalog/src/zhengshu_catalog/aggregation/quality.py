"""Quality of versions: the newest of each dataset is measured, the former ones stay as they were measured.

Measured in the background by one scan as the reading role: completeness, validity under the items of today
(rows may have been taken under older ones), uniqueness, and consistency: with today's code lists and
patterns, and with what the municipal platform said it holds of the very version.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.resources import Resources
from zhengshu_chassis.rows import Sql
from zhengshu_chassis.rows.compile import identifier
from zhengshu_contracts.catalog import Quality

from zhengshu_catalog.aggregation import checks, timeliness
from zhengshu_catalog.aggregation.domain import Structure, Version
from zhengshu_catalog.aggregation.reader import NAME, Reader, State
from zhengshu_catalog.aggregation.reading import Statement
from zhengshu_catalog.aggregation.tables import (
    BatchRow,
    DatasetRow,
    QualityRow,
    ReconciliationRow,
    TimelinessRow,
)

SELDOM = timedelta(seconds=60)
"""A dataset that is pushed to all the time is measured this often."""


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
    await _reckon_all(resources, now)


async def _reckon_all(resources: Resources, now: datetime) -> None:
    after = timeliness.cycles(resources.extra[NAME].realtime_minutes)
    async with resources.database.reads.begin() as session:
        waiting = list(await session.scalars(timeliness.moved(now)))
    for dataset in waiting:
        async with resources.database.sessions.begin() as session:
            await timeliness.reckon(session, dataset, now, after)


async def quality_of(
    session: AsyncSession, dataset: str, at: datetime, version: Version | None = None
) -> Quality | None:
    """Return what was measured of a version, or of the one measured last."""
    row = QualityRow
    query = select(row).where(row.dataset == dataset).order_by(row.epoch.desc(), row.version.desc())
    if version:
        query = query.where(row.epoch == version.epoch, row.version == version.number)
    found = await session.scalar(query.limit(1))
    kept = await session.get(TimelinessRow, dataset)
    return found.told(await _due(session, kept), at) if found else None


async def _due(session: AsyncSession, kept: TimelinessRow | None) -> datetime | None:
    """Return until when a dataset must be pushed to: a push since it was reckoned moves that."""
    if kept is None or kept.due is None or kept.since is None:
        return kept.due if kept else None
    latest = await session.scalar(
        select(func.max(BatchRow.at)).where(BatchRow.dataset == kept.dataset)
    )
    return kept.due + (latest - kept.since) if latest and latest > kept.since else kept.due


def _unmeasured(now: datetime) -> Any:
    """Return the query of datasets whose newest version, or whose items, were not measured."""
    row = QualityRow
    same = (row.dataset == DatasetRow.id, row.epoch == DatasetRow.epoch)
    measured = exists().where(
        *same, row.version == DatasetRow.version, row.revision == DatasetRow.revision
    )
    recent = exists().where(row.dataset == DatasetRow.id, row.measured_at >= now - SELDOM)
    query = select(DatasetRow.id).where(DatasetRow.version > 0, ~measured, ~recent)
    return query.order_by(DatasetRow.id)


def statement(structure: Structure) -> Statement:
    """Return rows, cells with a value, values that break a rule, and rows unlike all others.

    Of the cells that have a code list or a pattern also how many there are, and how many break it.
    """
    sql = Sql()
    names = [identifier(item.name) for item in structure.items]
    texts = ", ".join(f"t.{name}::text AS {name}" for name in names)
    filled = " + ".join(f"count(s.{name})" for name in names)
    wrong = " + ".join(
        f"count(*) FILTER (WHERE {checks.problem(item, sql)} IS NOT NULL)"
        for item in structure.items
    )
    ruled = [item for item in structure.items if item.codes is not None or item.pattern]
    held = " + ".join(f"count(s.{identifier(item.name)})" for item in ruled) or "0"
    broken = " + ".join(
        f"count(*) FILTER (WHERE {checks.problem(item, sql)} IN ('not-in-codes', 'pattern'))"
        for item in ruled
    )
    distinct = "count(*)" if structure.key else f"count(DISTINCT ROW({', '.join(names)})::text)"
    text = (
        f"SELECT count(*) AS rows, {filled} AS filled, {wrong} AS wrong, {distinct} AS distinct_rows,"  # noqa: S608
        f" {held} AS ruled, {broken or '0'} AS broken"
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
        consistency=await _agreed(session, state)
        * (1 - _share(found["broken"], found["ruled"], nothing=0)),
    )
    await session.merge(row)


def _share(part: int, whole: int, *, nothing: float = 1) -> float:
    return part / whole if whole else nothing


async def _agreed(session: AsyncSession, state: State) -> int:
    """Return 0 if the municipal platform holds something else of this version, by the last comparison."""
    row = ReconciliationRow
    query = select(row).where(
        row.dataset == state.structure.dataset,
        row.epoch == state.version.epoch,
        row.version == state.version.number,
        row.answered_at.is_not(None),
    )
    last = await session.scalar(query.order_by(row.id.desc()).limit(1))
    if last is None or last.held is None:
        return 1
    held = {name: last.held.get(name) for name in ("epoch", "to", "rows", "digest")}
    ours = {"epoch": last.epoch, "to": last.version, "rows": last.rows, "digest": last.digest}
    return int((held["epoch"], held["to"]) != (ours["epoch"], ours["to"]) or held == ours)
