"""Mapped classes."""

from sqlalchemy import BigInteger, Identity
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class NoteRow(Base):
    """A note."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    text: Mapped[str]
    owner: Mapped[str]


class SeenRow(Base):
    """What the consumer has seen, in order."""

    __tablename__ = "seen"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    text: Mapped[str]
