"""The database of a service: one engine, sessions, and what mapped classes inherit.

Knows no table of any service. Who commits is in `transaction`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from pydantic import SecretStr
from sqlalchemy import DateTime, MetaData, Select, tuple_
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.elements import ColumnElement

T = TypeVar("T")

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


_METADATA: dict[str, MetaData] = {}


def metadata_of(package: str) -> MetaData:
    """Return the tables of one package: two services can be loaded side by side."""
    return _METADATA.setdefault(package, MetaData(naming_convention=NAMES))


class Base(DeclarativeBase):
    """What every mapped class inherits: predictable names of constraints, times with their zone."""

    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True)}

    def __init_subclass__(cls, **options: Any) -> None:
        cls.metadata = metadata_of(cls.__module__.partition(".")[0])
        super().__init_subclass__(**options)


@dataclass(frozen=True, slots=True)
class Database:
    """One engine and its sessions: `sessions` write, `reads` are read-only transactions."""

    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]
    reads: async_sessionmaker[AsyncSession]


def plain_url(url: SecretStr | str) -> str:
    """Return the URL as asyncpg itself takes it."""
    text = url.get_secret_value() if isinstance(url, SecretStr) else url
    return text.replace("postgresql+asyncpg://", "postgresql://", 1)


def server_settings(name: str) -> dict[str, str]:
    """Return what each connection tells the server; compiling short queries (JIT) only costs."""
    return {"application_name": name, "jit": "off", "timezone": "UTC"}


def connect(
    url: SecretStr | str, name: str, *, pool_size: int = 4, pool_timeout: float = 5.0
) -> Database:
    """Make the engine; no connection is opened yet."""
    engine = create_async_engine(
        make_url(plain_url(url)).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=pool_timeout,
        pool_recycle=1800,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"timeout": 5, "server_settings": server_settings(name)},
    )
    read_only = engine.execution_options(postgresql_readonly=True)
    return Database(
        engine,
        async_sessionmaker(engine, expire_on_commit=False),
        async_sessionmaker(read_only, expire_on_commit=False),
    )


async def keyset(
    session: AsyncSession,
    query: Select[T],
    *,
    by: Sequence[Any],
    after: Sequence[Any] | None,
    limit: int,
    descending: bool = False,
) -> tuple[list[T], bool]:
    """Return one page in the order of the columns `by` (the last one unique), and whether more follow."""
    place: ColumnElement[Any] = tuple_(*by)
    if after is not None:
        beyond = tuple_(*after)
        query = query.where(place < beyond if descending else place > beyond)
    query = query.order_by(*(column.desc() if descending else column for column in by))
    found = list((await session.scalars(query.limit(limit + 1))).all())
    return found[:limit], len(found) > limit
