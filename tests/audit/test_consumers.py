"""From the streams into the ledger, with the process's own workers on real servers."""

import asyncio

import pytest
from support import ledger as support
from support.ledger import decided, ended, envelope, look, publish, running, settings
from zhengshu_contracts.access import MESSAGE


@pytest.fixture
async def app(made, bus):
    async with running(settings(made, bus, access_timeout=600)) as app:
        yield app


async def until(check, seconds=15.0):
    """Wait for something to become true."""
    async with asyncio.timeout(seconds):
        while True:
            if found := await check():
                return found
            await asyncio.sleep(0.05)


async def leaves(made, count):
    """Wait for a number of leaves."""

    async def enough():
        found = await look(made, "SELECT * FROM leaves ORDER BY index")
        return found if len(found) >= count else None

    return await until(enough)


async def test_every_event_and_every_record_becomes_one_leaf(app, made, bus):
    events = [envelope(n) for n in range(5)]
    records = [decided("a"), decided("b"), ended("a"), ended("b")]
    for event in events:
        await publish(bus, event)
    await publish(bus, *records[:3])
    await publish(bus, records[3])
    found = await leaves(made, 9)
    assert [leaf["index"] for leaf in found] == list(range(9))
    assert {leaf["event_id"] for leaf in found} == {each.id for each in (*events, *records)}
    assert {leaf["kind"] for leaf in found} == {"event", "access"}
    order = [leaf["event_id"] for leaf in found if leaf["kind"] == "access"]
    assert order == [record.id for record in records]
    assert not await look(made, "SELECT * FROM open_accesses")


async def test_what_is_published_twice_is_one_leaf(app, made, bus):
    """The stream itself deduplicates by message id; here both messages get through."""
    event, record = envelope(1), decided("a")
    for message_id in ("first", "second"):
        await publish(bus, event, message_id=f"e-{message_id}")
        await publish(bus, record, message_id=f"r-{message_id}")
    await publish(bus, envelope(2))
    assert len(await leaves(made, 3)) == 3
    await asyncio.sleep(0.5)
    assert len(await leaves(made, 3)) == 3


async def test_taken_access_records_leave_the_work_queue(app, made, bus):
    await publish(bus, decided("a"), ended("a"))
    await leaves(made, 2)
    client = await bus.connect()

    async def empty():
        return (await client.jetstream().stream_info("ACCESS")).state.messages == 0

    await until(empty)
    await client.close()


async def test_what_cannot_be_a_leaf_is_parked_and_holds_nobody_up(app, made, bus):
    client = await bus.connect()
    await client.jetstream().publish(MESSAGE, b'[{"id": 7}]')
    await client.jetstream().publish("zhengshu.catalog.entry.retired.v1", b"rubbish")
    await client.close()
    await publish(bus, envelope(1))
    assert len(await leaves(made, 1)) == 1

    async def parked():
        found = await look(made, "SELECT consumer FROM dead_letters ORDER BY consumer")
        return [row["consumer"] for row in found] == ["audit:ACCESS", "audit:EVENTS"]

    await until(parked)


async def test_checkpoints_follow_and_are_filed(app, made, bus):
    await publish(bus, envelope(1))

    async def filed():
        return await look(made, "SELECT payload FROM dispatches WHERE kind = 'checkpoint'")

    await until(filed)
    (checkpoint,) = await look(made, "SELECT size, note FROM checkpoints")
    assert checkpoint["size"] == 1


async def test_an_access_that_never_ends_is_a_leaf_in_the_end(made, bus):
    async with running(settings(made, bus, access_timeout=1.0)):
        await publish(bus, decided("lost"))
        found = await leaves(made, 2)
    assert found[1]["subject"] == "zhengshu.audit.access.closed.v1"
    assert '"record":"lost"' in found[1]["payload"]


async def test_an_idle_ledger_comes_to_rest(app, made, bus):
    await publish(bus, envelope(1))

    async def signed():
        return await look(made, "SELECT note FROM checkpoints")

    (checkpoint,) = await until(signed)
    line = support.cosignature(checkpoint["note"])
    async with support.caller(
        app, support.Action.INTERNAL, kind=support.PrincipalKind.GATEWAY
    ) as client:
        body = {
            "id": "cb",
            "issued_at": "2026-03-02T08:00:00Z",
            "answer": {"kind": "countersignature", "size": 1, "signature": line},
        }
        assert (await client.post("/internal/callbacks", json=body)).status_code == 200
    assert len(await leaves(made, 2)) == 2
    await asyncio.sleep(1)
    assert len(await signed()) == 1
