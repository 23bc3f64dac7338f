"""Table of what themes are made of, one row for each revision of the entry that a theme is."""

from typing import Any

from sqlalchemy import ForeignKey, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class ThemeRow(Base):
    """One revision's members and columns, whose providers they are, and who of them agreed."""

    __tablename__ = "themes"

    entry: Mapped[str] = mapped_column(Text, ForeignKey("entries.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
    providers: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Whose consent is due: the members' providers but the lead department."""
    consents: Mapped[dict[str, Any]] = mapped_column(JSONB)
