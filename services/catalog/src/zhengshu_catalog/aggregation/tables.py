"""Tables of aggregation. Each dataset's own rows and history are in schema `rows` (see `schema`)."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, LargeBinary, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base
from zhengshu_contracts.catalog import Item

from zhengshu_catalog.aggregation.domain import Structure, Version

AT = DateTime(timezone=True)


class DatasetRow(Base):
    """One dataset: its lock, its newest version, how far the municipal platform has it."""

    __tablename__ = "datasets"

    id: Mapped[str] = mapped_column(Text, ForeignKey("entries.id"), primary_key=True)
    revision: Mapped[int]
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    epoch: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int] = mapped_column(BigInteger, default=0)
    acknowledged: Mapped[int] = mapped_column(default=0)
    uploading: Mapped[str | None] = mapped_column(Text)
    """The upload dispatch that is on its way; one at a time."""

    @property
    def structure(self) -> Structure:
        """Its columns."""
        return Structure(self.id, self.revision, tuple(map(Item.model_validate, self.items)))

    @property
    def at(self) -> Version:
        """Its newest version."""
        return Version(self.epoch, self.version)


class BatchRow(Base):
    """One push that was taken, and what it was answered."""

    __tablename__ = "batches"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    dataset: Mapped[str] = mapped_column(Text, ForeignKey("datasets.id"))
    system: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text)
    epoch: Mapped[int | None]
    version: Mapped[int | None]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(AT, server_default=func.clock_timestamp())
