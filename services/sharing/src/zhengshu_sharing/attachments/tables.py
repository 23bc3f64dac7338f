"""Table of attachments; the bytes lie in the object store under the id."""

from datetime import date, datetime

from sqlalchemy import DateTime, Index
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text
from zhengshu_chassis.db import Base


class AttachmentRow(Base):
    """A file, whose it is, what it belongs to and who may read it."""

    __tablename__ = "attachments"
    __table_args__ = (Index(None, "case"), Index(None, "keep_until"))

    id: Mapped[str] = mapped_column(primary_key=True)
    organization: Mapped[str]
    name: Mapped[str]
    media: Mapped[str]
    size: Mapped[int]
    digest: Mapped[str]
    uploaded_by: Mapped[str]
    uploaded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    keep_until: Mapped[date]
    case: Mapped[str | None]
    readers: Mapped[list[str]] = mapped_column(ARRAY(Text))
