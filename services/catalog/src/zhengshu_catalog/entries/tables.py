"""Tables of entries and their revisions."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Text, UniqueConstraint, false
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base

AT = DateTime(timezone=True)


class EntryRow(Base):
    """An entry apart from its content; title to terms are of the revision shown, for searching."""

    __tablename__ = "entries"
    __table_args__ = (UniqueConstraint("category", "number"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    number: Mapped[int]
    """The six digits of the code."""
    provider: Mapped[str] = mapped_column(Text, index=True)
    provider_name: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    revision: Mapped[int]
    revising: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    theme: Mapped[str] = mapped_column(Text)
    sharing: Mapped[str] = mapped_column(Text)
    grade: Mapped[str] = mapped_column(Text)
    update_cycle: Mapped[str] = mapped_column(Text)
    terms: Mapped[str] = mapped_column(TSVECTOR, deferred=True)
    published_at: Mapped[datetime | None] = mapped_column(AT)
    municipal_code: Mapped[str | None] = mapped_column(Text)
    municipal_code_at: Mapped[datetime | None] = mapped_column(AT)
    registration: Mapped[str] = mapped_column(Text)
    registration_at: Mapped[datetime | None] = mapped_column(AT)
    service_code: Mapped[str | None] = mapped_column(Text)
    suspended: Mapped[bool]
    mend_by: Mapped[date | None]
    mend_missed: Mapped[bool] = mapped_column(server_default=false())
    """Whether it was announced that the date has passed."""
    retiring_reason: Mapped[str | None] = mapped_column(Text)
    retiring_by: Mapped[str | None] = mapped_column(Text)
    retiring_at: Mapped[datetime | None] = mapped_column(AT)
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    joined: Mapped[bool]


class RevisionRow(Base):
    """One revision; a trigger keeps a published one as it is."""

    __tablename__ = "revisions"

    entry: Mapped[str] = mapped_column(Text, ForeignKey("entries.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    authors: Mapped[list[str]] = mapped_column(ARRAY(Text))
    compiled_at: Mapped[datetime] = mapped_column(AT)
    submitted_by: Mapped[str | None] = mapped_column(Text)
    submitted_at: Mapped[datetime | None] = mapped_column(AT)
    reviewed_by: Mapped[str | None] = mapped_column(Text)
    opinion: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime | None] = mapped_column(AT)


class MunicipalCopyRow(Base):
    """How far the copy of the municipal catalogue has come; one row."""

    __tablename__ = "municipal_copy"

    one: Mapped[int] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
