"""Integrators in tests: a small county on a real NATS server, and subscribers as strangers write them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from nats.errors import Error as NatsError
from support.gateway_harness import PROVIDER, READER, World, client, dataset, item
from support.until import until
from zhengshu import events
from zhengshu_contracts.base import Envelope
from zhengshu_contracts.catalog import DatasetUpdated
from zhengshu_contracts.policy import (
    ClientPolicy,
    DatasetGrants,
    GrantPolicy,
    client_key,
    dataset_key,
)
from zhengshu_contracts.vocabulary import Audience, BatchMode, GrantState, Mode, Role

TOWNS, AID, SURVEY, WATER = (f"303084122704-00000{n}" for n in range(1, 5))
ENTERPRISE = "91350123003677777C"
AUDIENCES = {
    TOWNS: Audience.DEPARTMENTS,
    AID: Audience.GRANTED,
    SURVEY: Audience.WITHHELD,
    WATER: Audience.DEPARTMENTS,
}
SYSTEMS = {
    "sys-provider": (PROVIDER, "department"),
    "sys-reader": (READER, "department"),
    "sys-other": (READER, "department"),
    "sys-water": (ENTERPRISE, "public_service_enterprise"),
    "sys-competent": ("11350123003688888D", "competent"),
}


UNCONDITIONAL = item("town")
CONDITIONAL = item("amount", "conditional")
WITHHELD = item("sample", "withheld")
HELD = {
    TOWNS: ((UNCONDITIONAL, CONDITIONAL), PROVIDER),
    AID: ((CONDITIONAL, WITHHELD), PROVIDER),
    SURVEY: ((WITHHELD,), PROVIDER),
    WATER: ((UNCONDITIONAL,), ENTERPRISE),
}


@dataclass
class County:
    """A gateway, its policy, and the versions that were announced so far."""

    world: World
    versions: dict[str, int] = field(default_factory=dict)

    def token(self, system: str) -> str:
        return self.world.parts.tokens.issue(system)

    async def announce(self, name: str, count: int = 1) -> None:
        """Publish the next versions of a dataset as catalog's relay does."""
        for _ in range(count):
            self.versions[name] = self.versions.get(name, 0) + 1
            event = updated(name, self.versions[name])
            envelope = Envelope.wrap(event, source="catalog", about=name)
            stream = self.world.operator.jetstream()
            await stream.publish(envelope.type, envelope.model_dump_json().encode())

    async def grant(self, *modes: Mode, state: str = "active", days: float = 30) -> None:
        """Write AID's grants: one of the reader's, with these modes."""
        ends = datetime.now(UTC) + timedelta(days=days)
        one = grant(*modes, state=GrantState(state), ends=ends)
        grants = DatasetGrants(id=AID, grants=(one,) if modes else ())
        await self.world.put(dataset_key("sharing", AID), grants)

    async def lock(self, system: str, *, locked: bool = True) -> None:
        await self.register(system, locked=locked)

    async def register(self, system: str, **members: Any) -> None:
        """Write a system's record."""
        organization, kind = SYSTEMS[system]
        record = client(system, organization, kind, **members)
        await self.world.put(client_key("catalog", system), record)

    async def consumer(self, name: str) -> dict[str, Any]:
        reply = await self.world.operator.request(f"$JS.API.CONSUMER.INFO.EVENTS.{name}", b"")
        return json.loads(reply.data)

    async def filters(self, name: str) -> set[str]:
        return set((await self.consumer(name))["config"]["filter_subjects"])

    async def until_filters(self, name: str, *subjects: str) -> None:
        """Wait until a consumer has exactly these filters."""

        async def they_are() -> bool:
            return await self.filters(name) == set(subjects)

        await until(they_are, 3)

    async def restore(self) -> None:
        """Undo what tests change: no events, no consumers, no grants, nobody locked, all registered."""
        self.versions.clear()
        self.world.parts.pipeline.limits._buckets.clear()
        await self.grant()
        for system in SYSTEMS:
            await self.lock(system, locked=False)
        for name in HELD:
            await self.put(name)
        stream = self.world.operator.jetstream()
        for info in await stream.consumers_info("EVENTS"):
            await stream.delete_consumer("EVENTS", info.name)
        await stream.purge_stream("EVENTS")
        await stream.purge_stream("ACCESS")

    async def put(self, name: str, **members: Any) -> None:
        """Write a dataset's record."""
        items, provider = HELD[name]
        record = dataset(*items, id=name, **({"provider": provider} | members))
        await self.world.put(dataset_key("catalog", name), record)

    @asynccontextmanager
    async def subscriber(self, system: str, token: str | None = None):
        """Connect as an integrator; `refused` collects what the server objects to."""
        async with events.connected(
            self.world.bus.url, system, token or self.token(system)
        ) as connection:
            connection.refused = []

            async def note(error: Exception) -> None:
                connection.refused.append(str(error))

            connection._error_cb = note
            yield Subscriber(connection, system)


class Subscriber(events.Subscription):
    """A subscription with shortcuts."""

    def __init__(self, connection, system) -> None:
        super().__init__(connection, system)
        self.connection = connection
        self.system = system

    async def hear(self, *, ack: bool = True, wait: float = 0.5) -> list[tuple[str, int]]:
        """Everything that comes now: dataset and version, in order."""
        heard = []
        while deliveries := await self.fetch(wait=wait):
            for delivery in deliveries:
                heard.append((delivery.event.data["dataset"], delivery.event.data["version"]))
                if ack:
                    await self.ack(delivery)
        return heard


@asynccontextmanager
async def beating(world: World) -> AsyncIterator[None]:
    """Write heartbeats, and begin when the gateway can decide."""

    async def beat() -> None:
        while True:
            with suppress(NatsError):
                await world.beat()
            await asyncio.sleep(0.5)

    task = asyncio.create_task(beat())
    await world.until(lambda: world.parts.ready)
    try:
        yield
    finally:
        task.cancel()


def grant(*modes: Mode, **members: Any) -> GrantPolicy:
    """Return a live grant of the reader's on AID."""
    now = datetime.now(UTC)
    plain = {
        "id": "g-1",
        "holder": READER,
        "items": ("amount",),
        "purpose": "核对",
        "starts": now - timedelta(days=1),
        "ends": now + timedelta(days=30),
        "state": GrantState.ACTIVE,
    }
    return GrantPolicy(modes=modes, **(plain | members))


def officer(name: str) -> ClientPolicy:
    """Return an officer of the provider."""
    return client(name, PROVIDER, roles=(Role.DATA_OFFICER,))


def updated(name: str, version: int) -> DatasetUpdated:
    """Return the event of a version with one row more."""
    return DatasetUpdated(
        audience=AUDIENCES[name],
        dataset=name,
        epoch=1,
        version=version,
        batch="b-1",
        mode=BatchMode.UPSERT,
        inserted=1,
        updated=0,
        deleted=0,
        rows=version,
        digest="0",
    )
