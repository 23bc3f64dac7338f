"""All SQL of suspensions. Never commits; whoever changes one holds its entry."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from zhengshu_catalog.suspensions.tables import SuspensionRow


async def in_force(session: AsyncSession, entry: str) -> SuspensionRow | None:
    """Return the order in force about an entry."""
    query = select(SuspensionRow).where(
        SuspensionRow.entry == entry, SuspensionRow.lifted_at.is_(None)
    )
    return await session.scalar(query)


async def all_of(session: AsyncSession, entry: str) -> Sequence[SuspensionRow]:
    """Return every order about an entry, the newest first."""
    query = select(SuspensionRow).where(SuspensionRow.entry == entry)
    return (await session.scalars(query.order_by(SuspensionRow.id.desc()))).all()
