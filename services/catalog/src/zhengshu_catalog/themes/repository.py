"""All SQL about themes. Never commits."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import keyset
from zhengshu_contracts.catalog import ThemeConsent, ThemeIn
from zhengshu_contracts.identity import Principal

from zhengshu_catalog.aggregation.tables import ThemeMemberRow
from zhengshu_catalog.entries.domain import is_competent
from zhengshu_catalog.entries.tables import EntryRow
from zhengshu_catalog.themes.tables import ThemeRow


async def find(session: AsyncSession, theme: str, revision: int) -> ThemeRow | None:
    """Return what a revision of a theme is made of."""
    return await session.get(ThemeRow, (theme, revision), populate_existing=True)


async def newest(session: AsyncSession, theme: str) -> ThemeRow | None:
    """Return what the newest revision is made of, a draft or not."""
    query = select(ThemeRow).where(ThemeRow.entry == theme)
    fresh = query.order_by(ThemeRow.revision.desc()).limit(1)
    return await session.scalar(fresh.execution_options(populate_existing=True))


async def keep(
    session: AsyncSession, theme: str, revision: int, given: ThemeIn, providers: Iterable[str]
) -> None:
    """Keep a draft's members and columns; what was agreed to before holds no more."""
    values = {
        "definition": given.model_dump(mode="json"),
        "providers": sorted(providers),
        "consents": {},
    }
    made = insert(ThemeRow).values(entry=theme, revision=revision, **values)
    await session.execute(
        made.on_conflict_do_update(index_elements=["entry", "revision"], set_=values)
    )


def consents(row: ThemeRow) -> dict[str, ThemeConsent]:
    """Return who agreed."""
    return {code: ThemeConsent.model_validate(told) for code, told in row.consents.items()}


async def showing(session: AsyncSession, dataset: str) -> list[str]:
    """Return the published themes that show a dataset."""
    query = select(ThemeMemberRow.theme).where(ThemeMemberRow.dataset == dataset)
    return list(await session.scalars(query.order_by(ThemeMemberRow.theme)))


async def page(
    session: AsyncSession, by: Principal, after: str | None, limit: int, *, waiting: bool
) -> tuple[list[str], bool]:
    """Return the ids of the themes that a caller may see, or that wait for its word."""
    query = select(EntryRow).where(EntryRow.joined, visible(by))
    if waiting:
        query = query.where(_waits_for(by.organization or ""))
    place = [after] if after else None
    rows, more = await keyset(session, query, by=[EntryRow.id], after=place, limit=limit)
    return [row.id for row in rows], more


def visible(by: Principal) -> ColumnElement[bool]:
    """Return the condition that a caller may see a theme: drafts are their makers' and members'."""
    if is_competent(by):
        return true()
    mine = exists(_of_entry().where(ThemeRow.providers.contains([by.organization or ""])))
    return or_(EntryRow.revision > 0, EntryRow.provider == by.organization, mine)


def _waits_for(organization: str) -> ColumnElement[bool]:
    due = and_(
        ThemeRow.revision > EntryRow.revision,
        ThemeRow.providers.contains([organization]),
        ~ThemeRow.consents.has_key(organization),
    )
    return exists(_of_entry().where(due))


def _of_entry() -> Select[str]:
    return select(ThemeRow.entry).where(ThemeRow.entry == EntryRow.id)
