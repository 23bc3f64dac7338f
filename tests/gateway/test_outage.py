"""What the gateway depends on, taken away piece by piece: it refuses, says why, and recovers."""

import asyncio

import pytest
from support.gateway_harness import DATASET, furnish, world
from support.servers import running_nats
from support.until import until
from zhengshu_gateway import lease

from .conftest import beat

ROWS = f"/v1/datasets/{DATASET}/rows"
BATCHES = f"/v1/datasets/{DATASET}/batches"


@pytest.fixture
async def alone(tmp_path):
    """A gateway with a NATS server of its own."""
    with running_nats(tmp_path) as server:
        await server.provision()
        async with world(server, stale_limit=2.0, identity_limit=6.0) as made:
            await furnish(made)
            made.beating = asyncio.create_task(beat(made))
            yield made, server
            made.beating.cancel()


async def slug(response):
    found = await response
    return found.status_code, found.json()["type"].rsplit("/", 1)[
        -1
    ] if found.content != b"[]" else ""


async def test_nats_goes_and_comes_back(alone, monkeypatch):
    made, server = alone
    monkeypatch.setattr(lease, "LASTS", 3.0)
    assert (await made.get(ROWS, "sys-reader")).status_code == 200
    server.server.stop()
    await until(lambda: not made.parts.bus.connected)

    assert await slug(made.get(ROWS, "sys-reader")) == (503, "record-unavailable")
    assert (await made.get("/health/ready")).status_code == 503
    assert (await made.get("/health/live")).status_code == 200
    await until(lambda: not made.parts.feed.fresh(("catalog",)))
    assert await slug(made.get("/v1/organizations", "sys-reader")) == (200, "")
    await until(lambda: not made.parts.feed.vouched(("catalog",)), patience=15)
    assert await slug(made.get("/v1/organizations", "sys-reader")) == (503, "policy-stale")
    assert await slug(made.get("/v1/ledger/checkpoint")) == (200, "")
    push = made.http.post(BATCHES, content=b"x", headers=made.bearer("sys-provider"))
    assert await slug(push) == (200, "")

    made.services["catalog"].seen.clear()
    server.server.start()
    await until(lambda: made.parts.bus.connected)
    await until(lambda: made.parts.ready, patience=15)
    await until(lambda: made.parts.feed.fresh(("catalog", "sharing", "opening")))
    assert (await made.get(ROWS, "sys-reader")).status_code == 200
    assert len(made.services["catalog"].seen) == 1


async def test_a_full_stream_of_records_stops_what_cannot_be_recorded(alone):
    made, server = alone
    operator = await server.connect()
    try:
        stream = operator.jetstream()
        config = (await stream.stream_info("ACCESS")).config
        size = config.max_bytes
        await stream.update_stream(config.evolve(max_bytes=1))
        assert await slug(made.get(ROWS, "sys-reader")) == (503, "record-unavailable")
        assert made.services["catalog"].seen == []
        assert await slug(made.get("/v1/organizations", "sys-reader")) == (200, "")
        await stream.update_stream(config.evolve(max_bytes=size))
        assert (await made.get(ROWS, "sys-reader")).status_code == 200
    finally:
        await operator.close()


async def test_a_writer_that_falls_silent_stops_only_what_rests_on_it(alone):
    made, _ = alone
    made.beating.cancel()

    async def others():
        while True:
            await made.beat("catalog", "opening")
            await asyncio.sleep(0.3)

    beating = asyncio.create_task(others())
    try:
        await until(lambda: not made.parts.feed.fresh(("sharing",)))
        assert (await made.get(f"{ROWS}?select=town", "sys-reader")).status_code == 200
        assert await slug(made.get(ROWS, "sys-reader")) == (503, "policy-stale")
        assert (await made.get(ROWS, "sys-provider")).status_code == 200
    finally:
        beating.cancel()
    await until(lambda: not made.parts.feed.fresh(("catalog",)))
    assert await slug(made.get(ROWS, "sys-provider")) == (503, "policy-stale")


async def test_without_its_lease_a_replica_serves_no_data(alone, monkeypatch):
    made, server = alone
    monkeypatch.setattr(lease, "LASTS", 1.5)
    operator = await server.connect()
    await operator.jetstream().delete_stream("KV_lease")
    await operator.close()
    await until(lambda: not made.parts.lease.held)
    assert await slug(made.get(ROWS, "sys-reader")) == (503, "lease-lost")
    assert (await made.get("/v1/organizations", "sys-reader")).status_code == 200
    assert (await made.get("/health/ready")).json()["lease"] == "lost"


async def test_a_service_that_is_off_is_said_to_be_away(nats_server):
    await nats_server.provision()
    nowhere = "http://127.0.0.1:9"
    async with world(nats_server, sharing_url=nowhere, catalog_url=nowhere) as made:
        await furnish(made)
        beating = asyncio.create_task(beat(made))
        assert await slug(made.get("/v1/grants", "sys-reader")) == (503, "upstream-away")
        assert await slug(made.get(ROWS, "sys-reader")) == (503, "upstream-away")
        assert (await made.get("/v1/ledger/checkpoint")).status_code == 200
        # Nobody gets a token, or in, on a proof that its owner cannot judge.
        form = {"grant_type": "client_credentials", "client_id": "sys-x", "client_secret": "y"}
        assert (await made.http.post("/oauth2/token", data=form)).status_code == 503
        beating.cancel()


async def test_opening_and_audit_that_are_off_stop_only_what_is_theirs(nats_server):
    await nats_server.provision()
    nowhere = "http://127.0.0.1:9"
    async with world(nats_server, opening_url=nowhere, audit_url=nowhere) as made:
        await furnish(made)
        beating = asyncio.create_task(beat(made))
        assert await slug(made.get("/v1/open/datasets")) == (503, "upstream-away")
        assert await slug(made.get("/v1/ledger/checkpoint")) == (503, "upstream-away")
        assert (await made.get(ROWS, "sys-reader")).status_code == 200
        beating.cancel()
