"""Tables of old exchange systems and of what they carried beside the node."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class LegacySystemRow(Base):
    """One old system with its interfaces."""

    __tablename__ = "legacy_systems"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    organization: Mapped[str] = mapped_column(Text, ForeignKey("organizations.code"))
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    interfaces: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    registered_at: Mapped[datetime]
    dual_since: Mapped[datetime | None]


class LegacyCountRow(Base):
    """What one interface carried in one period, and what the node took then; the last word stands."""

    __tablename__ = "legacy_counts"

    system: Mapped[str] = mapped_column(Text, ForeignKey("legacy_systems.id"), primary_key=True)
    interface: Mapped[str] = mapped_column(Text, primary_key=True)
    since: Mapped[datetime] = mapped_column(primary_key=True)
    until: Mapped[datetime] = mapped_column(primary_key=True)
    rows: Mapped[int] = mapped_column(BigInteger)
    taken: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Text)
