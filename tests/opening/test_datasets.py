"""The read model: whatever order catalog's events come in, the newest counts."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from opening.world import SCHOOLS, Export, World, published, registered, updated
from zhengshu_contracts.base import Event
from zhengshu_contracts.catalog import EntryRetired
from zhengshu_opening.datasets.domain import Dataset
from zhengshu_opening.unit import Unit

T0 = datetime(2026, 1, 1, tzinfo=UTC)
RETIRED = EntryRetired(entry=SCHOOLS, provider="x")
Timed = tuple[float, Event]


async def after(world: World, history: tuple[Timed, ...]) -> Dataset:
    """What is known after these events, on an empty read model."""
    await world.rows("DELETE FROM datasets")
    for days, event in history:
        await world.feed(event, at=T0 + timedelta(days=days))
    async with world.resources.database.sessions.begin() as session:
        found = await Unit.of(session).datasets.find(SCHOOLS)
    assert found is not None
    return found


@pytest.mark.parametrize(("retired", "stands"), [(0.5, True), (1.5, True), (2.5, False)])
async def test_a_revision_and_a_retirement(world: World, retired: float, stands: bool):
    history: list[Timed] = [
        (1, published(revision=1)),
        (2, published(revision=2, title="新名称")),
        (0.7, RETIRED),
        (retired, RETIRED),
    ]
    for order in permutations(history):
        found = await after(world, order)
        assert (found.published, found.title) == (stands, "新名称"), order


async def test_a_service_registration(world: World):
    history = [(1, registered()), (2, registered(state="withdrawn")), (3, registered())]
    for order in permutations(history):
        assert (await after(world, order)).registration == "live", order
    for order in permutations(history[:2]):
        assert (await after(world, order)).registration == "withdrawn", order


async def test_a_version(world: World):
    history = [(1, updated(version=7)), (2, updated(version=8)), (3, updated(epoch=2, version=1))]
    for order in permutations(history):
        assert str((await after(world, order)).version) == "2.1", order


@pytest.mark.parametrize("late", [registered(state="withdrawn"), RETIRED])
async def test_what_comes_late_takes_no_listing_down(world: World, late: Event):
    """A listing stands on what is newest; an older withdrawal or retirement is history."""
    world.exports(SCHOOLS, Export([{"code": "3101", "name": "示例第一小学"}]))
    await world.listed()
    await world.feed(late, at=T0)
    assert (await world.search())["datasets"][0]["state"] == "listed"
    await world.feed(late)
    assert (await world.search())["datasets"] == []
