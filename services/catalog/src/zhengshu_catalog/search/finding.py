"""The SQL of searching: which entries a reader may find, which are best, and how many of what there are.

Work is bounded: at most LIMIT hits are ranked and counted, title hits first, however many there are.
Never commits.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    REAL,
    ColumnElement,
    Select,
    Text,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_contracts.catalog import Facet, Facets
from zhengshu_contracts.vocabulary import (
    EntryState,
    Grade,
    Labelled,
    Origin,
    SharingClass,
    Theme,
    UpdateCycle,
)

from zhengshu_catalog.entries.tables import EntryRow
from zhengshu_catalog.search import terms
from zhengshu_catalog.search.terms import TITLE

LIMIT = 500
WEIGHTS = [0.05, 0.15, 0.4, 1.0]
"""Of weights D to A: provider and codes, abstract, items, title."""
SHORTER_FIRST = 1
"""ts_rank divides by 1 + log(length): of two alike the shorter entry tells more."""
IN_TITLE, WHOLE_TITLE = 1.0, 2.0
"""What a hit gains whose title has every word, or is what was typed."""


@dataclass(frozen=True, slots=True)
class Search:
    """What a list of entries is asked for."""

    words: str = ""
    provider: str | None = None
    origin: Origin | None = None
    state: EntryState | None = None
    theme: Theme | None = None
    sharing: SharingClass | None = None
    grade: Grade | None = None
    update_cycle: UpdateCycle | None = None
    mending: bool = False
    """Only entries taken over as they stood that still lack something."""
    retiring: bool = False
    """Only entries whose retirement waits for the competent department."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose drafts a list may show: one provider's, or everybody's."""

    organization: str | None
    everything: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """One entry found, with what facets are counted by."""

    id: str
    provider: str
    provider_name: str
    theme: str
    sharing: str
    grade: str
    update_cycle: str
    origin: str


@dataclass(frozen=True, slots=True)
class Found:
    """Every hit, best first; `partly` when none has all the words."""

    hits: Sequence[Hit]
    partly: bool = False


COLUMNS = tuple(getattr(EntryRow, name) for name in Hit.__slots__)
FACETS: dict[str, type[Labelled]] = {
    "theme": Theme,
    "sharing": SharingClass,
    "grade": Grade,
    "update_cycle": UpdateCycle,
    "origin": Origin,
}


def matching(search: Search, reader: Reader) -> list[ColumnElement[bool]]:
    """Return the conditions of everything but the words."""
    own: ColumnElement[bool] = (
        true() if reader.everything else EntryRow.provider == reader.organization
    )
    conditions = [or_(EntryRow.revision > 0, own)]
    for name in ("provider", "origin", "theme", "sharing", "grade", "update_cycle"):
        wanted = getattr(search, name)
        if wanted:
            conditions.append(getattr(EntryRow, name) == wanted)
    if search.mending:
        conditions.append(EntryRow.mend_by.is_not(None))
    if search.retiring:
        conditions.append(EntryRow.retiring_at.is_not(None) & own)
    if search.state:
        revising = EntryRow.revising == search.state
        conditions.append(or_(EntryRow.state == search.state, revising & own))
    return conditions


async def find(session: AsyncSession, search: Search, reader: Reader) -> Found:
    """Return the best hits of the words typed: with all of them, or if there is none with some."""
    query = terms.query(search.words)
    if query is None:
        return Found(())
    conditions = matching(search, reader)
    hits = await _ranked(session, search, conditions, query.every(), query.every(TITLE))
    if hits or len(query.words) == 1:
        return Found(hits)
    return Found(
        await _ranked(session, search, conditions, query.some(), query.some(TITLE)), partly=True
    )


async def _ranked(
    session: AsyncSession,
    search: Search,
    conditions: Sequence[ColumnElement[bool]],
    anywhere: str,
    in_title: str,
) -> list[Hit]:
    candidates = _some(in_title, conditions).union(_some(anywhere, conditions)).subquery()
    title = EntryRow.terms.op("@@")(_tsquery(in_title))
    score = (
        func.ts_rank(cast(WEIGHTS, ARRAY(REAL)), EntryRow.terms, _tsquery(anywhere), SHORTER_FIRST)
        + case((title, IN_TITLE), else_=0.0)
        + case((EntryRow.title == search.words, WHOLE_TITLE), else_=0.0)
    )
    retired = EntryRow.state == EntryState.RETIRED
    query = (
        select(*COLUMNS)
        .join(candidates, candidates.c.id == EntryRow.id)
        .order_by(retired, score.desc(), EntryRow.id)
        .limit(LIMIT)
    )
    return [Hit(*row) for row in await session.execute(query)]


def _some(query: str, conditions: Sequence[ColumnElement[bool]]) -> Select[tuple[str]]:
    hits = select(EntryRow.id).where(EntryRow.terms.op("@@")(_tsquery(query)), *conditions)
    return select(hits.limit(LIMIT).subquery().c.id)


def _tsquery(text: str) -> ColumnElement[Any]:
    return cast(literal(text, Text), TSQUERY)


def count(hits: Iterable[Hit]) -> Facets:
    """Count the hits by department and by each closed list, the most frequent first."""
    found = list(hits)
    names = {hit.provider: hit.provider_name for hit in found}
    providers = Counter(hit.provider for hit in found)
    return Facets(
        provider=[_facet(value, names[value], n) for value, n in _by_frequency(providers)],
        **{name: _listed(name, Counter(getattr(hit, name) for hit in found)) for name in FACETS},
    )


async def count_all(session: AsyncSession, search: Search, reader: Reader) -> tuple[Facets, int]:
    """Count everything a search without words finds, and tell how many there are."""
    conditions = matching(search, reader)
    facets = {
        name: _listed(name, await _grouped(session, getattr(EntryRow, name), conditions))
        for name in FACETS
    }
    providers = await _grouped(session, EntryRow.provider, conditions)
    named = select(EntryRow.provider, func.max(EntryRow.provider_name)).where(*conditions)
    rows = await session.execute(named.group_by(EntryRow.provider))
    names = {code: name or code for code, name in rows}
    total = sum(providers.values())
    listed = [_facet(value, names[value], n) for value, n in _by_frequency(providers)]
    return Facets(provider=listed, **facets), total


async def _grouped(
    session: AsyncSession, column: Any, conditions: Sequence[ColumnElement[bool]]
) -> Counter[str]:
    query = select(column, func.count()).where(*conditions).group_by(column)
    counted: Counter[str] = Counter()
    for value, number in await session.execute(query):
        counted[value] = number
    return counted


def _listed(name: str, counted: Counter[str]) -> list[Facet]:
    labels = {word.value: word.label for word in FACETS[name]}
    return [_facet(value, labels.get(value, value), n) for value, n in _by_frequency(counted)]


def _facet(value: str, label: str, number: int) -> Facet:
    return Facet(value=value, label=label, count=number)


def _by_frequency(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
