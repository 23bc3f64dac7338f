"""Table of the read model of grants; sharing owns them."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class GrantRow(Base):
    """A grant; one that is over keeps a row without items, so that nothing brings it back."""

    __tablename__ = "grants"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    dataset: Mapped[str] = mapped_column(Text, index=True)
    holder: Mapped[str] = mapped_column(Text)
    items: Mapped[list[str]] = mapped_column(ARRAY(Text))
    ends: Mapped[datetime]
