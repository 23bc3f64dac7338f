"""Sharing's events about grants, as the read model takes them, in whatever order they come.

A suspended grant is live: it can be resumed. One whose time has run out is not, event or no event.
"""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.consumers import Consumers
from zhengshu_contracts.catalog import AffectedGrant
from zhengshu_contracts.sharing import GrantActivated, GrantExpired, GrantRenewed, GrantRevoked

from zhengshu_catalog.grants.tables import GrantRow

OVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a grant ended that is over, whenever that was."""


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
    alive = GrantRow.ends > OVER
    await session.execute(
        made.on_conflict_do_update(index_elements=["id"], set_=values, where=alive)
    )


async def drop(session: AsyncSession, event: GrantRevoked | GrantExpired | GrantRenewed) -> None:
    """Note that a grant is over, for good: its activation may come late. A renewed one has its successor."""
    over = {"dataset": event.dataset, "holder": event.holder, "items": [], "ends": OVER}
    made = insert(GrantRow).values(id=event.grant, **over)
    await session.execute(made.on_conflict_do_update(index_elements=["id"], set_=over))


async def live(session: AsyncSession, dataset: str, *, at: datetime) -> list[AffectedGrant]:
    """Return the live grants on a dataset."""
    query = select(GrantRow).where(GrantRow.dataset == dataset, GrantRow.ends > at)
    return [
        AffectedGrant(grant=row.id, holder=row.holder, items=row.items, ends=row.ends)
        for row in await session.scalars(query.order_by(GrantRow.id))
    ]
