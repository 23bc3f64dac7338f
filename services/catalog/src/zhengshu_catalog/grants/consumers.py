"""Sharing's events about grants, as the read model takes them; a grant's events come in their order.

A suspended grant is live: it can be resumed. One whose time has run out is not, event or no event.
"""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.consumers import Consumers
from zhengshu_contracts.catalog import AffectedGrant
from zhengshu_contracts.sharing import GrantActivated, GrantExpired, GrantRenewed, GrantRevoked

from zhengshu_catalog.grants.tables import GrantRow


def register(consumers: Consumers[AsyncSession]) -> None:
    """Register the handlers."""
    consumers.on(GrantActivated)(keep)
    consumers.on(GrantRevoked)(drop)
    consumers.on(GrantExpired)(drop)
    consumers.on(GrantRenewed)(drop)


async def keep(session: AsyncSession, event: GrantActivated) -> None:
    """Note a grant."""
    values = {
        "id": event.grant,
        "dataset": event.dataset,
        "holder": event.holder,
        "items": list(event.items),
        "ends": event.ends,
    }
    made = insert(GrantRow).values(**values)
    await session.execute(made.on_conflict_do_update(index_elements=["id"], set_=values))


async def drop(session: AsyncSession, event: GrantRevoked | GrantExpired | GrantRenewed) -> None:
    """Forget a grant that is over; one that was renewed has its successor."""
    await session.execute(delete(GrantRow).where(GrantRow.id == event.grant))


async def live(session: AsyncSession, dataset: str, *, at: datetime) -> list[AffectedGrant]:
    """Return the live grants on a dataset."""
    query = select(GrantRow).where(GrantRow.dataset == dataset, GrantRow.ends > at)
    return [
        AffectedGrant(grant=row.id, holder=row.holder, items=row.items, ends=row.ends)
        for row in await session.scalars(query.order_by(GrantRow.id))
    ]
