"""Listing entries: by id, or the best hits of what is looked for, with counts where asked."""

from dataclasses import dataclass, replace

from zhengshu_contracts.catalog import Facets

from zhengshu_catalog.entries.operations import Shown, Unit
from zhengshu_catalog.search.finding import Reader, Search, count, count_all, find


@dataclass(frozen=True, slots=True)
class Asking:
    """A search, and whether its finds are counted as well."""

    search: Search
    facets: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of what was found; `last` is its last place."""

    shown: list[Shown]
    last: str | int
    more: bool
    partly: bool = False
    total: int | None = None
    facets: Facets | None = None


async def list_entries(
    unit: Unit, asking: Asking, reader: Reader, after: str | int | None, limit: int
) -> Listing:
    """Return the entries found: by id, or where words are looked for the best first."""
    if asking.search.words:
        return await _found(unit, asking, reader, int(after or 0), limit)
    place = str(after) if after else None
    found, more = await unit.entries.page(asking.search, reader, place, limit)
    shown = [Shown(*one) for one in found]
    listing = Listing(shown, shown[-1].entry.id if shown else "", more)
    if not asking.facets:
        return listing
    facets, total = await count_all(unit.session, asking.search, reader)
    return replace(listing, facets=facets, total=total)


async def _found(unit: Unit, asking: Asking, reader: Reader, start: int, limit: int) -> Listing:
    found = await find(unit.session, asking.search, reader)
    end = start + limit
    page = await unit.entries.several([hit.id for hit in found.hits[start:end]])
    listing = Listing([Shown(*one) for one in page], end, len(found.hits) > end, found.partly)
    if not asking.facets:
        return listing
    return replace(listing, facets=count(found.hits), total=len(found.hits))
