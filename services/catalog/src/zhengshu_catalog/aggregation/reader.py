"""The reading role's connections: runs the statements of `reading` and `changes`, streams snapshots.

Rows pass through as bytes and never become Python objects.
"""

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson
from starlette.requests import HTTPConnection
from zhengshu_chassis.db import plain_url, server_settings
from zhengshu_chassis.paging import BadCursor, Cursors
from zhengshu_chassis.resources import Resources
from zhengshu_contracts.catalog import Item
from zhengshu_contracts.identity import View
from zhengshu_verify import keys

from zhengshu_catalog.aggregation.domain import Joined, Structure, Version
from zhengshu_catalog.aggregation.errors import CursorInvalid, DatasetNotFound
from zhengshu_catalog.aggregation.reading import Statement
from zhengshu_catalog.aggregation.reports import Means
from zhengshu_catalog.aggregation.spool import Spool
from zhengshu_catalog.aggregation.views import Sight
from zhengshu_catalog.settings import CatalogSettings

NAME = "reader"
CONNECTIONS = 8
STREAMS = 16
"""Snapshots at once: each lasts as long as its reader takes, so they have connections of their own."""
SIGHTS = 2_000
"""Views that are remembered."""
TIMEOUT = 30.0
"""Seconds for one page."""
STREAMING = 3600.0
"""Seconds for one snapshot, which a slow client drags out."""


@dataclass(frozen=True, slots=True)
class State:
    """A dataset as of one moment."""

    structure: Structure
    version: Version
    rows: int


