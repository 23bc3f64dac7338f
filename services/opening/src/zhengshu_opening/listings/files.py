"""Files of a snapshot: written row by row into the object store, with digest and size.

Knows formats and the store, not where rows come from. Memory stays at one buffer per file.
"""

import csv
import hashlib
import io
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol, Self, TypeAlias

import obstore
import orjson
from obstore.store import ObjectStore, from_url
from zhengshu_contracts.opening import OpenItem

from zhengshu_opening.listings.domain import Stored

Row: TypeAlias = Mapping[str, Any]

BUFFER = 256 * 1024
PART = 5 * 1024 * 1024
"""Size of an uploaded part; the smallest that S3 takes."""
BOM = b"\xef\xbb\xbf"


class Encoder(Protocol):
    """Turns rows into the bytes of one format."""

    def start(self) -> bytes:
        """Return what precedes the first row."""
        ...

    def row(self, row: Row) -> bytes:
        """Return one row."""
        ...

    def end(self) -> bytes:
        """Return what follows the last row."""
        ...


class Csv:
    """RFC 4180 in UTF-8 with BOM, for spreadsheets; the header holds the items' Chinese titles."""

    def __init__(self, items: Sequence[OpenItem]) -> None:
        titles = [item.title for item in items]
        self._names = [item.name for item in items]
        self._header = [
            item.title if titles.count(item.title) == 1 else f"{item.title}({item.name})"
            for item in items
        ]

    def start(self) -> bytes:
        """Return BOM and header."""
        return BOM + _line(self._header)

    def row(self, row: Row) -> bytes:
        """Return one record."""
        return _line([_cell(row[name]) for name in self._names])

    def end(self) -> bytes:
        """Return nothing."""
        return b""


class Json:
    """An array of objects in UTF-8, one a line, members named as the items."""

    def __init__(self, items: Sequence[OpenItem]) -> None:
        self._names = [item.name for item in items]
        self._separator = b"\n"

    def start(self) -> bytes:
        """Open the array."""
        return b"["

    def row(self, row: Row) -> bytes:
        """Return one object."""
        separator, self._separator = self._separator, b",\n"
        return separator + orjson.dumps({n: row[n] for n in self._names}, default=_number)

    def end(self) -> bytes:
        """Close the array."""
        return b"\n]\n"


ENCODERS: dict[str, type[Csv | Json]] = {"csv": Csv, "json": Json}


def open_store(url: str) -> ObjectStore:
    """Open the object store; a local folder (`file://…`) is made if it is missing."""
    return from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)


@dataclass
class Writer:
    """Writes one file; nothing of it is to be seen before `finish`, or after an error."""

    format: str
    path: str
    encoder: Encoder
    output: Any  # obstore.AsyncWritableFile exists for type checkers alone
    size: int = 0
    _buffer: bytearray = field(default_factory=bytearray)
    _hash: Any = field(default_factory=hashlib.sha256)

    async def add(self, row: Row) -> None:
        """Write one row."""
        self._buffer += self.encoder.row(row)
        if len(self._buffer) >= BUFFER:
            await self._flush()

    async def finish(self) -> Stored:
        """Write the rest and return what was made."""
        self._buffer += self.encoder.end()
        await self._flush()
        return Stored(self.format, self.path, self.size, self._hash.hexdigest())

    async def _flush(self) -> None:
        piece = bytes(self._buffer)
        self._buffer.clear()
        self._hash.update(piece)
        self.size += len(piece)
        await self.output.write(piece)


class Writers:
    """All formats of one snapshot, written side by side in one pass over the rows."""

    def __init__(self, store: ObjectStore, folder: str, items: Sequence[OpenItem]) -> None:
        self._store = store
        self._folder = folder
        self._items = items
        self._stack = AsyncExitStack()
        self._writers: list[Writer] = []

    async def __aenter__(self) -> Self:
        for format_, encoder in ENCODERS.items():
            path = f"{self._folder}/data.{format_}"
            output = obstore.open_writer_async(self._store, path, buffer_size=PART)
            await self._stack.enter_async_context(output)
            writer = Writer(format_, path, encoder(self._items), output)
            writer._buffer += writer.encoder.start()  # noqa: SLF001 - same module
            self._writers.append(writer)
        return self

    async def __aexit__(self, *error: Any) -> bool | None:
        return await self._stack.__aexit__(*error)

    async def add(self, row: Row) -> None:
        """Write one row into every file."""
        for writer in self._writers:
            await writer.add(row)

    async def finish(self) -> tuple[Stored, ...]:
        """Finish every file."""
        return tuple([await writer.finish() for writer in self._writers])


async def read(store: ObjectStore, path: str) -> AsyncIterator[bytes]:
    """Stream a stored file; FileNotFoundError before the first byte if it is gone."""
    found = await obstore.get_async(store, path)
    return found.stream(min_chunk_size=BUFFER)


async def prune(store: ObjectStore, folder: str, keep: Iterable[str]) -> int:
    """Remove every file in the folder that is not to be kept; return how many."""
    kept = frozenset(keep)
    gone: list[str] = []
    async for page in obstore.list(store, prefix=folder):
        gone += [meta["path"] for meta in page if meta["path"] not in kept]
    if gone:
        await obstore.delete_async(store, gone)
    return len(gone)


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return orjson.dumps(value, default=_number).decode()


def _number(value: Any) -> orjson.Fragment:
    """Write a decimal with the very digits it came with."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(type(value).__name__)
