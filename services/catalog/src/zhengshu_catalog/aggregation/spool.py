"""Bodies kept aside in the object store until a worker takes them."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import obstore
from obstore.store import ObjectStore, from_url

PART = 5 << 20
PIECE = 1 << 18


class Spool:
    """One store, one object a push."""

    def __init__(self, url: str) -> None:
        self._store: ObjectStore = (
            from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)
        )

    async def keep(self, push: str, pieces: AsyncIterator[bytes]) -> int:
        """Keep a body; return its size. Nothing of it is to be seen before it is whole."""
        size = 0
        output: Any = obstore.open_writer_async(self._store, _path(push), buffer_size=PART)
        async with output:
            async for piece in pieces:
                size += len(piece)
                await output.write(piece)
        return size

    async def read(self, push: str) -> AsyncIterator[bytes]:
        """Yield a body."""
        found = await obstore.get_async(self._store, _path(push))
        async for piece in found.stream(min_chunk_size=PIECE):
            yield bytes(piece)

    async def remove(self, push: str) -> None:
        """Forget a body, there or not."""
        with suppress(FileNotFoundError):
            await obstore.delete_async(self._store, _path(push))


def _path(push: str) -> str:
    return f"pushes/{push}"
