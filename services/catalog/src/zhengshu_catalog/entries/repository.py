"""All SQL about entries and their revisions. Never commits."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Select, Text, cast, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import TSVECTOR, insert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import keyset
from zhengshu_contracts.catalog import EntryIn, Item
from zhengshu_contracts.vocabulary import EntryState, Origin, ServiceRegistrationState

from zhengshu_catalog.aggregation.tables import DatasetRow
from zhengshu_catalog.entries.content import grade, sharing_class
from zhengshu_catalog.entries.domain import Entry, Revision
from zhengshu_catalog.entries.errors import EntryNotFound
from zhengshu_catalog.entries.tables import EntryRow, MunicipalCopyRow, RevisionRow
from zhengshu_catalog.search.finding import Reader, Search, matching
from zhengshu_catalog.search.terms import vector

T = TypeVar("T")


class Entries:
    """The entries and their revisions."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, entry: str, *, lock: bool = False) -> Entry | None:
        """Return an entry, if there is one; `lock` holds its row until the transaction ends."""
        query = select(EntryRow).where(EntryRow.id == entry)
        row = await self._one(query.with_for_update() if lock else query)
        return _entry(row) if row else None

    async def get(self, entry: str) -> Entry:
        """Return an entry, or raise EntryNotFound."""
        return _there(await self.find(entry), entry)

    async def lock(self, entry: str) -> Entry:
        """Return an entry and hold its row until the transaction ends, or raise EntryNotFound."""
        return _there(await self.find(entry, lock=True), entry)

    async def by_municipal_code(self, code: str) -> Entry | None:
        """Return the county's own entry that bears a municipal code, if there is one."""
        query = select(EntryRow).where(
            EntryRow.municipal_code == code, EntryRow.origin == Origin.COUNTY
        )
        row = await self._one(query.order_by(EntryRow.id).limit(1))
        return _entry(row) if row else None

    async def copied(self, code: str) -> Entry | None:
        """Return the municipal catalogue's entry that bears a code, if it is copied and not retired."""
        query = select(EntryRow).where(
            EntryRow.municipal_code == code,
            EntryRow.origin == Origin.MUNICIPAL,
            EntryRow.state == EntryState.PUBLISHED,
        )
        row = await self._one(query.order_by(EntryRow.id).limit(1))
        return _entry(row) if row else None

    async def working(self, entry: Entry) -> Revision | None:
        """Return the revision being worked on, if there is one."""
        row = await self._one(_numbered(entry.id, entry.revision + 1))
        return _revision(row) if row else None

    async def shown(self, entry: Entry) -> Revision:
        """Return the published revision, or the first draft while there is none."""
        row = await self._one(_numbered(entry.id, _shown_number(entry)))
        assert row is not None, f"{entry.id} has no revision"
        return _revision(row)

    async def revisions(self, entry: str, *, drafts: bool) -> list[Revision]:
        """Return an entry's revisions, newest first; without `drafts` only published ones."""
        query = select(RevisionRow).where(RevisionRow.entry == entry)
        if not drafts:
            query = query.where(RevisionRow.state == EntryState.PUBLISHED)
        rows = await self._session.scalars(query.order_by(RevisionRow.number.desc()))
        return [_revision(row) for row in rows]

    async def next_number(self, category: str) -> int:
        """Return the next free number of a category, which is ours until the transaction ends."""
        await self.hold(f"category {category}")
        taken = select(func.max(EntryRow.number)).where(EntryRow.category == category)
        return (await self._session.scalar(taken) or 0) + 1

    async def add(self, entry: Entry, revision: Revision) -> None:
        """Keep a new entry with its first revision."""
        values = _entry_values(entry) | _shown_values(entry, revision.content)
        await self._session.execute(insert(EntryRow).values(**values))
        await self._save_revision(revision)

    async def save(self, entry: Entry, revision: Revision | None = None) -> None:
        """Keep what changed of an entry and, if given, one of its revisions."""
        values = _entry_values(entry)
        if revision and revision.number == _shown_number(entry):
            values |= _shown_values(entry, revision.content)
        await self._session.execute(
            update(EntryRow).where(EntryRow.id == entry.id).values(**values)
        )
        if revision:
            await self._save_revision(revision)

    async def index(self, entry: Entry, shown: Revision) -> None:
        """Make again what an entry is found by."""
        values = _shown_values(entry, shown.content)
        await self._session.execute(
            update(EntryRow).where(EntryRow.id == entry.id).values(**values)
        )

    async def page(
        self, search: Search, reader: Reader, after: str | None, limit: int
    ) -> tuple[list[tuple[Entry, Revision]], bool]:
        """Return visible entries by id, each with the revision shown, and whether more follow."""
        rows, more = await keyset(
            self._session,
            select(EntryRow).where(*matching(search, reader)),
            by=[EntryRow.id],
            after=[after] if after else None,
            limit=limit,
        )
        shown = await self._shown([row.id for row in rows])
        return [(_entry(row), shown[row.id]) for row in rows], more

    async def several(self, entries: Sequence[str]) -> list[tuple[Entry, Revision]]:
        """Return entries in the order asked for, each with the revision shown."""
        rows = await self._session.scalars(select(EntryRow).where(EntryRow.id.in_(entries)))
        known = {row.id: _entry(row) for row in rows}
        shown = await self._shown(entries)
        return [(known[entry], shown[entry]) for entry in entries]

    async def versions(self, entries: Sequence[str]) -> dict[str, str]:
        """Return `epoch.n` of the entries whose rows have a version."""
        query = select(DatasetRow).where(DatasetRow.id.in_(entries), DatasetRow.version > 0)
        return {row.id: str(row.at) for row in await self._session.scalars(query)}

    async def lock_copy(self) -> None:
        """Let one transaction at a time write the copy of the municipal catalogue."""
        await self.hold("municipal copy")

    async def last_sequence(self) -> int:
        """Return how far the copy of the municipal catalogue has come."""
        return await self._session.scalar(select(MunicipalCopyRow.sequence)) or 0

    async def reach(self, sequence: int) -> None:
        """Note how far the copy has come, whether everything up to there could be taken or not."""
        await self._session.execute(
            update(MunicipalCopyRow)
            .where(MunicipalCopyRow.sequence < sequence)
            .values(sequence=sequence)
        )

    async def published_items(self, dataset: str) -> list[Item] | None:
        """Return the items of the published revision; None when nothing is published."""
        content = await self._session.scalar(
            select(RevisionRow.content)
            .join(EntryRow, EntryRow.id == RevisionRow.entry)
            .where(EntryRow.id == dataset, EntryRow.revision == RevisionRow.number)
        )
        return EntryIn.model_validate(content).items if content else None

    async def _shown(self, entries: Sequence[str]) -> dict[str, Revision]:
        query = (
            select(RevisionRow)
            .join(EntryRow, EntryRow.id == RevisionRow.entry)
            .where(
                EntryRow.id.in_(entries),
                RevisionRow.number == func.greatest(EntryRow.revision, 1),
            )
        )
        return {row.entry: _revision(row) for row in await self._session.scalars(query)}

    async def hold(self, name: str) -> None:
        """Let one transaction at a time do what goes by this name."""
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        await self._session.execute(lock, {"name": f"entries\n{name}"})

    async def _one(self, query: Select[T]) -> T | None:
        # What this session read before may have been changed by statements of its own.
        fresh = query.execution_options(populate_existing=True)
        return (await self._session.scalars(fresh)).one_or_none()

    async def _save_revision(self, revision: Revision) -> None:
        values = _revision_values(revision)
        new = insert(RevisionRow).values(**values)
        await self._session.execute(
            new.on_conflict_do_update(index_elements=["entry", "number"], set_=values)
        )


