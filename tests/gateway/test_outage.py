"""What the gateway depends on, taken away piece by piece: it refuses, says why, and recovers."""

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
from support.gateway_harness import DATASET, furnish, world
from support.servers import running_nats
from support.until import until
from zhengshu_contracts.policy import ListingPolicy, dataset_key
from zhengshu_contracts.vocabulary import ListingState, OpeningClass
from zhengshu_gateway import lease

from .conftest import beat
from .test_signin import ASKED, PORTAL

ROWS = f"/v1/datasets/{DATASET}/rows"
FILE = f"/v1/open/datasets/{DATASET}/files/csv"
AWAY = "temporarily_unavailable"
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


@asynccontextmanager
async def beaten_by(made, *writers):
    """Let these writers alone be heard."""
    made.beating.cancel()

    async def go_on():
        while True:
            await made.beat(*writers)
            await asyncio.sleep(0.3)

    beating = asyncio.create_task(go_on())
    try:
        yield
    finally:
        beating.cancel()


async def test_a_writer_that_falls_silent_stops_only_what_rests_on_it(alone):
    made, _ = alone
    async with beaten_by(made, "catalog", "opening"):
        await until(lambda: not made.parts.feed.fresh(("sharing",)))
        assert (await made.get(f"{ROWS}?select=town", "sys-reader")).status_code == 200
        assert await slug(made.get(ROWS, "sys-reader")) == (503, "policy-stale")
        assert (await made.get(ROWS, "sys-provider")).status_code == 200
    await until(lambda: not made.parts.feed.fresh(("catalog",)))
    assert await slug(made.get(ROWS, "sys-provider")) == (503, "policy-stale")


async def test_opening_that_falls_silent_stops_only_what_is_open(alone):
    made, _ = alone
    listed = ListingPolicy(
        id=DATASET, state=ListingState.LISTED, opening=OpeningClass.GENERAL, items=("town",)
    )
    await made.put(dataset_key("opening", DATASET), listed)
    assert (await made.get(FILE)).status_code == 200
    async with beaten_by(made, "catalog", "sharing"):
        await until(lambda: not made.parts.feed.fresh(("opening",)))
        made.services["opening"].seen.clear()
        assert await slug(made.get(FILE)) == (503, "policy-stale")
        assert made.services["opening"].seen == []
        assert (await made.get("/v1/open/datasets")).status_code == 200
        assert (await made.get(ROWS, "sys-reader")).status_code == 200


async def test_without_the_bucket_of_the_policy_nothing_is_decided(alone):
    made, server = alone
    operator = await server.connect()
    try:
        stream = operator.jetstream()
        config = (await stream.stream_info("KV_policy")).config
        await stream.delete_stream("KV_policy")
        await until(lambda: not made.parts.feed.fresh(("catalog",)))
        made.services["catalog"].seen.clear()
        assert await slug(made.get(ROWS, "sys-reader")) == (503, "policy-stale")
        assert await slug(made.get(ROWS, "sys-provider")) == (503, "policy-stale")
        assert made.services["catalog"].seen == []
        assert await slug(made.get("/v1/organizations", "sys-reader")) == (200, "")
        old = made.parts.feed.known
        await stream.add_stream(config)
        await until(lambda: made.parts.feed.known is not old)
        assert await slug(made.get(ROWS, "sys-reader")) == (503, "policy-stale")
        await furnish(made)
        assert (await made.get(ROWS, "sys-reader")).status_code == 200
    finally:
        await operator.close()


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


async def test_officers_do_not_get_in_while_the_judge_of_passwords_is_off(nats_server):
    await nats_server.provision()
    nowhere = "http://127.0.0.1:9"
    async with world(nats_server, portal_url=PORTAL, catalog_url=nowhere) as made:
        asked = await made.http.get("/oauth2/authorize", params=ASKED)
        form = {"asked": parse_qs(urlsplit(asked.headers["location"]).query)["asked"][0]}
        secret = {"client_id": "off-one", "client_secret": "s"}
        code = {"grant_type": "authorization_code", "client_id": "portal", "code": "k"}
        renewal = {"grant_type": "refresh_token", "client_id": "portal", "refresh_token": "r"}
        for step, told in (
            ("sign-in", form | {"account": "lisi", "password": "p"}),
            ("password", secret | {"account": "lisi", "password": "p"}),
            ("token", code | {"code_verifier": "v"}),
            ("token", renewal),
            ("revoke", {"token": "r"}),
        ):
            answer = await made.http.post(f"/oauth2/{step}", data=told)
            assert (answer.status_code, answer.json()["error"]) == (503, AWAY), step
            assert "access_token" not in answer.json()


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
