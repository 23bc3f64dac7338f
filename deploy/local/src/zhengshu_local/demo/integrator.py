"""An integrator who listens on NATS while the story goes on, in a thread of its own."""

import asyncio
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from zhengshu import events
from zhengshu_contracts.base import Envelope

LOOK = 0.5
PATIENCE = 20


class Integrator:
    """One connection: listens from the moment it is made until it leaves."""

    def __init__(self, url: str, system: str, token: str) -> None:
        self._url, self._system, self._token = url, system, token
        self.heard: list[Envelope] = []
        self._leaving = Event()
        self._thread = ThreadPoolExecutor(1)
        self._listening = self._thread.submit(asyncio.run, self._listen())

    def leave(self) -> None:
        """End the connection; raise what ended it before."""
        self._leaving.set()
        self._thread.shutdown(wait=False)
        self._listening.result(PATIENCE)

    def versions(self) -> dict[str, list[int]]:
        """Return the versions heard of each dataset; raise what has ended the connection."""
        if self._listening.done():
            self._listening.result()
        found: dict[str, list[int]] = defaultdict(list)
        for event in list(self.heard):
            found[event.data["dataset"]].append(event.data["version"])
        return found

    async def _listen(self) -> None:
        connection = await events.connect(self._url, self._system, self._token)
        try:
            subscription = events.Subscription(connection, self._system)
            while not self._leaving.is_set():
                for delivery in await subscription.fetch(wait=LOOK):
                    self.heard.append(delivery.event)
                    await subscription.ack(delivery)
        finally:
            await connection.close()
