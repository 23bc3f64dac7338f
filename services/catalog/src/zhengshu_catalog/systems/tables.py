"""Table of issued statements."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class StatementRow(Base):
    """One statement, as it was issued; never changed."""

    __tablename__ = "statements"

    number: Mapped[str] = mapped_column(Text, primary_key=True)
    year: Mapped[int]
    sequence: Mapped[int]
    system: Mapped[str] = mapped_column(Text, ForeignKey("clients.id"), index=True)
    organization: Mapped[str] = mapped_column(Text)
    issued_by: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
