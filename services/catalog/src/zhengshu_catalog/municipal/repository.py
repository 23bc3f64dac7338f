"""All SQL of how far was polled. Never commits."""

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from zhengshu_catalog.municipal.tables import PolledRow


async def polled(session: AsyncSession) -> int:
    """Return how far was polled."""
    row = await session.get(PolledRow, 1)
    return row.sequence if row else 0


async def note_polled(session: AsyncSession, sequence: int) -> int:
    """Note how far was polled; it never goes back."""
    statement = insert(PolledRow).values(one=1, sequence=sequence)
    furthest = func.greatest(PolledRow.sequence, statement.excluded.sequence)
    kept = statement.on_conflict_do_update(
        index_elements=["one"], set_={"sequence": furthest}
    ).returning(PolledRow.sequence)
    return (await session.execute(kept)).scalar_one()