class Reader:
    """Reads datasets, as a role that can do nothing else."""

    def __init__(self, settings: CatalogSettings) -> None:
        self.cursors = Cursors(settings.cursor_key.get_secret_value())
        self.spool = Spool(settings.store_url) if settings.store_url else None
        reports = Spool(settings.store_url, "reports") if settings.store_url else None
        self.means = Means(keys.load_private(settings.receipt_key.get_secret_value()), reports)
        self.realtime_minutes = settings.realtime_minutes
        self._row_key = settings.row_id_key.get_secret_value().encode()
        self._url = plain_url(settings.reader_url)
        self._pool: Any = None
        self._streams: Any = None
        self._structures: dict[str, Structure] = {}
        self._sights: dict[tuple[str, View, str | None], Sight] = {}

    async def open(self) -> None:
        """Make the pools; connections are opened when needed."""
        self._pool = await self._made(CONNECTIONS)
        self._streams = await self._made(STREAMS)

    async def _made(self, connections: int) -> Any:
        settings = server_settings("catalog-reader") | {"default_transaction_read_only": "on"}
        return await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=connections,
            timeout=5,
            server_settings=settings,
            reset=_clean,
        )

    async def close(self) -> None:
        """Close what was opened; streams that still run are cut."""
        self._pool.terminate()
        self._streams.terminate()

    def open_cursor(self, purpose: str, cursor: str) -> list[Any]:
        """Return the place a cursor holds, or say that it is not ours."""
        try:
            place: list[Any] = self.cursors.open(purpose, cursor)
        except BadCursor as error:
            raise CursorInvalid(
                "游标被改动,或属于另一查询或授权范围", next="请从第一页重新读取"
            ) from error
        return place

    def row_key(self, dataset: str) -> bytes:
        """Return the secret that names this dataset's rows."""
        return hmac.digest(self._row_key, dataset.encode(), hashlib.sha256)

    def mask_key(self, grant: str | None) -> bytes:
        """Return the secret of the hashes that stand for values under a grant."""
        return hmac.digest(self._row_key, f"mask {grant or ''}".encode(), hashlib.sha256)

    def sight(self, structure: Structure, view: View, grant: str | None) -> Sight:
        """Return what a view shows, with what was worked out for it before."""
        dataset = structure.dataset
        known = self._sights.get((dataset, view, grant))
        if known is None or known.structure is not structure:
            known = Sight(structure, view, self.row_key(dataset), self.mask_key(grant))
            if len(self._sights) >= SIGHTS:
                self._sights.clear()
            self._sights[dataset, view, grant] = known
        return known

    async def structure(self, dataset: str) -> Structure:
        """Return a dataset's columns as last known; a statement's answer tells whether they still are."""
        return self._structures.get(dataset) or (await self.state(dataset)).structure

    async def state(self, dataset: str) -> State:
        """Return a dataset as it is now."""
        async with self._pool.acquire(timeout=5) as connection:
            return await self._state(connection, dataset)

    async def fetch(self, statement: Statement) -> Any:
        """Return a statement's only row."""
        async with self._pool.acquire(timeout=5) as connection:
            return await connection.fetchrow(statement.text, *statement.arguments, timeout=TIMEOUT)

    @asynccontextmanager
    async def snapshot(self, dataset: str) -> AsyncIterator["Snapshot"]:
        """Hold one consistent state of a dataset."""
        async with (
            self._streams.acquire(timeout=5) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield Snapshot(connection, await self._state(connection, dataset))

    async def measured(
        self, dataset: str, statement: Callable[[Structure], Statement]
    ) -> tuple[State, Any]:
        """Return a dataset and what a statement says of the same moment of it."""
        async with self.snapshot(dataset) as snapshot:
            asked = statement(snapshot.state.structure)
            found = await snapshot.connection.fetchrow(
                asked.text, *asked.arguments, timeout=STREAMING
            )
        return snapshot.state, found

    async def _state(self, connection: Any, dataset: str) -> State:
        row = await connection.fetchrow(
            "SELECT revision, items, joined, epoch, version, rows FROM public.datasets WHERE id = $1",
            dataset,
        )
        if row is None:
            raise DatasetNotFound(dataset, next="请核对数据集标识")
        known = self._structures.get(dataset)
        if known is None or known.revision != row["revision"]:
            items = tuple(map(Item.model_validate, orjson.loads(row["items"])))
            joined = Joined.model_validate_json(row["joined"]) if row["joined"] else None
            known = self._structures[dataset] = Structure(dataset, row["revision"], items, joined)
        return State(known, Version(row["epoch"], row["version"]), row["rows"])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of a dataset, as long as its transaction lasts."""

    connection: Any
    state: State

    async def fetch(self, statement: Statement) -> list[Any]:
        """Return a statement's rows."""
        found: list[Any] = await self.connection.fetch(statement.text, *statement.arguments)
        return found

    async def copy(self, statement: Statement, **options: Any) -> AsyncIterator[bytes]:
        """Yield a statement's rows as COPY writes them, no faster than they are taken."""
        pieces: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=4)

        async def run() -> None:
            try:
                await self.connection.copy_from_query(
                    statement.text,
                    *statement.arguments,
                    output=pieces.put,
                    timeout=STREAMING,
                    **options,
                )
            except Exception:
                await pieces.put(None)
                raise
            await pieces.put(None)

        task = asyncio.create_task(run())
        try:
            while (piece := await pieces.get()) is not None:
                # Of several messages at once asyncpg makes a bytearray, which Starlette would encode.
                yield bytes(piece)
            await task
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, asyncpg.PostgresError):
                await task


async def _clean(connection: Any) -> None:
    """Give a connection back: our statements leave nothing in it, so a page costs no second round trip."""
    if connection.is_in_transaction():
        await connection.reset()


async def start(resources: Resources) -> None:
    """Open the reader with the process."""
    settings = resources.settings
    if not isinstance(settings, CatalogSettings):
        raise TypeError("not catalog's settings")
    resources.extra[NAME] = reader = Reader(settings)
    await reader.open()


async def stop(resources: Resources) -> None:
    """Close it again."""
    if reader := resources.extra.get(NAME):
        await reader.close()


def reader_of(connection: HTTPConnection) -> Reader:
    """Return the process's reader."""
    found: Reader = connection.app.state.resources.extra[NAME]
    return found
