"""All SQL about listings, snapshots, due work and authorisations. Never commits."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    cast,
    delete,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_contracts.vocabulary import ListingState, OpeningClass

from zhengshu_opening.datasets.domain import Version
from zhengshu_opening.datasets.tables import DatasetRow
from zhengshu_opening.listings.domain import Authorization, Listing, Shown, Stored
from zhengshu_opening.listings.tables import AuthorizationRow, BuildRow, ListingRow, SnapshotRow

KEPT = 2
"""Snapshots kept of a dataset: the one served and the one before."""


@dataclass(frozen=True, slots=True)
class Query:
    """What the public searches for; empty members do not narrow."""

    words: tuple[str, ...] = ()
    theme: str = ""
    provider: str = ""
    opening: OpeningClass | None = None


class Listings:
    """Listings with their snapshots and authorisations."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, dataset: str) -> Listing | None:
        """Read a listing, whatever its state."""
        row = await self._session.get(ListingRow, dataset, populate_existing=True)
        return row.to_domain() if row else None

    async def lock(self, dataset: str) -> Listing | None:
        """Read a listing and hold its row until the transaction ends."""
        row = await self._session.get(
            ListingRow, dataset, with_for_update=True, populate_existing=True
        )
        return row.to_domain() if row else None

    async def save(self, listing: Listing) -> None:
        """Write a listing; without a version it has no snapshot to serve."""
        told: dict[str, Any] = {
            "proposal": listing.proposal,
            "opening": listing.opening,
            "items": [item.model_dump(mode="json") for item in listing.items],
            "licence": listing.licence,
            "state": listing.state,
            "reason": listing.reason,
        }
        if listing.version is None:
            told |= {"snapshot": None, "epoch": None, "version": None}
        statement = insert(ListingRow).values(told | {"dataset": listing.dataset})
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["dataset"], set_=told)
        )

    async def publish(
        self, dataset: str, version: Version, rows: int, files: Sequence[Stored]
    ) -> None:
        """Make this snapshot the one that is served, and forget those before the last."""
        snapshot = SnapshotRow(
            dataset=dataset,
            epoch=version.epoch,
            version=version.number,
            rows=rows,
            files=[asdict(file) for file in files],
        )
        self._session.add(snapshot)
        await self._session.flush()
        await self._session.execute(
            update(ListingRow)
            .where(ListingRow.dataset == dataset)
            .values(
                snapshot=snapshot.id,
                epoch=version.epoch,
                version=version.number,
                state=ListingState.LISTED,
                reason=None,
                listed_at=func.coalesce(ListingRow.listed_at, func.now()),
                updated_at=func.now(),
            )
        )
        kept = self._newest(dataset).limit(KEPT)
        mine = SnapshotRow.dataset == dataset
        await self._session.execute(
            delete(SnapshotRow).where(mine, SnapshotRow.id.not_in(kept)),
            execution_options={"synchronize_session": False},
        )

    async def forget_snapshots(self, dataset: str) -> None:
        """Forget every snapshot of a dataset that is no longer open."""
        await self._session.execute(delete(SnapshotRow).where(SnapshotRow.dataset == dataset))

    async def paths(self, dataset: str) -> list[str]:
        """Return where the files of the kept snapshots are."""
        files = await self._session.scalars(
            select(SnapshotRow.files).where(SnapshotRow.dataset == dataset)
        )
        return [file["path"] for found in files for file in found]

    async def of_proposals(self, proposals: Sequence[str]) -> dict[str, Listing]:
        """Read the listings that began with these proposals."""
        mine = ListingRow.proposal.in_(proposals)
        rows = await self._session.scalars(select(ListingRow).where(mine))
        return {row.proposal: row.to_domain() for row in rows}

    async def shown(self, dataset: str) -> Shown | None:
        """Read a listing as the public sees it; None unless it is listed."""
        found = await self._session.execute(_listed().where(ListingRow.dataset == dataset))
        row = found.first()
        return _shown(*row) if row else None

    async def search(
        self, query: Query, *, after: tuple[datetime, str] | None, limit: int
    ) -> tuple[list[Shown], bool]:
        """Return one page, last listed first, and whether more follow."""
        statement = _listed().where(*_conditions(query))
        if after is not None:
            statement = statement.where(
                tuple_(ListingRow.listed_at, ListingRow.dataset) < tuple_(*after)
            )
        statement = statement.order_by(ListingRow.listed_at.desc(), ListingRow.dataset.desc())
        found = await self._session.execute(statement.limit(limit + 1))
        page = [_shown(*row) for row in found]
        return page[:limit], len(page) > limit

    async def total(self, query: Query) -> int:
        """Count what a search finds."""
        found = _listed().where(*_conditions(query)).with_only_columns(func.count())
        return int(await self._session.scalar(found) or 0)

    async def all_shown(self) -> list[Shown]:
        """Read everything that is listed, for the catalogue document."""
        found = await self._session.execute(_listed().order_by(ListingRow.dataset))
        return [_shown(*row) for row in found]

    async def authorizations(self, dataset: str) -> list[Authorization]:
        """Read the live authorisations on a dataset."""
        rows = await self._session.scalars(_live(AuthorizationRow.dataset == dataset))
        return [row.to_domain() for row in rows]

    async def lapsed(self, now: datetime) -> list[Authorization]:
        """Read authorisations whose time is over and that do not say so yet."""
        rows = await self._session.scalars(_live(AuthorizationRow.ends_at <= now).limit(100))
        return [row.to_domain() for row in rows]

    def authorize(self, authorization: Authorization) -> None:
        """Add an authorisation."""
        self._session.add(
            AuthorizationRow(
                id=authorization.id,
                application=authorization.application,
                dataset=authorization.dataset,
                applicant=authorization.applicant,
                ends_at=authorization.ends,
            )
        )

    async def end(self, authorization: str, how: str) -> bool:
        """End a live authorisation; False when it was over."""
        live = AuthorizationRow.over.is_(None)
        ended = await self._session.scalars(
            update(AuthorizationRow)
            .where(AuthorizationRow.id == authorization, live)
            .values(over=how)
            .returning(AuthorizationRow.id)
        )
        return ended.first() is not None

    @staticmethod
    def _newest(dataset: str) -> Select[int]:
        mine = select(SnapshotRow.id).where(SnapshotRow.dataset == dataset)
        return mine.order_by(SnapshotRow.id.desc())


