"""Tables of clocks and of the extensions asked for."""

from datetime import date, datetime

from sqlalchemy import DateTime, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class ClockRow(Base):
    """One period of one party."""

    __tablename__ = "clocks"
    __table_args__ = (
        Index(
            "uq_clocks_running",
            "matter",
            "term",
            unique=True,
            postgresql_where=text("closed_on IS NULL"),
        ),
        Index("ix_clocks_matter", "matter", "id"),
        Index("ix_clocks_case", "case"),
        Index("ix_clocks_calendar", "calendar", postgresql_where=text("closed_on IS NULL")),
        Index("ix_clocks_party", "party", "id", postgresql_where=text("closed_on IS NULL")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    term: Mapped[str]
    matter: Mapped[str]
    case: Mapped[str]
    party: Mapped[str]
    received: Mapped[date]
    days: Mapped[int]
    extended: Mapped[int]
    set_for: Mapped[date | None]
    stood: Mapped[list[list[str]]] = mapped_column(JSONB)
    paused_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    due: Mapped[date | None]
    provisional: Mapped[bool]
    calendar: Mapped[str]
    told: Mapped[str]


class ExtensionRow(Base):
    """A request for more time, and what became of it."""

    __tablename__ = "extensions"

    clock: Mapped[str] = mapped_column(ForeignKey("clocks.id"), primary_key=True)
    days: Mapped[int]
    reason: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    outcome: Mapped[str | None]
    opinion: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
