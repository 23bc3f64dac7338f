"""One active worker per database: a session-level advisory lock on a connection of its own.

The same connection listens for notifications and carries the relay's scans: who lost it lost the lock.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from zhengshu_chassis.db import server_settings

LOCK = 0x7A68656E67736875
RETRY = 1.0


class LeadershipLost(Exception):
    """The connection that held the lock is gone."""


class Lead:
    """Proof of being the one; ends when its connection does."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._lost = asyncio.Event()
        self._woken: dict[str, asyncio.Event] = {}
        connection.add_termination_listener(lambda _: self._lost.set())

    async def listen(self, channel: str) -> asyncio.Event:
        """Return an event that is set at each notification on the channel."""
        if channel not in self._woken:
            event = self._woken[channel] = asyncio.Event()
            await self.connection.add_listener(channel, lambda *_: event.set())
        return self._woken[channel]

    async def until_lost(self) -> None:
        """Return never; raise when the lead is over."""
        await self._lost.wait()
        raise LeadershipLost


@asynccontextmanager
async def leading(url: str, name: str) -> AsyncIterator[Lead]:
    """Wait until no other process leads on this database, then lead until leaving."""
    options = server_settings(f"{name}-work") | {"tcp_keepalives_idle": "10"}
    connection = await asyncpg.connect(url, timeout=5, command_timeout=30, server_settings=options)
    try:
        # Waiting in the server (pg_advisory_lock) would hold a snapshot back from vacuum.
        while not await _locked(connection):  # noqa: ASYNC110 - the other holder is another process
            await asyncio.sleep(RETRY)
        yield Lead(connection)
    finally:
        await _close(connection)


async def _locked(connection: Any) -> bool:
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK))


async def _close(connection: Any) -> None:
    try:
        await connection.close(timeout=2)
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()
