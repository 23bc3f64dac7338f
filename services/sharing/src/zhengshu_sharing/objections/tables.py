"""Table of objections."""

from datetime import datetime

from sqlalchemy import DateTime, Index
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text
from zhengshu_chassis.db import Base


class ObjectionRow(Base):
    """A filed objection."""

    __tablename__ = "objections"
    __table_args__ = (Index(None, "organization", "id"), Index(None, "provider", "id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    dataset: Mapped[str]
    provider: Mapped[str]
    items: Mapped[list[str]] = mapped_column(ARRAY(Text))
    reason: Mapped[str]
    organization: Mapped[str]
    filed_by: Mapped[str]
    filed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str]
