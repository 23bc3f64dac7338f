"""What is kept in the object store: bodies until a worker takes them, and long reports."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import obstore
from obstore.store import ObjectStore, from_url

PART = 5 << 20
PIECE = 1 << 18


class Spool:
    """One folder of the store, one object a name."""

    def __init__(self, url: str, folder: str = "pushes") -> None:
        self._folder = folder
        self._store: ObjectStore = (
            from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)
        )

    async def keep(self, name: str, pieces: AsyncIterator[bytes]) -> int:
        """Keep an object; return its size. Nothing of it is to be seen before it is whole."""
        size = 0
        output: Any = obstore.open_writer_async(self._store, self._path(name), buffer_size=PART)
        async with output:
            async for piece in pieces:
                size += len(piece)
                await output.write(piece)
        return size

    async def read(self, name: str) -> AsyncIterator[bytes]:
        """Yield an object."""
        found = await obstore.get_async(self._store, self._path(name))
        async for piece in found.stream(min_chunk_size=PIECE):
            yield bytes(piece)

    async def remove(self, name: str) -> None:
        """Forget an object, there or not."""
        with suppress(FileNotFoundError):
            await obstore.delete_async(self._store, self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"
