"""Table of entrusted vendors."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class VendorRow(Base):
    """One entrustment: it is over when its date has passed or somebody ended it."""

    __tablename__ = "vendors"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    department: Mapped[str] = mapped_column(Text, ForeignKey("organizations.code"))
    duties: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    systems: Mapped[list[str]] = mapped_column(ARRAY(Text))
    until: Mapped[date]
    entrusted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
