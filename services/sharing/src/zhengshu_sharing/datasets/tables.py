"""Tables of the read model."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class OrganizationRow(Base):
    """An organisation as catalog last told of it."""

    __tablename__ = "organizations"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    as_of: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class DatasetRow(Base):
    """An entry as catalog last told of it; what is not yet told is empty, revision 0 means unpublished."""

    __tablename__ = "datasets"

    id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(server_default="0")
    title: Mapped[str] = mapped_column(server_default="")
    provider: Mapped[str] = mapped_column(server_default="")
    provider_name: Mapped[str] = mapped_column(server_default="")
    origin: Mapped[str] = mapped_column(server_default="county")
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    modes: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    municipal_code: Mapped[str | None]
    served: Mapped[bool] = mapped_column(server_default="false")
    """Whether a service registration (挂接) lives: only then is anything provided."""
    served_as_of: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
