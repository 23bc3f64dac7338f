"""The outbox and its relay, on a real database with a publisher that can be told to fail."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson
import pytest
from support.tiny.api import NoteWritten
from support.until import until
from zhengshu_chassis import db
from zhengshu_chassis.leader import LeadershipLost, leading
from zhengshu_chassis.outbox import LARGEST, MessageTooLarge, Outbox, Relay, forget, offer_again
from zhengshu_contracts.base import Envelope
from zhengshu_contracts.policy import Heartbeat


@dataclass
class Stream:
    """Takes what is published, in order; refuses what it is told to."""

    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    refusing: set[str] = field(default_factory=set)
    refusing_once: set[str] = field(default_factory=set)
    under_way: dict[str, int] = field(default_factory=dict)
    most: int = 0

    async def publish(self, subject: str, payload: bytes, *, headers: dict[str, str]) -> None:
        about = orjson.loads(payload).get("subject", "-") if payload else "-"
        self.under_way[about] = self.under_way.get(about, 0) + 1
        assert self.under_way[about] == 1, "two unacknowledged of one aggregate"
        self.most = max(self.most, sum(self.under_way.values()))
        await asyncio.sleep(0.005)
        self.under_way[about] -= 1
        if about in self.refusing | self.refusing_once:
            self.refusing_once.discard(about)
            raise ConnectionError
        self.taken.append((subject, headers, payload))

    def notes(self) -> list[int]:
        return [
            orjson.loads(payload)["data"]["note"]
            for subject, _, payload in self.taken
            if not subject.startswith("$KV")
        ]

    def beats(self) -> list[Heartbeat]:
        return [
            Heartbeat.model_validate_json(payload)
            for subject, _, payload in self.taken
            if subject.endswith("heartbeat")
        ]


@pytest.fixture
async def database(tiny):
    made = db.connect(tiny.url(), "test")
    yield made
    await made.engine.dispose()


@pytest.fixture
async def lead(tiny):
    async with leading(tiny.url(), "test") as held:
        yield held


def announce(session, note: int, aggregate: str = "a") -> None:
    Outbox(session, "catalog").add(NoteWritten(note=note, text="x"), aggregate=aggregate)


async def relay(lead, stream: Stream, heartbeat: str | None = None) -> Relay:
    return Relay(lead.connection, await lead.listen("outbox"), stream, heartbeat=heartbeat)


async def test_ids_that_commit_out_of_order_lose_nothing(database, lead):
    stream = Stream()
    one = await relay(lead, stream)
    async with database.sessions() as first, database.sessions() as second:
        announce(first, 1)
        await first.flush()
        announce(second, 2)
        await second.commit()
        await one.round()
        assert stream.notes() == [2]
        await first.commit()
    await one.round()
    assert stream.notes() == [2, 1]
    assert await one.round() == (0, 0)


async def test_what_is_rolled_back_is_never_announced(database, lead):
    stream = Stream()
    async with database.sessions() as session:
        announce(session, 1)
        await session.flush()
        await session.rollback()
    assert await (await relay(lead, stream)).round() == (0, 0)


async def test_an_aggregate_keeps_its_order_and_others_do_not_wait(database, lead):
    stream = Stream()
    async with database.sessions.begin() as session:
        for number in range(30):
            announce(session, number, aggregate="abc"[number % 3])
    await (await relay(lead, stream)).round()
    assert sorted(stream.notes()) == list(range(30))
    for rest in range(3):
        assert [n for n in stream.notes() if n % 3 == rest] == list(range(rest, 30, 3))
    assert stream.most == 3


async def test_after_a_failure_nothing_of_that_aggregate_overtakes(database, lead):
    stream = Stream(refusing_once={"a"})
    one = await relay(lead, stream)
    async with database.sessions.begin() as session:
        for number, aggregate in enumerate("aba"):
            announce(session, number, aggregate)
    assert await one.round() == (3, 2)
    assert stream.notes() == [1]
    assert await one.round() == (2, 0)
    assert stream.notes() == [1, 0, 2]


async def test_a_message_carries_its_id_and_the_trace(database, lead):
    stream = Stream()
    async with database.sessions.begin() as session:
        announce(session, 1)
    await (await relay(lead, stream)).round()
    subject, headers, payload = stream.taken[0]
    assert subject == "zhengshu.audit.note.written.v1"
    assert headers["Nats-Msg-Id"] == orjson.loads(payload)["id"]
    assert headers["traceparent"].startswith("00-")


async def test_a_bucket_value_and_its_deletion(database, lead):
    stream = Stream()
    async with database.sessions.begin() as session:
        outbox = Outbox(session, "catalog")
        outbox.put("catalog.x", Heartbeat(writer="catalog", as_of=datetime.now(UTC)))
        outbox.put("catalog.x", None)
    await (await relay(lead, stream)).round()
    (put, _, value), (deleted, headers, nothing) = stream.taken
    assert put == deleted == "$KV.policy.catalog.x"
    assert value
    assert nothing == b""
    assert headers["KV-Operation"] == "DEL"


async def test_what_no_stream_would_take_is_refused_and_leaves_nothing(database, lead):
    stream = Stream()
    one = await relay(lead, stream, "catalog")
    large = NoteWritten(note=2, text="字" * (LARGEST // 3))
    async with database.sessions() as session:
        announce(session, 1)
        await session.flush()
        with pytest.raises(MessageTooLarge, match=r"audit\.note\.written\.v1 有 \d+ 字节"):
            Outbox(session, "catalog").add(large, aggregate="a")
    assert await one.round() == (0, 0)
    assert len(stream.beats()) == 1


async def test_the_largest_there_may_be_is_taken_by_the_real_server(database, lead, bus):
    operator = await bus.connect()
    one = await relay(lead, operator.jetstream())
    async with database.sessions.begin() as session:
        envelope = len(
            Envelope.wrap(
                NoteWritten(note=1, text=""), source="catalog", about="a"
            ).model_dump_json(exclude_none=True)
        )
        text = "x" * (LARGEST - envelope)
        Outbox(session, "catalog").add(NoteWritten(note=1, text=text), aggregate="a")
    assert await one.round() == (1, 0)
    await operator.close()


async def test_the_heartbeat_tells_a_time_before_the_scan(database, lead):
    stream = Stream()
    before = await lead.connection.fetchval("SELECT clock_timestamp()")
    async with database.sessions.begin() as session:
        announce(session, 1)
    await (await relay(lead, stream, "catalog")).round()
    after = await lead.connection.fetchval("SELECT clock_timestamp()")
    assert stream.taken[-1][0] == "$KV.policy.catalog.heartbeat"
    [beat] = stream.beats()
    assert before < beat.as_of < after


async def test_no_heartbeat_while_anything_found_is_unpublished(database, lead):
    stream = Stream(refusing={"a"})
    one = await relay(lead, stream, "catalog")
    async with database.sessions.begin() as session:
        announce(session, 1, "a")
        announce(session, 2, "b")
    await one.round()
    assert stream.beats() == []
    stream.refusing.clear()
    await one.round()
    assert len(stream.beats()) == 1


async def test_the_relay_wakes_at_once_and_beats_when_idle(database, lead):
    stream = Stream()
    task = asyncio.create_task((await relay(lead, stream, "catalog")).run())
    await asyncio.sleep(0.2)
    async with database.sessions.begin() as session:
        announce(session, 1)
    await until(stream.notes, patience=0.3, pause=0.01)
    await asyncio.sleep(2.5)
    task.cancel()
    assert 3 <= len(stream.beats()) <= 4


async def test_what_was_published_long_ago_is_deleted(database, lead):
    async with database.sessions.begin() as session:
        for number in range(3):
            announce(session, number)
    await lead.connection.execute(
        "UPDATE outbox SET published_at = clock_timestamp() - make_interval(days => (id * 4)::int)"
        " WHERE id < 3"
    )
    await forget(lead.connection)
    left = await lead.connection.fetch("SELECT published_at FROM outbox ORDER BY id")
    assert [row["published_at"] is None for row in left] == [False, True]


async def test_the_last_value_of_a_key_is_never_forgotten(lead):
    """A bucket that was lost is filled from the outbox; what is deleted need not come back."""
    for subject, headers in (
        ("$KV.policy.a", "{}"), ("$KV.policy.a", "{}"), ("$KV.policy.b", "{}"),
        ("$KV.policy.b", '{"KV-Operation": "DEL"}'), ("zhengshu.x", "{}"),
    ):  # fmt: skip
        await lead.connection.execute(
            "INSERT INTO outbox (event_id, subject, payload, headers, aggregate, published_at)"
            " VALUES (gen_random_uuid(), $1, '', $2::jsonb, 'a', now() - interval '8 days')",
            subject, headers,
        )  # fmt: skip
    await forget(lead.connection)
    left = await lead.connection.fetch("SELECT id, subject FROM outbox")
    assert [row["subject"] for row in left] == ["$KV.policy.a"]


async def test_what_was_published_is_offered_again_once_and_only_the_newest_of_a_key(tiny, lead):
    for subject, ago in (("$KV.policy.a", 3), ("$KV.policy.a", 2), ("e", 90), ("e", 1)):
        await lead.connection.execute(
            "INSERT INTO outbox (event_id, subject, payload, headers, aggregate, published_at)"
            " VALUES (gen_random_uuid(), $1, '', '{}', 'a', now() - make_interval(mins => $2))",
            subject, ago,
        )  # fmt: skip
    database = db.connect(tiny.url(), "test")
    counts = []
    for minutes in (10, 10, None):
        async with database.sessions.begin() as session:
            counts.append(await offer_again(session, minutes))
    await database.engine.dispose()
    due = "SELECT published_at IS NULL AS due FROM outbox ORDER BY id"
    assert [row["due"] for row in await lead.connection.fetch(due)] == [False, True, True, True]
    assert counts == [2, 0, 1]


async def test_one_leads_at_a_time(tiny, lead):
    async def wait_for_lead() -> None:
        async with leading(tiny.url(), "second"):
            pass

    second = asyncio.create_task(wait_for_lead())
    await asyncio.sleep(0.3)
    assert not second.done()
    await lead.connection.close()
    with pytest.raises(LeadershipLost):
        await lead.until_lost()
    async with asyncio.timeout(3):
        await second
