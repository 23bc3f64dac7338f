"""The table of suspensions."""

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class SuspensionRow(Base):
    """One order; in force until it is lifted."""

    __tablename__ = "suspensions"
    __table_args__ = (
        Index(
            "uq_suspensions_in_force",
            "entry",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
        Index("ix_suspensions_entry", "entry", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    entry: Mapped[str] = mapped_column(Text, ForeignKey("entries.id"))
    reason: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text)
    ordered_by: Mapped[str] = mapped_column(Text)
    officer: Mapped[str] = mapped_column(Text)
    ordered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    lifted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lifted_reason: Mapped[str | None] = mapped_column(Text)
    lifted_officer: Mapped[str | None] = mapped_column(Text)
