"""Tables of aggregation. Each dataset's own rows and history are in schema `rows` (see `schema`)."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, LargeBinary, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base
from zhengshu_contracts.catalog import Item, Quality

from zhengshu_catalog.aggregation.domain import Joined, Structure, Version

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
    joined: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Where the rows come from when there is no table of them."""

    @property
    def structure(self) -> Structure:
        """Its columns."""
        items = tuple(map(Item.model_validate, self.items))
        joined = Joined.model_validate(self.joined) if self.joined else None
        return Structure(self.id, self.revision, items, joined)

    @property
    def at(self) -> Version:
        """Its newest version."""
        return Version(self.epoch, self.version)


class ThemeMemberRow(Base):
    """A dataset that a published theme shows."""

    __tablename__ = "theme_members"

    dataset: Mapped[str] = mapped_column(Text, ForeignKey("datasets.id"), primary_key=True)
    theme: Mapped[str] = mapped_column(Text, ForeignKey("datasets.id"), primary_key=True)


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


UNTAKEN = text("state <> 'done'")
"""Pushes that wait, or were refused."""


class PushRow(Base):
    """One push that is kept aside to be taken later, and what became of it if it was refused."""

    __tablename__ = "pushes"
    __table_args__ = (Index("ix_pushes_untaken", "dataset", "id", postgresql_where=UNTAKEN),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    """Also the batch's, once it is taken."""
    dataset: Mapped[str] = mapped_column(Text, ForeignKey("datasets.id"))
    push: Mapped[dict[str, Any]] = mapped_column(JSONB)
    spooled: Mapped[bool]
    """Whether the body is still in the store."""
    size: Mapped[int] = mapped_column(BigInteger)
    read: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(AT)


class QualityRow(Base):
    """The quality of one version of a dataset, under the items of the revision it was measured by."""

    __tablename__ = "quality_versions"

    dataset: Mapped[str] = mapped_column(Text, ForeignKey("datasets.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    revision: Mapped[int]
    measured_at: Mapped[datetime] = mapped_column(AT)
    rows: Mapped[int] = mapped_column(BigInteger)
    completeness: Mapped[float]
    validity: Mapped[float]
    uniqueness: Mapped[float]
    consistency: Mapped[float]

    def told(self, due: datetime | None, at: datetime) -> Quality:
        """Return what is shown of it."""
        return Quality(
            version=str(Version(self.epoch, self.version)),
            measured_at=self.measured_at,
            rows=self.rows,
            completeness=self.completeness,
            validity=self.validity,
            uniqueness=self.uniqueness,
            consistency=self.consistency,
            timely=due is None or due >= at,
            due=due,
        )


class TimelinessRow(Base):
    """When a dataset must be pushed to again, as last reckoned, and whether a lapse was announced."""

    __tablename__ = "timeliness"

    dataset: Mapped[str] = mapped_column(Text, ForeignKey("datasets.id"), primary_key=True)
    revision: Mapped[int]
    since: Mapped[datetime | None] = mapped_column(AT)
    """The push last counted from, or the first publication."""
    due: Mapped[datetime | None] = mapped_column(AT)
    lapsed: Mapped[bool]


class ReconciliationRow(Base):
    """One comparison of a dataset with what the municipal platform holds of it."""

    __tablename__ = "reconciliations"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    dataset: Mapped[str] = mapped_column(Text, ForeignKey("datasets.id"))
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(AT)
    dispatch: Mapped[str | None] = mapped_column(Text)
    epoch: Mapped[int | None]
    version: Mapped[int | None]
    rows: Mapped[int | None] = mapped_column(BigInteger)
    digest: Mapped[str | None] = mapped_column(Text)
    held: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    answered_at: Mapped[datetime | None] = mapped_column(AT)
