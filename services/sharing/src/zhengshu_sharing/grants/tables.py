"""Tables of grants, their announced stops and their disposals."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import DateTime, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text
from zhengshu_chassis.db import Base

LIVE = text("state IN ('active', 'suspended', 'rectified')")


class GrantRow(Base):
    """What one department holds of one dataset. A part has at most one."""

    __tablename__ = "grants"
    __table_args__ = (
        Index(None, "holder", "id"),
        Index(None, "provider", "id"),
        Index(None, "dataset", "id"),
        Index(None, "state", "id"),
        Index("ix_grants_live", "dataset", postgresql_where=LIVE),
        Index("ix_grants_ending", "ends", postgresql_where=LIVE),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(ForeignKey("parts.id"), unique=True)
    application: Mapped[str] = mapped_column(ForeignKey("applications.id"))
    dataset: Mapped[str]
    title: Mapped[str]
    holder: Mapped[str]
    provider: Mapped[str]
    items: Mapped[list[str]] = mapped_column(ARRAY(Text))
    modes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    filter: Mapped[str]
    purpose: Mapped[str]
    starts: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str]
    reason: Mapped[str | None]
    suspended_by: Mapped[str | None]
    masks: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    quota: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    rectification: Mapped[str | None]
    renews: Mapped[str | None] = mapped_column(ForeignKey("grants.id"))


class StopRow(Base):
    """A provider's announcement that a grant ends before its time."""

    __tablename__ = "stops"

    grant: Mapped[str] = mapped_column(ForeignKey("grants.id"), primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    reason: Mapped[str]
    consultation: Mapped[dict[str, Any]] = mapped_column(JSONB)
    ends: Mapped[date]
    announced_by: Mapped[str]
    announced_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class DisposalRow(Base):
    """What has to become of the data of a grant that is over, and what did."""

    __tablename__ = "disposals"

    grant: Mapped[str] = mapped_column(ForeignKey("grants.id"), primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    method: Mapped[str | None]
    note: Mapped[str | None]
    on: Mapped[date | None]
    recorded_by: Mapped[str | None]
    recorded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
