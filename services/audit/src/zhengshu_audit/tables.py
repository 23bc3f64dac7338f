"""Tables of audit. All of the ledger is insert-only for the serving role, by PostgreSQL's own rights."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class LeafRow(Base):
    """One leaf. `payload` is the hashed text; all other columns but `index` repeat what it says."""

    __tablename__ = "leaves"

    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    event_id: Mapped[str] = mapped_column(Text, unique=True)
    at: Mapped[datetime]
    payload: Mapped[str | None] = mapped_column(Text)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)


class NodeRow(Base):
    """A complete subtree above the leaves. Derived, never changing: it makes proofs a few reads."""

    __tablename__ = "nodes"

    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class CheckpointRow(Base):
    """A signed statement of size and root."""

    __tablename__ = "checkpoints"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class CountersignatureRow(Base):
    """The witness's signature line under a checkpoint."""

    __tablename__ = "countersignatures"

    size: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("checkpoints.size"), primary_key=True, autoincrement=False
    )
    line: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class AccessRow(Base):
    """An access of which one end is still missing; gone when both are known."""

    __tablename__ = "open_accesses"

    record: Mapped[str] = mapped_column(Text, primary_key=True)
    decided_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
