"""Tables of organisations, systems, officers and their credentials."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class OrganizationRow(Base):
    """A registered organisation."""

    __tablename__ = "organizations"
    __table_args__ = (
        Index(
            "uq_organizations_competent",
            "kind",
            unique=True,
            postgresql_where=text("kind = 'competent'"),
        ),
    )

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    office_name: Mapped[str | None] = mapped_column(Text)
    office_head: Mapped[str | None] = mapped_column(Text)
    registered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ClientRow(Base):
    """What a system and an officer have in common: they call, with a secret of their own."""

    __tablename__ = "clients"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    organization: Mapped[str] = mapped_column(Text, ForeignKey("organizations.code"), index=True)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    name: Mapped[str] = mapped_column(Text)
    """A system's name, or an officer's: a person's name stays in this table."""
    description: Mapped[str] = mapped_column(Text)
    lent: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """Roles of those that an officer stands in for, for as long as it does."""
    standing_in_for: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    locked: Mapped[bool]
    opening: Mapped[bool]
    previous: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    not_before: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lock_reason: Mapped[str | None] = mapped_column(Text)
    locked_by: Mapped[str | None] = mapped_column(Text)
    registered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SystemRow(Base):
    """A business system's life: how far it has come and what it is to aggregate."""

    __tablename__ = "systems"

    id: Mapped[str] = mapped_column(Text, ForeignKey("clients.id"), primary_key=True)
    stage: Mapped[str] = mapped_column(Text)
    planned: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
