"""The end of a grant: cut at once, acknowledged at once, settled when no lease says less."""

import asyncio
import time

import httpx
import orjson
import pytest
from support.gateway_harness import DATASET, say
from support.until import until
from zhengshu_contracts.policy import DatasetGrants, dataset_key
from zhengshu_contracts.vocabulary import GrantState

from .test_pipeline import EXPORTS, grant

REVOCATION = "/v1/grants/g-1/revocation"


@pytest.fixture
async def granted(node):
    key = dataset_key("sharing", DATASET)
    await node.put(key, DatasetGrants(id=DATASET, grants=(grant(),)))
    node.services["sharing"].answers["GET /v1/grants/g-1"] = say(
        200, {"id": "g-1", "dataset": DATASET}
    )
    node.parts.settlements.settled.clear()
    yield node
    await node.put(key, None)


async def end(node, **members):
    record = DatasetGrants(id=DATASET, grants=(grant(state=GrantState.REVOKED, **members),))
    await node.put(dataset_key("sharing", DATASET), record)


async def other(node, applied):
    """Write the lease of a second replica."""
    value = orjson.dumps({"applied": applied})
    await node.operator.jetstream().publish("$KV.lease.other", value)


async def test_a_stalled_export_is_cut_though_nothing_comes(granted):
    """The service says nothing more; the connection ends all the same."""

    async def answer(_, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 5000, "more_body": True})
        await asyncio.sleep(20)

    granted.services["catalog"].answers[f"GET {EXPORTS}"] = answer
    got = asyncio.Event()

    async def read():
        headers = granted.bearer("sys-reader")
        path = f"{EXPORTS}?select=amount"
        async with granted.http.stream("GET", path, headers=headers) as response:
            async for _ in response.aiter_bytes():
                got.set()

    reading = asyncio.create_task(read())
    await got.wait()
    began = time.monotonic()
    await end(granted)
    with pytest.raises(httpx.RemoteProtocolError):
        await reading
    assert time.monotonic() - began < 2

    async def cut():
        return [e for e in await granted.records() if e["data"].get("outcome") == "cut"]

    await until(cut)


async def test_the_lease_acknowledges_at_once(granted):
    await end(granted)
    ended = granted.parts.feed.known.ended["g-1"]

    async def acknowledged():
        return min((await granted.parts.settlements.leases()).values()) >= ended

    began = time.monotonic()
    await until(acknowledged)
    assert time.monotonic() - began < 0.9  # sooner than the next renewal


async def test_it_is_settled_when_every_lease_acknowledges_it(granted):
    told = (await granted.get(REVOCATION, "sys-reader")).json()
    assert (told["active"], told["settled"]) == (True, False)
    await other(granted, 0)
    await end(granted)

    async def only_the_other_is_waited_for():
        told = (await granted.get(REVOCATION, "sys-reader")).json()
        return (told["active"], told["settled"], told["waiting"]) == (False, False, ["other"])

    await until(only_the_other_is_waited_for)
    assert "g-1" not in granted.parts.settlements.settled
    await other(granted, granted.parts.feed.known.applied)
    await until(lambda: "g-1" in granted.parts.settlements.settled)
    told = (await granted.get(REVOCATION, "sys-reader")).json()
    assert (told["settled"], told["waiting"]) == (True, [])
    assert told["at"]


async def test_a_lease_that_lapsed_waits_for_nobody(granted):
    await other(granted, 0)
    await end(granted)
    await until(lambda: "g-1" in granted.parts.settlements.settled, patience=15)


async def test_only_who_sees_the_grant_is_told(granted):
    refusal = say(404, {"type": "/problems/grant-not-found", "status": 404})
    granted.services["sharing"].answers["GET /v1/grants/g-1"] = refusal
    response = await granted.get(REVOCATION, "sys-reader")
    assert (response.status_code, response.json()["type"]) == (404, "/problems/grant-not-found")
    (seen,) = granted.services["sharing"].seen
    assert seen.identity.principal.id == "sys-reader"
    assert (await granted.get(REVOCATION)).status_code == 401
