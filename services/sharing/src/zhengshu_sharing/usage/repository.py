"""All SQL of usage records."""

from sqlalchemy import func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import keyset
from zhengshu_contracts.vocabulary import UsageKind

from zhengshu_sharing.usage.tables import UsageRow


class Usage:
    """Kept records; there is no way to change one, nor to drop one before its time."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, **values: object) -> UsageRow:
        """Store a record."""
        statement = insert(UsageRow).values(values).returning(UsageRow)
        return (await self._session.scalars(statement)).one()

    async def drop(self, *, years: int) -> int:
        """Drop what was kept long enough, in whole years; return how many there were."""
        return await self._session.scalar(select(func.drop_usage_records(years))) or 0

    async def page(
        self,
        *,
        organization: str | None,
        dataset: str | None,
        grant: str | None,
        kind: UsageKind | None,
        after: str | None,
        limit: int,
    ) -> tuple[list[UsageRow], bool]:
        """Return the newest first: an organisation's own and those on its data, or all."""
        query = select(UsageRow)
        if organization is not None:
            mine = UsageRow.organization == organization
            query = query.where(or_(mine, UsageRow.provider == organization))
        for column, wanted in (
            (UsageRow.dataset, dataset),
            (UsageRow.grant, grant),
            (UsageRow.kind, kind),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        rows, more = await keyset(
            self._session,
            query,
            by=[UsageRow.id],
            after=[after] if after else None,
            limit=limit,
            descending=True,
        )
        return list(rows), more
