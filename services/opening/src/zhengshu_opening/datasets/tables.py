"""Mapped class of the read model of catalog's datasets."""

from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base
from zhengshu_contracts.catalog import ItemBrief
from zhengshu_contracts.vocabulary import ServiceRegistrationState, UpdateCycle

from zhengshu_opening.datasets.domain import Dataset, Version


class DatasetRow(Base):
    """A dataset; revision 0 until its first published revision is heard of."""

    __tablename__ = "datasets"

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    abstract: Mapped[str]
    provider: Mapped[str]
    provider_name: Mapped[str]
    update_cycle: Mapped[str]
    revision: Mapped[int]
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    retired: Mapped[bool]
    registration: Mapped[str]
    epoch: Mapped[int | None]
    version: Mapped[int | None]
    published_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    registered_at: Mapped[datetime | None]

    def to_domain(self) -> Dataset:
        """Return the dataset as a value."""
        known = self.epoch is not None and self.version is not None
        return Dataset(
            id=self.id,
            title=self.title,
            abstract=self.abstract,
            provider=self.provider,
            provider_name=self.provider_name,
            update_cycle=UpdateCycle(self.update_cycle),
            revision=self.revision,
            items=tuple(ItemBrief.model_validate(item) for item in self.items),
            retired=self.retired,
            registration=ServiceRegistrationState(self.registration),
            version=Version(self.epoch or 0, self.version or 0) if known else None,
        )
