"""Table of issued forms; only ever added to."""

from datetime import datetime
from typing import Literal

from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text
from zhengshu_chassis.db import Base


class FormRow(Base):
    """A form as it was issued, so that a paper can be held against it years later."""

    __tablename__ = "forms"

    code: Mapped[str] = mapped_column(primary_key=True)
    application: Mapped[str] = mapped_column(ForeignKey("applications.id"))
    kind: Mapped[Literal["application", "approval"]] = mapped_column(Text)
    issued_by: Mapped[str]
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    html: Mapped[str]
