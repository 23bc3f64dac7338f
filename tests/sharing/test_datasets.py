"""The read model: whatever order events come in, the newest counts; and it comes over real NATS."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from nats.js.errors import KeyNotFoundError
from sharing.cast import AID, CIVIL, Sharing, application, item, published, settings_of
from support.databases import Database
from support.servers import Bus
from zhengshu_contracts.base import Envelope, Event
from zhengshu_contracts.catalog import (
    EntryRegistered,
    EntryRetired,
    EntrySuspended,
    OrganizationRegistered,
)
from zhengshu_contracts.vocabulary import OrganizationKind, SharingClass
from zhengshu_sharing.main import build
from zhengshu_sharing.unit import Unit

T0 = datetime(2026, 1, 1, tzinfo=UTC)
FIRST, SECOND = published(revision=1), published(revision=2, title="新名称")
RETIRED = EntryRetired(entry=AID, provider=CIVIL)
REGISTERED = EntryRegistered(entry=AID, municipal_code="350123-M-1")


async def take(unit: Unit, event: Event, at: datetime) -> None:
    match event:
        case EntryRetired():
            await unit.datasets.retire(event, at=at)
        case EntryRegistered():
            await unit.datasets.register(event)
        case _:
            await unit.datasets.publish(event, at=at)


async def after(sharing: Sharing, history: list[tuple[Event, datetime]]) -> Any:
    """What is published after these events, on an empty read model."""
    await sharing.rows("DELETE FROM datasets RETURNING id")
    async with sharing.unit() as unit:
        for event, at in history:
            await take(unit, event, at)
        return (await unit.datasets.published([AID])).get(AID)


class TestOrder:
    @pytest.mark.parametrize("retired", [0.5, 1.5, 2.5])
    async def test_never_lets_an_older_event_win(self, sharing: Sharing, retired: float) -> None:
        history = [
            (FIRST, T0 + timedelta(days=1)),
            (SECOND, T0 + timedelta(days=2)),
            (RETIRED, T0 + timedelta(days=retired)),
            (REGISTERED, T0 + timedelta(days=1)),
        ]
        for order in permutations(history):
            found = await after(sharing, list(order))
            if retired > 2:
                assert found is None
            else:
                assert (found.title, found.municipal_code) == ("新名称", "350123-M-1")

    async def test_of_organizations(self, sharing: Sharing) -> None:
        kind = OrganizationKind.DEPARTMENT
        old, new = (OrganizationRegistered(code="X", name=n, kind=kind) for n in ("旧", "新"))
        async with sharing.unit() as unit:
            await unit.datasets.organization(new, at=T0 + timedelta(days=1))
            await unit.datasets.organization(old, at=T0)
            assert await unit.datasets.name_of("X") == "新"
            assert await unit.datasets.name_of("Y") == "Y"


@pytest.fixture
async def working(
    database: Callable[[str], Awaitable[Database]], bus: Bus
) -> AsyncIterator[Sharing]:
    """The service with its relay, consumers and timers, on real NATS."""
    settings = settings_of(await database("sharing"), mode="all", **bus.settings("sharing"))
    app = build(settings)
    async with app.router.lifespan_context(app):
        service = Sharing.of(app, settings)
        async with service.http:
            yield service


async def until(condition: Callable[[], Awaitable[Any]]) -> Any:
    """Wait for something that happens by itself."""
    for _ in range(400):
        if found := await condition():
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen")


async def test_over_the_bus(working: Sharing, bus: Bus) -> None:
    """Catalog's events come in; the grant goes out to the policy bucket, with a heartbeat."""
    catalog = await bus.connect("catalog")
    events: list[Event] = [
        published(items=[item("name", SharingClass.CONDITIONAL)]),
        REGISTERED,
        OrganizationRegistered(code=CIVIL, name="民政局", kind=OrganizationKind.DEPARTMENT),
    ]
    for event in [*events, published(title="旧闻")]:
        at = T0 if event not in events else None
        envelope = Envelope.wrap(event, source="catalog", about=AID, at=at)
        payload = envelope.model_dump_json().encode()
        await catalog.jetstream().publish(envelope.type, payload)
    await catalog.close()

    async def known() -> Any:
        return (await working.submit(application())).status_code == 422  # there is no `amount`

    await until(known)
    await until(lambda: working.rows("SELECT 1 FROM organizations WHERE name = '民政局'"))
    assert await working.rows("SELECT title, municipal_code FROM datasets") == [
        ("低保对象", "350123-M-1")
    ]
    asked = {"dataset": AID, "items": ["name"], "modes": ["query"]}
    granted = await working.granted(asked)
    gateway, catalog = await bus.connect("gateway"), await bus.connect("catalog")
    policy = await gateway.jetstream().key_value("policy")

    async def stored() -> Any:
        try:
            return await policy.get(f"sharing.dataset.{AID}")
        except KeyNotFoundError:
            return None

    entry = await until(stored)
    assert granted["grant"].encode() in entry.value
    order = EntrySuspended(suspension="n-1", entry=AID, provider=CIVIL, by="11350123003700008H")
    envelope = Envelope.wrap(order, source="catalog", about=AID)
    payload = envelope.model_dump_json().encode()
    await catalog.jetstream().publish(envelope.type, payload)
    told = "SELECT 1 FROM notices WHERE kind = 'dataset_suspended'"
    await until(lambda: working.rows(told))
    await catalog.close()
    assert b"as_of" in (await policy.get("sharing.heartbeat")).value
    await gateway.close()
