"""The table of how far was polled."""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class PolledRow(Base):
    """The number up to which unprompted answers were handed to their owners; one row."""

    __tablename__ = "municipal_polled"

    one: Mapped[int] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
