"""Tables of accounts, codes and sessions. What a browser holds is stored as its digest alone."""

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class AccountRow(Base):
    """How an officer signs in."""

    __tablename__ = "accounts"

    client: Mapped[str] = mapped_column(Text, ForeignKey("clients.id"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    password: Mapped[str] = mapped_column(Text)
    """argon2id, with its salt and parameters."""
    failures: Mapped[int]
    barred_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class CodeRow(Base):
    """An authorisation code that waits for its verifier."""

    __tablename__ = "codes"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    client: Mapped[str] = mapped_column(Text, ForeignKey("clients.id"))
    challenge: Mapped[str] = mapped_column(Text)
    ends: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SessionRow(Base):
    """A signed-in browser."""

    __tablename__ = "sessions"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    client: Mapped[str] = mapped_column(Text, ForeignKey("clients.id"), index=True)
    begun: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen: Mapped[datetime] = mapped_column(DateTime(timezone=True))
