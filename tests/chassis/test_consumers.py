"""Consumers on a real stream: effect once, order, poison, and coming back after a failure."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager

import orjson
import pytest
from support.tiny.api import NoteWritten, Unit, unit_of
from support.tiny.tables import SeenRow
from support.until import until
from zhengshu_chassis import consumers as module
from zhengshu_chassis import db
from zhengshu_chassis.bus import Bus
from zhengshu_chassis.consumers import Consumer, Consumers, Delivery, matches, stream_of
from zhengshu_chassis.errors import Unavailable
from zhengshu_chassis.workers import supervise
from zhengshu_contracts.base import Envelope


@pytest.fixture
async def database(tiny):
    made = db.connect(tiny.url(), "test")
    yield made
    await made.engine.dispose()


@pytest.fixture
async def node(with_bus):
    made = Bus.of(with_bus, "test")
    made.start()
    await made.ready()
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Shorter pauses; the rules are the same."""
    monkeypatch.setattr(module, "BACK_OFF", (0.05, 0.1, 0.1))
    monkeypatch.setattr(module, "TRIES", 3)


async def publish(node: Bus, note: int, text: str = "x", about: str | None = None) -> str:
    event = NoteWritten(note=note, text=text)
    envelope = Envelope.wrap(event, source="audit", about=about or str(note))
    await node.publish(envelope.type, envelope.model_dump_json().encode())
    return envelope.id


