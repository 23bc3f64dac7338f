"""Table of opinions."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class OpinionRow(Base):
    """One question to one provider about one part."""

    __tablename__ = "opinions"
    __table_args__ = (Index(None, "provider", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(ForeignKey("parts.id"), index=True)
    application: Mapped[str] = mapped_column(ForeignKey("applications.id"))
    provider: Mapped[str]
    state: Mapped[str]
    ground: Mapped[str | None]
    reason: Mapped[str]
    consent: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    masks: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    quota: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    answered_by: Mapped[str | None]
