"""Tables of applications."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text
from zhengshu_chassis.db import Base

OPEN = text("state NOT IN ('granted', 'refused', 'withdrawn')")


class ApplicationRow(Base):
    """A case."""

    __tablename__ = "applications"
    __table_args__ = (Index(None, "organization", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    organization: Mapped[str]
    submitted_by: Mapped[str]
    submitted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    basis: Mapped[str]
    scenario: Mapped[str]
    scope: Mapped[str]
    purpose: Mapped[str]
    until: Mapped[date]
    consent: Mapped[dict[str, Any]] = mapped_column(JSONB)
    renews: Mapped[str | None]
    returned_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    supplemented_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PartRow(Base):
    """One dataset and one class of its items."""

    __tablename__ = "parts"
    __table_args__ = (Index("ix_parts_open", "state", "application", postgresql_where=OPEN),)

    id: Mapped[str] = mapped_column(primary_key=True)
    application: Mapped[str] = mapped_column(ForeignKey("applications.id"), index=True)
    position: Mapped[int]
    dataset: Mapped[str]
    title: Mapped[str]
    provider: Mapped[str]
    origin: Mapped[str]
    sharing: Mapped[str]
    items: Mapped[list[str]] = mapped_column(ARRAY(Text))
    modes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    filter: Mapped[str]
    quota: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    state: Mapped[str]
    reason: Mapped[str | None]
    chain: Mapped[str] = mapped_column(server_default="commission")
    grant_id: Mapped[str | None]


class StepRow(Base):
    """One line of the timeline; only ever added."""

    __tablename__ = "steps"
    __table_args__ = (Index(None, "application", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    application: Mapped[str] = mapped_column(ForeignKey("applications.id"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str]
    officer: Mapped[str | None]
    what: Mapped[str]
    opinion: Mapped[str]
    part: Mapped[str | None]


class NumberRow(Base):
    """The last number given in a series."""

    __tablename__ = "numbers"

    series: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]
