"""Reports of batches: the first problems stay with the batch's answer, a long one whole in the object store.

Two forms of it are kept: as the provider may read it, and without values for whoever only supervises.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from csv import writer
from dataclasses import dataclass
from io import StringIO
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from zhengshu_contracts.catalog import RowProblem

from zhengshu_catalog.aggregation import faults
from zhengshu_catalog.aggregation.problems import HEAD
from zhengshu_catalog.aggregation.spool import Spool

FORMULA = ("=", "+", "-", "@", "\t", "\r")
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Means:
    """What taking a batch needs beside the database: the key of receipts, and where long reports go."""

    key: Ed25519PrivateKey
    reports: Spool | None


@dataclass(frozen=True, slots=True)
class Found:
    """What an answer tells of a batch's problems: the first of them, and how many there are."""

    problems: tuple[RowProblem, ...] = ()
    total: int = 0


async def found(connection: Any, batch: str, store: Spool | None) -> Found:
    """Tell the first problems; keep the report whole where the answer does not hold it."""
    told, total = await faults.first(connection)
    if store and total > len(told):
        for values in (True, False):
            query = faults.table(values=values)
            await store.keep(_name(batch, values=values), _copied(connection, query))
    return Found(tuple(told), total)


async def kept(store: Spool | None, batch: str, *, values: bool) -> AsyncIterator[bytes] | None:
    """Return a report that was kept whole, or None."""
    if store is None:
        return None
    pieces = store.read(_name(batch, values=values))
    try:
        head = await anext(pieces)
    except FileNotFoundError:
        return None
    return _after(BOM + head, pieces)


async def forget(store: Spool, batch: str) -> None:
    """Remove a report that was kept whole."""
    for values in (True, False):
        await store.remove(_name(batch, values=values))


def table(problems: Iterable[RowProblem]) -> bytes:
    """Return problems as CSV; what a spreadsheet would take for a formula is marked as text."""
    out = StringIO()
    write = writer(out, lineterminator="\r\n").writerow
    write(HEAD)
    for one in problems:
        write([one.row, *map(_harmless, (one.item, one.code, one.message, one.value))])
    return BOM + out.getvalue().encode()


def _name(batch: str, *, values: bool) -> str:
    return f"{batch}.csv" if values else f"{batch}.blank.csv"


def _harmless(value: str | None) -> str:
    return f"'{value}" if value and value.startswith(FORMULA) else value or ""


async def _after(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for piece in rest:
        yield piece


async def _copied(connection: Any, query: str) -> AsyncIterator[bytes]:
    """Yield a query's rows as CSV, no faster than they are kept."""
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=4)

    async def run() -> None:
        try:
            await connection.copy_from_query(query, output=pieces.put, format="csv", header=True)
        finally:
            await pieces.put(None)

    task = asyncio.create_task(run())
    try:
        while (piece := await pieces.get()) is not None:
            yield bytes(piece)
        await task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
