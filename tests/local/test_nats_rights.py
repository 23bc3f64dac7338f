"""What each deployable may do on NATS, tried with the client that the deployables use."""

import asyncio
import json

import pytest
from nats.js.api import AckPolicy, ConsumerConfig
from zhengshu_local.nats import rights

SERVICES = ["catalog", "sharing", "opening", "audit"]
EVENT = "zhengshu.catalog.entry.published.v1"


@pytest.fixture
async def connect(bus):
    """Connect as a user; `refused` on the client collects what the server refused."""
    clients = []

    async def make(user):
        refused = []

        async def note(error):
            refused.append(str(error))

        client = await bus.connect(user, error_cb=note)
        client.refused = refused
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.close()


async def announce(bus, subject, data=b"{}"):
    client = await bus.connect()
    await client.jetstream().publish(subject, data)
    await client.close()


async def is_refused(client, subject):
    """Publish and ask the server, by a round trip, whether it objected."""
    before = len(client.refused)
    await client.publish(subject, b"{}")
    await client.flush()
    await asyncio.sleep(0.02)
    return len(client.refused) > before


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_consumes_events_under_its_own_name(bus, connect, service):
    await announce(bus, EVENT)
    stream = (await connect(service)).jetstream()
    config = ConsumerConfig(
        durable_name=service, ack_policy=AckPolicy.EXPLICIT, filter_subjects=["zhengshu.catalog.>"]
    )
    await stream.add_consumer("EVENTS", config)
    pull = await stream.pull_subscribe_bind(service, stream="EVENTS")
    assert (await pull.fetch(1, timeout=2))[0].subject == EVENT
    await stream.reset_consumer("EVENTS", service)  # begins again after what was acknowledged
    (again,) = await pull.fetch(1, timeout=2)
    await again.ack_sync()
    assert (await pull.consumer_info()).ack_floor.stream_seq == 1


async def test_pull_subscribe_makes_the_durable_too(bus, connect):
    await announce(bus, EVENT)
    stream = (await connect("sharing")).jetstream()
    pull = await stream.pull_subscribe("zhengshu.catalog.>", durable="sharing", stream="EVENTS")
    assert len(await pull.fetch(1, timeout=2)) == 1


async def test_audit_drains_the_access_records(bus, connect):
    await announce(bus, "zhengshu.access.decided.v1")
    stream = (await connect("audit")).jetstream()
    pull = await stream.pull_subscribe("", durable="audit", stream="ACCESS")
    (message,) = await pull.fetch(1, timeout=2)
    await message.ack_sync()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_announces_what_is_its_own(connect, service):
    client = await connect(service)
    stream = client.jetstream()
    await stream.publish(f"zhengshu.{service}.thing.done.v1", b"{}")
    await stream.publish(f"$KV.policy.{service}.heartbeat", b"{}")
    assert not await is_refused(client, f"zhengshu.dispatch.{service}")


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_announces_nothing_else(connect, service):
    client = await connect(service)
    other = SERVICES[SERVICES.index(service) - 1]
    forbidden = [
        f"zhengshu.{other}.thing.done.v1",
        f"zhengshu.dispatch.{other}",
        f"$KV.policy.{other}.heartbeat",
        "$KV.lease.replica",
        "zhengshu.access.decided.v1",
        "$JS.API.STREAM.DELETE.EVENTS",
        "$JS.API.STREAM.PURGE.EVENTS",
        "$JS.API.STREAM.CREATE.MINE",
        f"$JS.API.CONSUMER.DELETE.EVENTS.{other}",
        f"$JS.API.CONSUMER.MSG.NEXT.EVENTS.{other}",
        f"$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.{other}",
        f"$JS.ACK.EVENTS.{other}.1.1.1.1.0",
        "$JS.API.STREAM.MSG.GET.KV_policy",
    ]
    if service != "catalog":
        forbidden.append("zhengshu.dataset.departments.x.updated.v1")
    if service != "audit":
        forbidden.append("$JS.API.CONSUMER.MSG.NEXT.ACCESS.audit")
    allowed = [subject for subject in forbidden if not await is_refused(client, subject)]
    assert allowed == []


@pytest.mark.parametrize("subject", ["zhengshu.>", "$KV.policy.>", "zhengshu.dispatch.*", ">"])
async def test_a_service_listens_to_nothing_directly(connect, subject):
    client = await connect("sharing")
    await client.subscribe(subject)
    await client.flush()
    await asyncio.sleep(0.02)
    assert client.refused


async def test_the_gateway_watches_the_policy_and_sees_an_update(bus, connect):
    await announce(bus, "$KV.policy.catalog.dataset.a", b"1")
    policy = await (await connect("gateway")).jetstream().key_value("policy")
    watcher = await policy.watchall()
    assert (await watcher.updates(timeout=2)).value == b"1"
    assert await watcher.updates(timeout=2) is None
    await announce(bus, "$KV.policy.catalog.dataset.a", b"2")
    assert (await watcher.updates(timeout=2)).value == b"2"
    assert (await policy.get("catalog.dataset.a")).value == b"2"
    await watcher.stop()


async def test_the_gateway_records_and_holds_a_lease(connect):
    client = await connect("gateway")
    stream = client.jetstream()
    await stream.publish("zhengshu.access.decided.v1", b"{}")
    lease = await stream.key_value("lease")
    revision = await lease.create("replica-1", b"{}")
    await lease.update("replica-1", b"{}", last=revision)
    assert (await lease.keys()) == ["replica-1"]
    assert client.refused == []


async def test_the_gateway_hears_that_something_waits(bus, connect):
    client = await connect("gateway")
    waiting = await client.subscribe("zhengshu.dispatch.*", queue="commission")
    await client.flush()
    catalog = await connect("catalog")
    await catalog.publish("zhengshu.dispatch.catalog", b"{}")
    assert (await waiting.next_msg(timeout=2)).subject == "zhengshu.dispatch.catalog"


async def test_the_gateway_makes_and_removes_consumers_of_integrators(connect):
    client = await connect("gateway")
    stream = client.jetstream()
    config = ConsumerConfig(
        durable_name="sys-a", filter_subjects=["zhengshu.dataset.departments.>"]
    )
    await stream.add_consumer("EVENTS", config)
    assert (await stream.consumer_info("EVENTS", "sys-a")).name == "sys-a"
    assert [one.name for one in await stream.consumers_info("EVENTS")] == ["sys-a"]
    assert await stream.delete_consumer("EVENTS", "sys-a")
    assert client.refused == []


@pytest.mark.parametrize(
    "subject", [EVENT, "$KV.policy.catalog.dataset.a", "$JS.API.STREAM.DELETE.KV_policy"]
)
async def test_the_gateway_cannot_write_policy_or_events(connect, subject):
    assert await is_refused(await connect("gateway"), subject)


@pytest.mark.parametrize("user", sorted(rights()))
async def test_a_wrong_password_opens_nothing(nats_server, user):
    reader, writer = await asyncio.open_connection("127.0.0.1", nats_server.server.port)
    await reader.readline()
    login = {"user": user, "pass": "wrong", "verbose": False}
    writer.write(f"CONNECT {json.dumps(login)}\r\nPING\r\n".encode())
    assert b"Authorization Violation" in await reader.readline()
    writer.close()
    await writer.wait_closed()
