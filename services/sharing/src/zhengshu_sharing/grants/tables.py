"""Table of grants."""

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text
from zhengshu_chassis.db import Base

LIVE = text("state IN ('active', 'suspended')")


class GrantRow(Base):
    """What one department holds of one dataset. A part has at most one."""

    __tablename__ = "grants"
    __table_args__ = (
        Index(None, "holder", "id"),
        Index(None, "provider", "id"),
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
