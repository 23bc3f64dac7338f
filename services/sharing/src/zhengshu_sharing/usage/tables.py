"""Table of usage records; only ever added to, until their time is over."""

from datetime import date, datetime

from sqlalchemy import DateTime, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class UsageRow(Base):
    """One record; the serving role can neither change nor delete it."""

    __tablename__ = "usage_records"
    __table_args__ = (
        Index(None, "organization", "id"),
        Index(None, "provider", "id"),
        Index(None, "dataset", "id"),
        Index(None, "grant", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    dataset: Mapped[str]
    provider: Mapped[str]
    grant: Mapped[str | None] = mapped_column(ForeignKey("grants.id"))
    organization: Mapped[str]
    kind: Mapped[str]
    on: Mapped[date]
    text: Mapped[str]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
