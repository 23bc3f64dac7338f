"""All SQL about published items and named sources. Never commits."""

from collections.abc import Iterable

from sqlalchemy import Text, and_, cast, delete, func, literal, select
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR, insert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import keyset
from zhengshu_contracts.catalog import Item, SimilarItem, SourceOut
from zhengshu_contracts.vocabulary import EntryState

from zhengshu_catalog.entries.tables import EntryRow
from zhengshu_catalog.search.finding import SHORTER_FIRST
from zhengshu_catalog.search.terms import terms
from zhengshu_catalog.sources.likeness import LEAST, Datum, likeness, same_title
from zhengshu_catalog.sources.tables import ItemRow, SourceRow

CANDIDATES = 500
SHOWN = 20


async def index(session: AsyncSession, entry: str, items: Iterable[Item]) -> None:
    """Keep the items of an entry's published revision as they are compared."""
    await session.execute(delete(ItemRow).where(ItemRow.entry == entry))
    rows = [
        {"entry": entry, "name": item.name, "title": item.title, "type": item.type.value}
        for item in items
    ]
    for row in rows:
        vector = " ".join(f"'{term}'" for term in dict.fromkeys(terms(row["title"])))
        made = insert(ItemRow).values(**row, terms=cast(literal(vector, Text), TSVECTOR))
        await session.execute(made)


async def similar(session: AsyncSession, wanted: Datum, *, besides: str) -> list[SimilarItem]:
    """Return likely duplicates in published entries: named sources first, then the most alike."""
    pairs = [term for term in dict.fromkeys(terms(wanted.title)) if len(term) > 1]
    if not pairs:
        return []
    query = cast(literal(" | ".join(f"'{pair}'" for pair in pairs), Text), TSQUERY)
    rows = await session.execute(
        select(ItemRow, EntryRow, SourceRow.entry)
        .join(EntryRow, EntryRow.id == ItemRow.entry)
        .outerjoin(
            SourceRow, and_(SourceRow.entry == ItemRow.entry, SourceRow.item == ItemRow.name)
        )
        .where(
            ItemRow.terms.op("@@")(query),
            EntryRow.state == EntryState.PUBLISHED,
            ItemRow.entry != besides,
        )
        # The best first, before the cut: a title just so, a named source, the most pairs in common.
        .order_by(
            (ItemRow.title == wanted.title).desc(),
            SourceRow.entry.is_(None),
            func.ts_rank(ItemRow.terms, query, SHORTER_FIRST).desc(),
            ItemRow.entry,
            ItemRow.name,
        )
        .limit(CANDIDATES)
    )
    found = [_similar(wanted, item, entry, bool(source)) for item, entry, source in rows]
    alike = [one for one in found if one.score >= LEAST]
    return sorted(alike, key=lambda one: (not one.source, -one.score, one.entry))[:SHOWN]


def _similar(wanted: Datum, item: ItemRow, entry: EntryRow, source: bool) -> SimilarItem:
    return SimilarItem(
        entry=entry.id,
        entry_title=entry.title,
        provider=entry.provider,
        provider_name=entry.provider_name,
        item=item.name,
        title=item.title,
        type=item.type,
        score=likeness(wanted, Datum(item.title, item.name, item.type)),
        source=source,
    )


async def find_item(
    session: AsyncSession, entry: str, name: str
) -> tuple[ItemRow, EntryRow] | None:
    """Return an item of a published entry with that entry."""
    query = select(ItemRow, EntryRow).join(EntryRow, EntryRow.id == ItemRow.entry)
    row = (
        await session.execute(
            query.where(
                ItemRow.entry == entry,
                ItemRow.name == name,
                EntryRow.state == EntryState.PUBLISHED,
            )
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None


async def name(session: AsyncSession, named: SourceOut, *, by: str) -> None:
    """Keep who keeps a shared item, in the place of whoever did."""
    values = {
        "title": named.title,
        "entry": named.entry,
        "item": named.item,
        "reason": named.reason,
        "named_by": by,
        "named_at": named.named_at,
    }
    made = insert(SourceRow).values(title_key=same_title(named.title), **values)
    await session.execute(made.on_conflict_do_update(index_elements=["title_key"], set_=values))


async def page(
    session: AsyncSession, after: str | None, limit: int
) -> tuple[list[SourceOut], list[str], bool]:
    """Return named sources by title, their places in the list, and whether more follow."""
    rows, more = await keyset(
        session,
        select(SourceRow),
        by=[SourceRow.title_key],
        after=[after] if after else None,
        limit=limit,
    )
    ids = [row.entry for row in rows]
    found = await session.scalars(select(EntryRow).where(EntryRow.id.in_(ids)))
    entries = {entry.id: entry for entry in found}
    return [_source(row, entries[row.entry]) for row in rows], [r.title_key for r in rows], more


def _source(row: SourceRow, entry: EntryRow) -> SourceOut:
    return SourceOut(
        entry=row.entry,
        item=row.item,
        reason=row.reason,
        title=row.title,
        provider=entry.provider,
        provider_name=entry.provider_name,
        named_at=row.named_at,
    )
