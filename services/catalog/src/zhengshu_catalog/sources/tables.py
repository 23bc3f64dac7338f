"""Tables of published items, as they are compared, and of named sources."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class ItemRow(Base):
    """An item of an entry's published revision."""

    __tablename__ = "items"

    entry: Mapped[str] = mapped_column(Text, ForeignKey("entries.id"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    terms: Mapped[str] = mapped_column(TSVECTOR, deferred=True)


class SourceRow(Base):
    """Who keeps a shared item, by its title apart from width, case and signs."""

    __tablename__ = "sources"

    title_key: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    entry: Mapped[str] = mapped_column(Text, ForeignKey("entries.id"))
    item: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    named_by: Mapped[str] = mapped_column(Text)
    named_at: Mapped[datetime]