@asynccontextmanager
async def consuming(consumers: Consumers[Unit], database, node):
    task = asyncio.create_task(Consumer(consumers, "EVENTS", database=database, bus=node).run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


class Story:
    """A consumer that writes down what it is told, and fails when asked to."""

    def __init__(self, batch: int = 1) -> None:
        self.consumers = Consumers("audit", unit=unit_of, batch=batch)
        self.consumers.on(NoteWritten)(self.hear)
        self.tries: Counter[str] = Counter()
        self.failing: dict[str, int] = {}
        self.error: Exception = RuntimeError("no")

    async def hear(self, unit: Unit, event: NoteWritten) -> None:
        self.tries[event.text] += 1
        unit.session.add(SeenRow(text=event.text))
        if self.tries[event.text] <= self.failing.get(event.text, 0):
            raise self.error


async def seen(tiny) -> list[str]:
    connection = await tiny.connect()
    try:
        rows = await connection.fetch("SELECT text FROM seen ORDER BY id")
        return [row["text"] for row in rows]
    finally:
        await connection.close()


async def buried(tiny) -> list[dict]:
    connection = await tiny.connect()
    try:
        return [dict(row) for row in await connection.fetch("SELECT * FROM dead_letters")]
    finally:
        await connection.close()


def these(tiny, *texts: str):
    async def all_seen() -> bool:
        return await seen(tiny) == list(texts)

    return all_seen


@pytest.mark.parametrize("batch", [1, 10])
async def test_every_event_has_its_effect_in_order(tiny, database, node, batch):
    story = Story(batch)
    for number in range(25):
        await publish(node, number, f"{number}")
    async with consuming(story.consumers, database, node):
        await until(these(tiny, *(f"{number}" for number in range(25))))


async def test_the_same_event_twice_has_one_effect(tiny, database, node):
    story = Story()
    envelope = Envelope.wrap(NoteWritten(note=1, text="一"), source="audit", about="1")
    for _ in range(3):
        await node.publish(envelope.type, envelope.model_dump_json().encode())
    await publish(node, 2, "二")
    async with consuming(story.consumers, database, node):
        await until(these(tiny, "一", "二"))
    assert story.tries == {"一": 1, "二": 1}


@pytest.mark.parametrize("batch", [1, 10])
async def test_one_fails_the_next_succeeds_and_the_one_still_comes(tiny, database, node, batch):
    story = Story(batch)
    story.failing["k"] = 2
    await publish(node, 1, "k")
    await publish(node, 2, "k+1")
    async with consuming(story.consumers, database, node):
        await until(these(tiny, "k+1", "k"))
    assert await buried(tiny) == []


@pytest.mark.parametrize("batch", [1, 10])
async def test_within_an_aggregate_the_next_waits(tiny, database, node, batch):
    story = Story(batch)
    story.failing["1"] = 2
    for number in range(4):
        await publish(node, number, f"{number}", about="same")
    await publish(node, 9, "other", about="other")
    async with consuming(story.consumers, database, node):
        await until(these(tiny, "0", "other", "1", "2", "3"))


@pytest.mark.parametrize("batch", [1, 10])
async def test_poison_is_parked_and_everybody_else_flows(tiny, database, node, batch):
    story = Story(batch)
    story.failing["poison"] = 99
    event_id = await publish(node, 1, "poison", about="a")
    await publish(node, 2, "after poison", about="a")
    await publish(node, 3, "other", about="b")
    async with consuming(story.consumers, database, node):
        await until(these(tiny, "other", "after poison"))
        [letter] = await until(lambda: buried(tiny))
    assert letter["event_id"] == event_id
    assert letter["error"] == "RuntimeError"
    assert orjson.loads(letter["payload"])["data"]["text"] == "poison"
    assert story.tries["poison"] == 3 + (batch > 1)


@pytest.mark.parametrize("payload", [b"", b"{", b'{"id": 1}', b"\xff"])
async def test_a_malformed_message_is_parked_at_once(tiny, database, node, payload):
    await node.publish("zhengshu.audit.note.written.v1", payload)
    await publish(node, 2, "next")
    async with consuming(Story().consumers, database, node):
        await until(these(tiny, "next"))
        [letter] = await until(lambda: buried(tiny))
    assert letter["payload"] == payload


async def test_an_event_that_is_not_of_its_class_is_parked_at_once(tiny, database, node):
    envelope = Envelope.wrap(NoteWritten(note=1, text="x"), source="audit", about="1")
    odd = envelope.model_copy(update={"data": {"note": "nothing"}})
    await node.publish(odd.type, odd.model_dump_json().encode())
    async with consuming(Story().consumers, database, node):
        [letter] = await until(lambda: buried(tiny))
    assert letter["error"] == "ValidationError"


async def test_a_dependency_that_is_away_never_makes_a_dead_letter(tiny, database, node):
    story = Story()
    story.failing["一"] = 8
    story.error = Unavailable("later")
    await publish(node, 1, "一")
    async with consuming(story.consumers, database, node):
        await until(these(tiny, "一"))
    assert await buried(tiny) == []


async def test_who_comes_back_begins_where_it_had_not_finished(tiny, database, node):
    """What a dead process held unacknowledged is not waited for, nor overtaken."""
    for number in range(6):
        await publish(node, number, f"{number}", about="same")
    stalled = asyncio.Event()
    stuck = Consumers("audit", unit=unit_of)

    @stuck.on(NoteWritten)
    async def stall(unit: Unit, event: NoteWritten) -> None:
        stalled.set()
        await asyncio.sleep(60)

    async with consuming(stuck, database, node):
        await stalled.wait()
    async with consuming(Story().consumers, database, node):
        await until(these(tiny, *(f"{number}" for number in range(6))), patience=3)


async def test_the_server_goes_and_comes_back(tiny, database, node, bus):
    story = Story()
    async with consuming(story.consumers, database, node):
        await publish(node, 1, "before")
        await until(these(tiny, "before"))
        bus.server.stop()
        await until(lambda: not node.connected)
        await asyncio.to_thread(bus.server.start)
        await node.ready()
        await publish(node, 2, "after")
        await until(these(tiny, "before", "after"))


async def test_a_dead_pull_with_messages_waiting_is_given_up(tiny, database, node, monkeypatch):
    """The first connection's pulls never bring anything: it is made anew once, and everything arrives."""
    hears, first = Consumer._fetch, node.generation

    async def fetch(self, subscription):
        if node.generation == first:
            await asyncio.sleep(0.02)
            return []
        return await hears(self, subscription)

    monkeypatch.setattr(Consumer, "_fetch", fetch)
    async with consuming(Story().consumers, database, node):
        await asyncio.sleep(0.2)  # nothing waits, so silence means nothing
        assert node.generation == first
        await publish(node, 1, "waiting")
        await until(these(tiny, "waiting"))
    assert node.generation == first + 1


async def test_a_consumer_that_was_deleted_is_made_again(tiny, database, node, bus):
    story = Story()
    consumer = Consumer(story.consumers, "EVENTS", database=database, bus=node)

    task = asyncio.create_task(supervise("consumer", consumer.run))
    await publish(node, 1, "before")
    await until(these(tiny, "before"))
    operator = await bus.connect()
    await operator.jetstream().delete_consumer("EVENTS", "audit")
    await operator.close()
    await publish(node, 2, "after")
    await until(these(tiny, "before", "after"), patience=15)
    task.cancel()
    await asyncio.wait({task})


async def test_raw_deliveries_of_a_whole_branch(tiny, database, node):
    heard: list[Delivery] = []
    consumers = Consumers("audit", unit=unit_of)

    @consumers.every("zhengshu.audit.>")
    async def hear(unit: Unit, delivery: Delivery) -> None:
        heard.append(delivery)

    await publish(node, 1, "一")
    async with consuming(consumers, database, node):
        await until(lambda: heard)
    assert heard[0].subject == "zhengshu.audit.note.written.v1"
    assert orjson.loads(heard[0].raw)["data"] == {"note": 1, "text": "一"}


def test_subjects_are_matched_as_nats_does():
    assert matches("a.*.c", "a.b.c")
    assert matches("a.>", "a.b.c")
    assert not matches("a.>", "a")
    assert not matches("a.*", "a.b.c")
    assert stream_of("zhengshu.dataset.*.*.updated.v1") == "EVENTS"
    assert stream_of("zhengshu.access.>") == "ACCESS"
    with pytest.raises(LookupError):
        stream_of("elsewhere.x")


def test_filters_that_are_covered_by_wider_ones_are_left_out():
    consumers = Consumers("audit", unit=unit_of)
    consumers.on(NoteWritten)(Story().hear)
    consumers.every("zhengshu.audit.>", "zhengshu.access.>")(Story().hear)
    assert consumers.streams() == {"EVENTS": ["zhengshu.audit.>"], "ACCESS": ["zhengshu.access.>"]}
