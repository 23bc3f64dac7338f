"""All SQL about deputyships and departures. Never commits."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_contracts.vocabulary import Role

from zhengshu_catalog.officers.tables import DepartureRow, DeputyRow
from zhengshu_catalog.organizations.tables import ClientRow

OPEN = DeputyRow.ended_at.is_(None)
RUNNING = and_(OPEN, DeputyRow.begun_at.is_not(None))


class Standing:
    """Who stands in for whom, who succeeded whom."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(self, officer: str) -> Sequence[DeputyRow]:
        """Return an officer's deputyships, the newest first."""
        query = select(DeputyRow).where(DeputyRow.officer == officer)
        newest = query.order_by(DeputyRow.named_at.desc(), DeputyRow.id)
        return (await self._session.scalars(newest)).all()

    async def lock(self, officer: str, deputyship: str) -> DeputyRow | None:
        """Return one of an officer's deputyships, held until the transaction ends."""
        query = select(DeputyRow).where(DeputyRow.id == deputyship, DeputyRow.officer == officer)
        held = query.with_for_update().execution_options(populate_existing=True)
        return await self._session.scalar(held)

    async def due(self, today: date) -> Sequence[DeputyRow]:
        """Return what is to begin or to end, held until the transaction ends."""
        begins = and_(DeputyRow.begun_at.is_(None), DeputyRow.starts <= today)
        query = select(DeputyRow).where(OPEN, or_(begins, DeputyRow.until < today))
        return (await self._session.scalars(query.with_for_update(skip_locked=True))).all()

    async def open_of(self, officer: str) -> Sequence[DeputyRow]:
        """Return the deputyships that an officer has or holds, held until the transaction ends."""
        one = or_(DeputyRow.officer == officer, DeputyRow.deputy == officer)
        query = select(DeputyRow).where(OPEN, one).with_for_update()
        return (await self._session.scalars(query)).all()

    async def stood_in_for(self, deputy: str, *, running: bool) -> list[str]:
        """Return whom a deputy stands in for: right now, or also from a later day."""
        query = select(DeputyRow.officer).where(
            DeputyRow.deputy == deputy, RUNNING if running else OPEN
        )
        return list(await self._session.scalars(query.order_by(DeputyRow.officer).distinct()))

    async def roles(self, officers: Iterable[str]) -> list[Role]:
        """Return the roles of officers, each once."""
        found = await self._session.scalars(
            select(ClientRow.roles).where(ClientRow.id.in_(list(officers))).order_by(ClientRow.id)
        )
        return list(dict.fromkeys(Role(role) for roles in found for role in roles))

    async def predecessors(self, officers: Iterable[str]) -> list[str]:
        """Return who was succeeded by these officers, and whom those had succeeded."""
        found: list[str] = []
        following = list(officers)
        while following:
            query = select(DepartureRow.officer).where(DepartureRow.successor.in_(following))
            following = [one for one in await self._session.scalars(query) if one not in found]
            found += following
        return sorted(found)

    async def departed(self, officer: str) -> bool:
        """Tell whether an officer has left."""
        return await self._session.get(DepartureRow, officer) is not None
