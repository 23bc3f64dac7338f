"""The definition of extended metadata in force, and those before it. Never commits."""

from datetime import datetime
from typing import Any

from sqlalchemy import Text, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base
from zhengshu_contracts.catalog import ExtensionSchema


class ExtensionSchemaRow(Base):
    """One definition; the highest version is in force."""

    __tablename__ = "extension_schemas"

    version: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
    defined_by: Mapped[str] = mapped_column(Text)
    defined_at: Mapped[datetime]


async def current(session: AsyncSession) -> ExtensionSchema:
    """Return the definition in force; version 0 takes everything."""
    newest = select(ExtensionSchemaRow).order_by(ExtensionSchemaRow.version.desc()).limit(1)
    row = await session.scalar(newest)
    if row is None:
        return ExtensionSchema(version=0, definition={"type": "object"})
    return ExtensionSchema(version=row.version, definition=row.definition)


async def define(
    session: AsyncSession, definition: dict[str, Any], *, by: str, at: datetime
) -> ExtensionSchema:
    """Put another definition in force; entries that are there keep what they have until revised."""
    await session.execute(text("LOCK TABLE extension_schemas IN SHARE ROW EXCLUSIVE MODE"))
    version = (await current(session)).version + 1
    row = ExtensionSchemaRow(version=version, definition=definition, defined_by=by, defined_at=at)
    session.add(row)
    await session.flush()
    return ExtensionSchema(version=version, definition=definition)
