"""NATS with JetStream: one connection per process that never gives up, publishes that wait for storage.

Knows subjects and bytes, not what they mean. `consumers` reads from it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from zhengshu_contracts.subjects import BucketSpec, StreamSpec

from zhengshu_chassis.errors import Unavailable
from zhengshu_chassis.settings import BusSettings
from zhengshu_chassis.telemetry import log

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext


class BusAway(Unavailable):
    """NATS cannot be reached now."""

    slug = "bus-away"
    title = "消息总线暂不可用"


class Bus:
    """The process's connection. `start` returns at once; until it is there, publishing raises BusAway."""

    def __init__(self, url: str, user: str, password: SecretStr, *, name: str) -> None:
        self._url = url
        self._user = user
        self._password = password
        self._name = name
        self._client: Client | None = None
        self._js: JetStreamContext | None = None
        self._up = asyncio.Event()
        self._stopping = False
        self._keeper: asyncio.Task[None] | None = None
        self.generation = 0
        """Grows with each (re)connection: what was under way before may be lost."""

    @classmethod
    def of(cls, settings: BusSettings, name: str) -> "Bus":
        """Return the bus that settings describe, not yet started."""
        return cls(settings.nats_url, settings.nats_user, settings.nats_password, name=name)

    @property
    def connected(self) -> bool:
        """Whether messages can be sent right now."""
        return self._client is not None and self._client.is_connected

    @property
    def client(self) -> "Client":
        """The client of nats-py, or BusAway."""
        if self._client is None or not self.connected:
            raise BusAway("请稍后重试")
        return self._client

    @property
    def js(self) -> "JetStreamContext":
        """JetStream, or BusAway."""
        client = self.client
        if self._js is None:
            self._js = client.jetstream()
        return self._js

    def start(self) -> None:
        """Begin to connect, and keep at it until `close`."""
        self._keeper = asyncio.get_running_loop().create_task(self._keep(), name="bus")

    async def ready(self) -> None:
        """Wait until connected."""
        while not self.connected:
            await self._up.wait()
            if not self.connected:
                await asyncio.sleep(0.05)

    async def publish(
        self,
        subject: str,
        payload: bytes,
        *,
        headers: dict[str, str] | None = None,
        patience: float = 5,
    ) -> Any:
        """Publish to JetStream and return its acknowledgement; raise when it is not stored."""
        return await self.js.publish(subject, payload, headers=headers, timeout=patience)

    async def send(self, subject: str, payload: bytes) -> None:
        """Publish without any promise (a wake-up)."""
        await self.client.publish(subject, payload)

    async def listen(
        self, subject: str, handle: "Callable[[Msg], Awaitable[None]]", *, queue: str
    ) -> None:
        """Receive core messages for as long as this connection lives (reconnects included)."""
        await self.ready()
        client = self.client
        subscription = await client.subscribe(subject, queue=queue, cb=handle)
        try:
            while True:
                await asyncio.sleep(1)
                if client.is_closed:
                    return
        finally:
            with suppress(Exception):  # the connection may be gone with it
                await subscription.unsubscribe()

    async def reconnect(self) -> None:
        """Drop the connection and make a new one: for when it is silent but should not be."""
        log.warning("bus.reset")
        if self._client is not None:
            await self._client.close()

    async def close(self) -> None:
        """Send what is buffered and disconnect."""
        self._stopping = True
        if self._client is not None and self._client.is_connected:
            with suppress(Exception):  # a server that is going away too needs no goodbye
                async with asyncio.timeout(5):
                    await self._client.drain()
        while self._keeper is not None and not self._keeper.done():
            # Once is not enough: Python 3.11's wait_for loses a cancellation that meets a result.
            self._keeper.cancel()
            await asyncio.wait({self._keeper}, timeout=0.2)
        if self._client is not None and not self._client.is_closed:
            await self._client.close()

    async def _keep(self) -> None:
        """Connect, wait until closed for good (nats-py gives up on authorisation errors), again."""
        while not self._stopping:
            closed = asyncio.Event()
            try:
                await self._connect(closed)
                await closed.wait()
            except Exception as error:  # noqa: BLE001 - whatever it was, the answer is to try again
                log.warning("bus.unreachable", exc_info=error)
            self._up.clear()
            if not self._stopping:
                await asyncio.sleep(1)

    async def _connect(self, closed: asyncio.Event) -> None:
        from nats.aio.client import Client  # noqa: PLC0415 - processes without a bus do not pay for it

        async def on_error(error: Exception) -> None:
            log.debug("bus.error", exc_info=error)

        async def on_lost() -> None:
            if self._up.is_set():
                log.warning("bus.lost")
            self._up.clear()

        async def on_up() -> None:
            self._connected()

        async def on_closed() -> None:
            closed.set()

        self._js = None
        self._client = client = Client()
        await client.connect(
            self._url,
            user=self._user,
            password=self._password.get_secret_value(),
            name=self._name,
            error_cb=on_error,
            disconnected_cb=on_lost,
            reconnected_cb=on_up,
            closed_cb=on_closed,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            connect_timeout=3,
            ping_interval=10,
            max_outstanding_pings=2,
            drain_timeout=4,
        )
        self._connected()

    def _connected(self) -> None:
        self.generation += 1
        self._up.set()
        log.info("bus.connected")


async def provision(
    bus: Bus, streams: Iterable[StreamSpec], buckets: Iterable[BucketSpec], *, replicas: int = 1
) -> None:
    """Create the streams and buckets that are missing and bring the others to their description.

    `replicas` is on how many servers of a cluster each is kept.
    """
    from nats.js import api  # noqa: PLC0415 - see Bus._connect

    for spec in streams:
        config = api.StreamConfig(
            name=spec.name,
            subjects=list(spec.subjects),
            max_age=spec.max_age,
            max_bytes=spec.max_bytes,
            retention=api.RetentionPolicy.WORK_QUEUE
            if spec.work_queue
            else api.RetentionPolicy.LIMITS,
            discard=api.DiscardPolicy.NEW if spec.work_queue else api.DiscardPolicy.OLD,
            storage=api.StorageType.FILE,
            duplicate_window=120,
            num_replicas=replicas,
        )
        await _create_or_update(bus, config)
    for bucket in buckets:
        await _bucket(bus, bucket, replicas)


async def _create_or_update(bus: Bus, config: Any) -> None:
    from nats.js.errors import NotFoundError  # noqa: PLC0415 - see Bus._connect

    try:
        await bus.js.stream_info(config.name)
    except NotFoundError:
        await bus.js.add_stream(config)
    else:
        await bus.js.update_stream(config)


async def _bucket(bus: Bus, spec: BucketSpec, replicas: int) -> None:
    from nats.js import api  # noqa: PLC0415 - see Bus._connect
    from nats.js.errors import NotFoundError  # noqa: PLC0415 - see Bus._connect

    try:
        info = await bus.js.stream_info(f"KV_{spec.name}")
    except NotFoundError:
        config = api.KeyValueConfig(bucket=spec.name, ttl=spec.ttl or None, replicas=replicas)
        await bus.js.create_key_value(config)
    else:
        await bus.js.update_stream(info.config.evolve(max_age=spec.ttl, num_replicas=replicas))
