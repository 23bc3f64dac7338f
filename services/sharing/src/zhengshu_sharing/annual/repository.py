"""All SQL of annual reports that is not every matter's."""

from collections import Counter
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_contracts.beijing import BEIJING
from zhengshu_contracts.sharing import RecordCount, YearOfUse
from zhengshu_contracts.vocabulary import UsageKind

from zhengshu_sharing.annual.domain import Season
from zhengshu_sharing.annual.states import MACHINE
from zhengshu_sharing.grants.tables import GrantRow
from zhengshu_sharing.matters.tables import MatterRow
from zhengshu_sharing.usage.tables import UsageRow


class AnnualReports:
    """Who used shared data in a year, and how much of it is known."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def owing(self, season: Season, *, after: str, limit: int) -> list[str]:
        """Return departments that used data in the year and have no report of it yet, in order."""
        used = (
            select(GrantRow.holder.label("code"))
            .where(_held(season.year))
            .union(select(UsageRow.organization).where(_recorded(season.year)))
            .subquery()
        )
        reported = select(MatterRow.organization).where(
            MatterRow.kind == MACHINE.kind, MatterRow.body["year"].as_integer() == season.year
        )
        query = select(used.c.code).where(used.c.code > after, used.c.code.not_in(reported))
        return list(await self._session.scalars(query.order_by(used.c.code).limit(limit)))

    async def used(self, organization: str, season: Season) -> YearOfUse:
        """Return what is known of an organisation's use in the year."""
        mine = GrantRow.holder == organization
        grants = select(func.count(), func.count(GrantRow.dataset.distinct()))
        held = (await self._session.execute(grants.where(mine, _held(season.year)))).one()
        kinds = select(UsageRow.kind).where(
            UsageRow.organization == organization, _recorded(season.year)
        )
        counted = Counter(await self._session.scalars(kinds))
        return YearOfUse(
            title=season.title,
            year=season.year,
            grants=held[0],
            datasets=held[1],
            records=[RecordCount(kind=kind, count=counted[kind.value]) for kind in UsageKind],
        )


def _held(year: int) -> ColumnElement[bool]:
    first, following = (datetime(each, 1, 1, tzinfo=BEIJING) for each in (year, year + 1))
    return and_(GrantRow.starts < following, GrantRow.ends > first)


def _recorded(year: int) -> ColumnElement[bool]:
    return UsageRow.on.between(date(year, 1, 1), date(year, 12, 31))
