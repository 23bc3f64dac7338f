"""All SQL of matters. Whoever moves one holds its row."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import keyset
from zhengshu_contracts.sharing import Step

from zhengshu_sharing.matters.domain import Matter
from zhengshu_sharing.matters.errors import MatterNotFound
from zhengshu_sharing.matters.tables import MatterRow, MatterStepRow


class Matters:
    """Matters of every kind, with their timelines."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, kind: str, matter: Matter) -> None:
        """Store a new matter."""
        values = {"id": matter.id, "kind": kind, **_values(matter)}
        await self._session.execute(insert(MatterRow).values(values))

    async def save(self, matter: Matter) -> None:
        """Store a changed matter."""
        changed = update(MatterRow).where(MatterRow.id == matter.id)
        await self._session.execute(changed.values(**_values(matter)))

    async def get(self, kind: str, matter: str, *, lock: bool = False) -> Matter:
        """Read a matter of a kind; with `lock`, hold it until the transaction ends."""
        query = select(MatterRow).where(MatterRow.id == matter, MatterRow.kind == kind)
        query = query.execution_options(populate_existing=True)
        row = await self._session.scalar(query.with_for_update() if lock else query)
        if row is None:
            raise MatterNotFound(matter)
        return _matter(row)

    async def page(
        self,
        kind: str,
        *,
        organization: str | None,
        state: str | None,
        dataset: str | None,
        after: str | None,
        limit: int,
    ) -> tuple[list[Matter], bool]:
        """Return the newest first: those that concern an organisation, or all."""
        query = select(MatterRow).where(MatterRow.kind == kind)
        if organization is not None:
            mine = MatterRow.organization == organization
            query = query.where(or_(mine, MatterRow.counterpart == organization))
        if state is not None:
            query = query.where(MatterRow.state == state)
        if dataset is not None:
            query = query.where(MatterRow.dataset == dataset)
        rows, more = await keyset(
            self._session,
            query,
            by=[MatterRow.id],
            after=[after] if after else None,
            limit=limit,
            descending=True,
        )
        return [_matter(row) for row in rows], more

    async def open(
        self, kind: str, states: Iterable[str], organization: str | None, *, limit: int
    ) -> list[Matter]:
        """Return the oldest matters in one of the states: those that concern an organisation, or all."""
        query = select(MatterRow).where(MatterRow.kind == kind, MatterRow.state.in_(list(states)))
        if organization is not None:
            mine = MatterRow.organization == organization
            query = query.where(or_(mine, MatterRow.counterpart == organization))
        rows = await self._session.scalars(query.order_by(MatterRow.id).limit(limit))
        return [_matter(row) for row in rows]

    async def in_state(self, kind: str, state: str, datasets: Iterable[str]) -> set[str]:
        """Return which of the datasets have a matter in this state."""
        query = select(MatterRow.dataset).where(
            MatterRow.kind == kind,
            MatterRow.state == state,
            MatterRow.dataset.in_(list(datasets)),
        )
        return {dataset for dataset in await self._session.scalars(query) if dataset}

    async def note(self, matter: str, step: Step) -> None:
        """Add a line to a timeline."""
        values = step.model_dump(exclude={"part"})
        await self._session.execute(insert(MatterStepRow).values(matter=matter, **values))

    async def timelines(self, matters: Iterable[str]) -> dict[str, list[Step]]:
        """Return the timeline of each matter, oldest step first."""
        query = (
            select(MatterStepRow)
            .where(MatterStepRow.matter.in_(list(matters)))
            .order_by(MatterStepRow.matter, MatterStepRow.id)
        )
        found: dict[str, list[Step]] = defaultdict(list)
        for row in await self._session.scalars(query):
            step = Step(
                at=row.at, actor=row.actor, officer=row.officer, what=row.what, opinion=row.opinion
            )
            found[row.matter].append(step)
        return found


def _values(matter: Matter) -> dict[str, Any]:
    return {
        "number": matter.number,
        "organization": matter.organization,
        "counterpart": matter.counterpart,
        "dataset": matter.dataset,
        "filed_by": matter.filed_by,
        "filed_at": matter.filed_at,
        "state": matter.state,
        "body": matter.body,
    }


def _matter(row: MatterRow) -> Matter:
    return Matter(
        id=row.id,
        number=row.number,
        organization=row.organization,
        filed_by=row.filed_by,
        filed_at=row.filed_at,
        state=row.state,
        counterpart=row.counterpart,
        dataset=row.dataset,
        body=row.body,
    )
