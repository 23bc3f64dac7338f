"""Tables of matters: one for all kinds, since they differ only in their data."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class MatterRow(Base):
    """A matter; what only its kind knows is in the body."""

    __tablename__ = "matters"
    __table_args__ = (
        Index(None, "kind", "organization", "id"),
        Index(None, "kind", "counterpart", "id"),
        Index(None, "dataset", "kind", "state"),
        Index(None, "kind", "state", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    number: Mapped[str] = mapped_column(unique=True)
    organization: Mapped[str]
    counterpart: Mapped[str | None]
    dataset: Mapped[str | None]
    filed_by: Mapped[str]
    filed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)


class MatterStepRow(Base):
    """One line of a matter's timeline; only ever added."""

    __tablename__ = "matter_steps"
    __table_args__ = (Index(None, "matter", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    matter: Mapped[str] = mapped_column(ForeignKey("matters.id"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str]
    officer: Mapped[str]
    what: Mapped[str]
    opinion: Mapped[str]
