"""Queries of the read model. Every upsert is commutative: an older event never overwrites a newer."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, tuple_
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

    async def publish(self, event: EntryPublished, *, at: datetime) -> bool:
        """Take a revision newer than the known one; False when it is not."""
        told = {
            "title": event.title,
            "abstract": event.abstract,
            "provider": event.provider,
            "provider_name": event.provider_name,
            "update_cycle": event.update_cycle,
            "revision": event.revision,
            "items": [item.model_dump(mode="json") for item in event.items],
            "published_at": at,
        }
        statement = insert(DatasetRow).values(_UNKNOWN | told | {"id": event.entry})
        retired = func.coalesce(DatasetRow.retired_at > at, False)
        newer = DatasetRow.revision < event.revision
        return await self._took(
            statement.on_conflict_do_update(
                index_elements=["id"], set_=told | {"retired": retired}, where=newer
            )
        )

    async def retire(self, dataset: str, *, at: datetime) -> bool:
        """Note that the entry is no longer published; False when it was published again later."""
        told = {"retired": True, "retired_at": at}
        statement = insert(DatasetRow).values(_UNKNOWN | told | {"id": dataset})
        latest = {"retired": True, "retired_at": func.greatest(DatasetRow.retired_at, at)}
        earlier = or_(DatasetRow.published_at.is_(None), DatasetRow.published_at < at)
        return await self._took(
            statement.on_conflict_do_update(index_elements=["id"], set_=latest, where=earlier)
        )

    async def register(
        self, dataset: str, state: ServiceRegistrationState, *, at: datetime
    ) -> bool:
        """Note the state of the service registration; False when a later one is known."""
        told = {"registration": state, "registered_at": at}
        statement = insert(DatasetRow).values(_UNKNOWN | told | {"id": dataset})
        known = DatasetRow.registered_at
        return await self._took(
            statement.on_conflict_do_update(
                index_elements=["id"], set_=told, where=or_(known.is_(None), known < at)
            )
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
