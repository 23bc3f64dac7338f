"""Table of notices."""

from datetime import date, datetime

from sqlalchemy import DateTime, Index, text
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class NoticeRow(Base):
    """One thing one organisation is told of; `once` keeps it from being told again."""

    __tablename__ = "notices"
    __table_args__ = (
        Index("ix_notices_organization", "organization", "id"),
        Index("ix_notices_unread", "organization", "id", postgresql_where=text("read_at IS NULL")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    once: Mapped[str] = mapped_column(unique=True)
    organization: Mapped[str]
    kind: Mapped[str]
    matter: Mapped[str]
    dataset: Mapped[str | None]
    term: Mapped[str | None]
    due: Mapped[date | None]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    read_by: Mapped[str | None]
