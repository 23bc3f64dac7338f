"""All SQL of the read model. Every upsert is commutative: an older event never overwrites a newer."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_contracts.catalog import (
    EntryPublished,
    EntryRegistered,
    EntryRetired,
    ItemBrief,
    OrganizationRegistered,
    ServiceRegistrationChanged,
)
from zhengshu_contracts.vocabulary import Mode, OrganizationKind, Origin, ServiceRegistrationState

from zhengshu_sharing.datasets.domain import Dataset
from zhengshu_sharing.datasets.errors import DatasetNotFound, OrganizationUnknown
from zhengshu_sharing.datasets.tables import DatasetRow, OrganizationRow


class Datasets:
    """Published entries and the organisations behind them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def published(self, ids: Iterable[str]) -> dict[str, Dataset]:
        """Return those of the datasets that are published now."""
        query = select(DatasetRow).where(DatasetRow.id.in_(list(ids)), _published())
        return {row.id: _dataset(row) for row in await self._session.scalars(query)}

    async def get(self, dataset: str) -> Dataset:
        """Return one published dataset."""
        found = await self.published([dataset])
        if dataset not in found:
            raise DatasetNotFound(dataset)
        return found[dataset]

    async def name_of(self, organization: str) -> str:
        """Return an organisation's name, a municipal provider's from its entries; else its code."""
        row = await self._session.get(OrganizationRow, organization)
        if row is not None:
            return row.name
        query = select(DatasetRow.provider_name).where(DatasetRow.provider == organization)
        return await self._session.scalar(query.limit(1)) or organization

    async def known(self, organization: str) -> None:
        """Refuse an organisation that is not registered."""
        if await self._session.get(OrganizationRow, organization) is None:
            raise OrganizationUnknown(organization)

    async def competent(self) -> str:
        """Return the competent department's code; its kind while it is not yet known here."""
        return await self._only(OrganizationKind.COMPETENT.value)

    async def government(self) -> str:
        """Return the county government's code; its kind while it is not yet known here."""
        return await self._only(OrganizationKind.GOVERNMENT.value)

    async def _only(self, kind: str) -> str:
        query = select(OrganizationRow.code).where(OrganizationRow.kind == kind)
        found = await self._session.scalar(query.order_by(OrganizationRow.as_of).limit(1))
        return found or kind

    async def publish(self, event: EntryPublished, *, at: datetime) -> None:
        """Take a published revision, unless a newer one is known."""
        values = {
            "id": event.entry,
            "revision": event.revision,
            "title": event.title,
            "provider": event.provider,
            "provider_name": event.provider_name,
            "origin": event.origin,
            "items": [item.model_dump(mode="json") for item in event.items],
            "modes": [mode.value for mode in event.modes],
            "published_at": at,
        }
        known = DatasetRow
        newer = or_(
            known.revision < event.revision,
            and_(known.revision == event.revision, known.published_at < at),
        )
        statement = insert(DatasetRow).values(values)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_=values, where=newer)
        )
        if event.municipal_code is not None:
            await self._coded(event.entry, event.municipal_code)

    async def retire(self, event: EntryRetired, *, at: datetime) -> None:
        """Note when an entry was last taken off; it counts until a later publication."""
        statement = insert(DatasetRow).values(id=event.entry, retired_at=at)
        latest = func.greatest(DatasetRow.retired_at, statement.excluded.retired_at)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_={"retired_at": latest})
        )

    async def register(self, event: EntryRegistered) -> None:
        """Note the municipal code of an entry; it never changes."""
        await self._coded(event.entry, event.municipal_code)

    async def serve(self, event: ServiceRegistrationChanged, *, at: datetime) -> None:
        """Note whether a dataset is served, unless something newer is known."""
        served = event.state is ServiceRegistrationState.LIVE
        values = {"id": event.dataset, "served": served, "served_as_of": at}
        known = DatasetRow.served_as_of
        statement = insert(DatasetRow).values(values)
        await self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["id"], set_=values, where=or_(known.is_(None), known < at)
            )
        )

    async def organization(self, event: OrganizationRegistered, *, at: datetime) -> None:
        """Take an organisation's registration, unless a newer one is known."""
        values = {"code": event.code, "name": event.name, "kind": event.kind, "as_of": at}
        statement = insert(OrganizationRow).values(values)
        await self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["code"], set_=values, where=OrganizationRow.as_of < at
            )
        )

    async def _coded(self, dataset: str, municipal_code: str) -> None:
        values = {"id": dataset, "municipal_code": municipal_code}
        statement = insert(DatasetRow).values(values)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_=values)
        )


def _published() -> ColumnElement[bool]:
    retired = DatasetRow.retired_at
    return and_(DatasetRow.revision > 0, or_(retired.is_(None), retired < DatasetRow.published_at))


def _dataset(row: DatasetRow) -> Dataset:
    return Dataset(
        id=row.id,
        title=row.title,
        provider=row.provider,
        provider_name=row.provider_name,
        origin=Origin(row.origin),
        items=tuple(ItemBrief.model_validate(item) for item in row.items),
        municipal_code=row.municipal_code,
        modes=tuple(Mode(mode) for mode in row.modes),
        served=row.served or row.origin == Origin.MUNICIPAL,
    )
