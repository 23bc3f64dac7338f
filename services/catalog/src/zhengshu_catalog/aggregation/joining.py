"""A dataset without rows of its own: its members', joined inside one statement (a theme database).

The first member gives the rows; every other is joined by the whole of its key, so it never multiplies
them. The version goes on with each member's, in the transaction of the member's push.
"""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.outbox import Outbox
from zhengshu_contracts.catalog import Item
from zhengshu_contracts.policy import DatasetVersion, version_key

from zhengshu_catalog.aggregation.domain import Joined
from zhengshu_catalog.aggregation.repository import Datasets
from zhengshu_catalog.aggregation.tables import DatasetRow, ThemeMemberRow


async def prepare(
    session: AsyncSession, dataset: str, items: list[Item], revision: int, joined: Joined
) -> None:
    """Let a joined dataset be read as of a revision that is being published."""
    members = await _held(session, joined.datasets)
    row = await Datasets(session).find(dataset, lock=True)
    if row is None:
        row = DatasetRow(id=dataset, epoch=0, version=1, acknowledged=0)
        session.add(row)
    row.epoch += 1
    row.revision, row.rows = revision, members[joined.members[0].dataset].rows
    row.items = [item.model_dump(mode="json") for item in items]
    row.joined = joined.model_dump(mode="json")
    await session.flush()
    await session.execute(delete(ThemeMemberRow).where(ThemeMemberRow.theme == dataset))
    session.add_all(ThemeMemberRow(dataset=member, theme=dataset) for member in members)
    await session.flush()
    _tell(session, row)


async def advance(session: AsyncSession, member: DatasetRow) -> None:
    """Give whatever shows a dataset its next version with it; the member's lock is held."""
    await session.flush()
    query = (
        select(DatasetRow)
        .join(ThemeMemberRow, ThemeMemberRow.theme == DatasetRow.id)
        .where(ThemeMemberRow.dataset == member.id)
        .order_by(DatasetRow.id)
        .with_for_update(of=DatasetRow)
        .execution_options(populate_existing=True)
    )
    for row in await session.scalars(query):
        row.version += 1
        if row.structure.rows_of == member.id:
            row.rows = member.rows
        _tell(session, row)


async def _held(session: AsyncSession, datasets: frozenset[str]) -> dict[str, DatasetRow]:
    """Return the members, to which nobody pushes until the transaction ends."""
    query = select(DatasetRow).where(DatasetRow.id.in_(datasets)).order_by(DatasetRow.id)
    fresh = query.with_for_update(read=True).execution_options(populate_existing=True)
    return {row.id: row for row in await session.scalars(fresh)}


def _tell(session: AsyncSession, row: DatasetRow) -> None:
    value = DatasetVersion(id=row.id, epoch=row.epoch, version=row.version)
    Outbox(session, "catalog").put(version_key(row.id), value, aggregate=row.id)
