"""Queries of the read model. Upserts take nothing older than what is there; never commits."""

from typing import Any

from sqlalchemy import func, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_contracts.catalog import EntryPublished
from zhengshu_contracts.vocabulary import ServiceRegistrationState, UpdateCycle

from zhengshu_opening.datasets.domain import Dataset, Version
from zhengshu_opening.datasets.tables import DatasetRow

_UNKNOWN: dict[str, Any] = {
    "title": "",
    "abstract": "",
    "provider": "",
    "provider_name": "",
    "update_cycle": UpdateCycle.IRREGULAR,
    "revision": 0,
    "items": [],
    "retired": False,
    "registration": ServiceRegistrationState.ABSENT,
}


class Datasets:
    """What catalog has told of its datasets."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, dataset: str) -> Dataset | None:
        """Read a dataset."""
        row = await self._session.get(DatasetRow, dataset, populate_existing=True)
        return row.to_domain() if row else None

    async def publish(self, event: EntryPublished) -> bool:
        """Take a revision newer than the known one; False when it is not."""
        told = {
            "title": event.title,
            "abstract": event.abstract,
            "provider": event.provider,
            "provider_name": event.provider_name,
            "update_cycle": event.update_cycle,
            "revision": event.revision,
            "items": [item.model_dump(mode="json") for item in event.items],
            "retired": False,
        }
        statement = insert(DatasetRow).values(_UNKNOWN | told | {"id": event.entry})
        newer = DatasetRow.revision < event.revision
        return await self._took(
            statement.on_conflict_do_update(index_elements=["id"], set_=told, where=newer)
        )

    async def retire(self, dataset: str) -> None:
        """Note that the entry is no longer published."""
        retired = update(DatasetRow).where(DatasetRow.id == dataset).values(retired=True)
        await self._session.execute(retired)

    async def register(self, dataset: str, state: ServiceRegistrationState) -> None:
        """Note the state of the service registration."""
        statement = insert(DatasetRow).values(_UNKNOWN | {"id": dataset, "registration": state})
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_={"registration": state})
        )

    async def update(self, dataset: str, version: Version) -> bool:
        """Take a version newer than the known one; False when it is not."""
        told = {"epoch": version.epoch, "version": version.number}
        statement = insert(DatasetRow).values(_UNKNOWN | told | {"id": dataset})
        known = tuple_(func.coalesce(DatasetRow.epoch, -1), func.coalesce(DatasetRow.version, -1))
        return await self._took(
            statement.on_conflict_do_update(
                index_elements=["id"],
                set_=told,
                where=known < tuple_(version.epoch, version.number),
            )
        )

    async def _took(self, statement: Any) -> bool:
        changed = await self._session.scalars(statement.returning(DatasetRow.id))
        return changed.first() is not None
