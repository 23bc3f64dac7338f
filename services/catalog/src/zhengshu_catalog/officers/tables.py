"""Tables of deputyships and departures."""

from datetime import date, datetime

from sqlalchemy import DateTime, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class DeputyRow(Base):
    """One deputyship: it runs from when it has begun until it has ended."""

    __tablename__ = "deputies"
    __table_args__ = (
        Index("ix_deputies_officer", "officer"),
        Index("ix_deputies_deputy", "deputy"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    officer: Mapped[str] = mapped_column(Text, ForeignKey("clients.id"))
    deputy: Mapped[str] = mapped_column(Text, ForeignKey("clients.id"))
    starts: Mapped[date]
    until: Mapped[date]
    named_by: Mapped[str] = mapped_column(Text)
    named_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    begun_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_why: Mapped[str | None] = mapped_column(Text)


class DepartureRow(Base):
    """An officer who left, and who succeeds them."""

    __tablename__ = "departures"
    __table_args__ = (Index("ix_departures_successor", "successor"),)

    officer: Mapped[str] = mapped_column(Text, ForeignKey("clients.id"), primary_key=True)
    successor: Mapped[str] = mapped_column(Text, ForeignKey("clients.id"))
    departed_by: Mapped[str] = mapped_column(Text)
    departed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