def _numbered(entry: str, number: int) -> Select[RevisionRow]:
    return select(RevisionRow).where(RevisionRow.entry == entry, RevisionRow.number == number)


def _shown_number(entry: Entry) -> int:
    return max(entry.revision, 1)


def _there(entry: Entry | None, sought: str) -> Entry:
    if entry is None:
        raise EntryNotFound(sought)
    return entry


def _entry(row: EntryRow) -> Entry:
    return Entry(
        id=row.id,
        code=row.code,
        category=row.category,
        provider=row.provider,
        provider_name=row.provider_name,
        origin=Origin(row.origin),
        state=EntryState(row.state),
        revision=row.revision,
        revising=EntryState(row.revising) if row.revising else None,
        published_at=row.published_at,
        municipal_code=row.municipal_code,
        municipal_code_at=row.municipal_code_at,
        registration=ServiceRegistrationState(row.registration),
        registration_at=row.registration_at,
        service_code=row.service_code,
        suspended=row.suspended,
        mend_by=row.mend_by,
        retiring_reason=row.retiring_reason,
        retiring_by=row.retiring_by,
        retiring_at=row.retiring_at,
        sequence=row.sequence,
        joined=row.joined,
    )


def _entry_values(entry: Entry) -> dict[str, Any]:
    names = [field.name for field in fields(entry)]
    return {name: getattr(entry, name) for name in names} | {
        "number": int(entry.id.rpartition("-")[2])
    }


def _shown_values(entry: Entry, content: EntryIn) -> dict[str, Any]:
    """Return what the revision shown gives the list: how the entry is found, narrowed and counted."""
    texts = {
        "B": [text for item in content.items for text in (item.title, item.name)],
        "C": [content.abstract],
        "D": [entry.provider_name, entry.code, entry.id, entry.municipal_code or ""],
    }
    return {
        "title": content.title,
        "theme": entry.category[:3],
        "sharing": sharing_class(content.items),
        "grade": grade(content.items),
        "update_cycle": content.update_cycle,
        "terms": cast(literal(vector(content.title, texts), Text), TSVECTOR),
    }


def _revision(row: RevisionRow) -> Revision:
    return Revision(
        entry=row.entry,
        number=row.number,
        state=EntryState(row.state),
        content=EntryIn.model_validate(row.content),
        authors=frozenset(row.authors),
        compiled_at=row.compiled_at,
        submitted_by=row.submitted_by,
        submitted_at=row.submitted_at,
        reviewed_by=row.reviewed_by,
        opinion=row.opinion,
        published_at=row.published_at,
    )


def _revision_values(revision: Revision) -> dict[str, Any]:
    values = {field.name: getattr(revision, field.name) for field in fields(revision)}
    return values | {
        "content": revision.content.model_dump(mode="json"),
        "authors": sorted(revision.authors),
    }