class Builds:
    """Datasets that wait for work: asked as often as one likes, done once for all that asked."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def ask(self, dataset: str) -> None:
        """Make a dataset due now."""
        now = func.clock_timestamp()
        told = {"attempts": 0, "due_at": now, "asked_at": now, "error": None}
        statement = insert(BuildRow).values(told | {"dataset": dataset})
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["dataset"], set_=told)
        )

    async def due(self, limit: int) -> list[tuple[str, datetime]]:
        """Return what is due, with the moment of the asking that is about to be served."""
        waiting = select(BuildRow.dataset, BuildRow.asked_at).where(
            BuildRow.due_at <= func.clock_timestamp()
        )
        found = await self._session.execute(waiting.order_by(BuildRow.due_at).limit(limit))
        return [(row[0], row[1]) for row in found]

    async def attempts(self, dataset: str) -> int:
        """Return how often the dataset's work has failed since it was asked for."""
        mine = select(BuildRow.attempts).where(BuildRow.dataset == dataset)
        return int(await self._session.scalar(mine) or 0)

    async def done(self, dataset: str, asked_at: datetime) -> None:
        """Forget the work, unless it was asked for again meanwhile."""
        served = BuildRow.asked_at == asked_at
        await self._session.execute(delete(BuildRow).where(BuildRow.dataset == dataset, served))

    async def failed(self, dataset: str, asked_at: datetime, error: str, wait: timedelta) -> None:
        """Put the work off, unless it was asked for again meanwhile."""
        served = BuildRow.asked_at == asked_at
        await self._session.execute(
            update(BuildRow)
            .where(BuildRow.dataset == dataset, served)
            .values(
                attempts=BuildRow.attempts + 1,
                due_at=func.clock_timestamp() + wait,
                error=error[:500],
            )
        )


def _listed() -> Select[ListingRow, DatasetRow, SnapshotRow]:
    return (
        select(ListingRow, DatasetRow, SnapshotRow)
        .join(DatasetRow, DatasetRow.id == ListingRow.dataset)
        .join(SnapshotRow, SnapshotRow.id == ListingRow.snapshot)
        .where(ListingRow.state == ListingState.LISTED)
    )


def _shown(listing: ListingRow, dataset: DatasetRow, snapshot: SnapshotRow) -> Shown:
    return Shown(
        listing=listing.to_domain(),
        dataset=dataset.to_domain(),
        version=Version(snapshot.epoch, snapshot.version),
        rows=snapshot.rows,
        files=tuple(Stored(**file) for file in snapshot.files),
        listed_at=listing.listed_at or snapshot.published_at,
        updated_at=snapshot.published_at,
    )


def _conditions(query: Query) -> list[ColumnElement[bool]]:
    titles: ColumnElement[Any] = literal_column("'$[*].title'::jsonpath")
    item_titles = cast(func.jsonb_path_query_array(ListingRow.items, titles), Text)
    places = (DatasetRow.title, DatasetRow.abstract, DatasetRow.provider_name, item_titles)
    found = [or_(*(p.icontains(word, autoescape=True) for p in places)) for word in query.words]
    if query.theme:
        found.append(ListingRow.dataset.startswith(query.theme, autoescape=True))
    if query.provider:
        found.append(DatasetRow.provider == query.provider)
    if query.opening:
        found.append(ListingRow.opening == query.opening)
    return found


def _live(*conditions: Any) -> Select[AuthorizationRow]:
    live = select(AuthorizationRow).where(AuthorizationRow.over.is_(None), *conditions)
    return live.order_by(AuthorizationRow.id)
