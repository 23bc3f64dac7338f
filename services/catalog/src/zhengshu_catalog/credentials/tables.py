"""Tables of clients' public keys, and of proofs that may be used once."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, ForeignKey, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base


class KeyRow(Base):
    """A public key of a client."""

    __tablename__ = "client_keys"

    client: Mapped[str] = mapped_column(Text, ForeignKey("clients.id"), primary_key=True)
    kid: Mapped[str] = mapped_column(Text, primary_key=True)
    jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    registered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SubjectRow(Base):
    """Who a client is at an OIDC issuer outside."""

    __tablename__ = "client_subjects"
    __table_args__ = (UniqueConstraint("issuer", "subject", name="uq_client_subjects_subject"),)

    issuer: Mapped[str] = mapped_column(Text, primary_key=True)
    client: Mapped[str] = mapped_column(Text, ForeignKey("clients.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    registered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SignerRow(Base):
    """A system that signs headers, and which of its keys it does that with."""

    __tablename__ = "header_signers"

    client: Mapped[str] = mapped_column(Text, ForeignKey("clients.id"), primary_key=True)
    generation: Mapped[int]
    previous_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """Until when the key before is good as well."""


class SpentRow(Base):
    """A proof that was used; kept until it would be refused for its age anyway."""

    __tablename__ = "spent_proofs"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    ends: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
