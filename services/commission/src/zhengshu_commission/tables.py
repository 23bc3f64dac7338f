"""The stand-in's small store."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Index, String, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class FilingRow(Base):
    """Something the county filed; `ref` is its idempotency key."""

    __tablename__ = "filings"

    ref: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    kind: Mapped[str] = mapped_column(String(32), index=True)
    about: Mapped[str] = mapped_column(String(80), index=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )


class CallbackRow(Base):
    """An answer on its way to the county, sent again until it is taken."""

    __tablename__ = "callbacks"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    ref: Mapped[str | None] = mapped_column(String(64), index=True)
    sequence: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    """Numbers what answers no filing, so that it can be asked for when the call-back is lost."""
    answer: Mapped[dict[str, Any]] = mapped_column(JSONB)
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("ix_callbacks_due", "due_at", postgresql_where=text("sent_at IS NULL")),
    )


class EntryRow(Base):
    """The municipal code of a county's entry."""

    __tablename__ = "entries"

    entry: Mapped[str] = mapped_column(String(80), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    service_code: Mapped[str | None] = mapped_column(String(80))


class HoldingRow(Base):
    """How far a county's dataset is held."""

    __tablename__ = "holdings"

    dataset: Mapped[str] = mapped_column(String(80), primary_key=True)
    epoch: Mapped[int]
    to: Mapped[int] = mapped_column(BigInteger)


class HeldRow(Base):
    """One row of a county's dataset, as uploaded; `digest` is its line's SHA-256."""

    __tablename__ = "held_rows"

    dataset: Mapped[str] = mapped_column(String(80), primary_key=True)
    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    row: Mapped[dict[str, Any]] = mapped_column(JSONB)
    digest: Mapped[bytes]


class MunicipalEntryRow(Base):
    """An entry of the municipal catalogue."""

    __tablename__ = "municipal_entries"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, unique=True)
    municipal_code: Mapped[str] = mapped_column(String(80), unique=True)
    entry: Mapped[dict[str, Any]] = mapped_column(JSONB)


class ServiceRow(Base):
    """One row behind a municipal data service."""

    __tablename__ = "service_rows"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    municipal_code: Mapped[str] = mapped_column(String(80), index=True)
    row: Mapped[dict[str, Any]] = mapped_column(JSONB)


class WitnessRow(Base):
    """The newest checkpoint this witness has countersigned; one row."""

    __tablename__ = "witness"

    one: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str]


class SwitchRow(Base):
    """The switches; one row."""

    __tablename__ = "switches"

    one: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(JSONB)
