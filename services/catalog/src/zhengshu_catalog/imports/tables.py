"""Table of imports: what was previewed, and what became of it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class ImportRow(Base):
    """One uploaded workbook: its report, and the contents that wait for confirmation."""

    __tablename__ = "imports"

    token: Mapped[str] = mapped_column(Text, primary_key=True)
    provider: Mapped[str] = mapped_column(Text)
    previewed_by: Mapped[str] = mapped_column(Text)
    previewed_at: Mapped[datetime]
    mend_by: Mapped[date]
    confirmed_at: Mapped[datetime | None]
    report: Mapped[dict[str, Any]] = mapped_column(JSONB)
    plans: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    waiting: Mapped[int]
    """How many entries to be taken over wait for the competent department."""
