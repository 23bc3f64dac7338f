"""All SQL of objections."""

from sqlalchemy import ColumnElement, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import keyset
from zhengshu_contracts.sharing import ObjectionOut
from zhengshu_contracts.vocabulary import ObjectionState

from zhengshu_sharing.objections.errors import ObjectionNotFound
from zhengshu_sharing.objections.tables import ObjectionRow


class Objections:
    """Filed objections; there is no rule about them yet beyond who sees them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, objection: ObjectionOut, *, provider: str, filed_by: str) -> None:
        """Store a new objection."""
        values = objection.model_dump(exclude={"state_label"})
        await self._session.execute(
            insert(ObjectionRow).values(values | {"provider": provider, "filed_by": filed_by})
        )

    async def get(self, objection: str, *, organization: str | None) -> ObjectionOut:
        """Read one that concerns the organisation; any when it is None."""
        query = select(ObjectionRow).where(ObjectionRow.id == objection)
        if organization is not None:
            query = query.where(_concerns(organization))
        row = await self._session.scalar(query)
        if row is None:
            raise ObjectionNotFound(objection)
        return _out(row)

    async def page(
        self, *, organization: str | None, after: str | None, limit: int
    ) -> tuple[list[ObjectionOut], bool]:
        """Return the newest first: those an organisation filed or provides for, or all."""
        query = select(ObjectionRow)
        if organization is not None:
            query = query.where(_concerns(organization))
        rows, more = await keyset(
            self._session,
            query,
            by=[ObjectionRow.id],
            after=[after] if after else None,
            limit=limit,
            descending=True,
        )
        return [_out(row) for row in rows], more


def _concerns(organization: str) -> ColumnElement[bool]:
    return or_(ObjectionRow.organization == organization, ObjectionRow.provider == organization)


def _out(row: ObjectionRow) -> ObjectionOut:
    return ObjectionOut(
        id=row.id,
        dataset=row.dataset,
        items=row.items,
        reason=row.reason,
        organization=row.organization,
        filed_at=row.filed_at,
        state=row.state,
        state_label=ObjectionState(row.state).label,
    )
