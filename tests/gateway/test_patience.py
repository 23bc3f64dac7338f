"""A push may take longer than any other answer: its body, the checks and the merge stand between."""

import asyncio

from support.gateway_harness import DATASET, furnish, say, stream, world

from .test_commission import NUMBER, RANGE, attend, dispatch, hold

BATCHES = f"/v1/datasets/{DATASET}/batches?mode=append"


def late(seconds: float):
    async def answer(seen, send) -> None:
        await asyncio.sleep(seconds)
        await say(201, {"id": "b-1"})(seen, send)

    return answer


async def test_only_a_push_is_waited_for(bus):
    async with world(bus, upstream_patience=0.5, push_patience=30) as node:
        await furnish(node)
        catalog = node.services["catalog"]
        catalog.answers[f"POST /v1/datasets/{DATASET}/batches"] = late(1.5)
        catalog.answers["GET /v1/entries"] = late(1.5)
        await node.beat()
        bearer = node.bearer("sys-provider")
        pushed = await node.http.post(BATCHES, content=b"a\n1\n", headers=bearer, timeout=30)
        assert (pushed.status_code, pushed.json()) == (201, {"id": "b-1"})
        await node.beat()
        listed = await node.http.get("/v1/entries", headers=bearer, timeout=30)
        assert (listed.status_code, listed.json()["type"]) == (503, "/problems/upstream-away")


async def test_an_upload_may_take_as_long_as_a_push(bus):
    async with world(bus, upstream_patience=0.3, push_patience=30) as node:
        await furnish(node)
        attempts = hold(node, "catalog", dispatch(kind="upload", payload=RANGE))
        changes = f"GET /v1/datasets/{DATASET}/changes"
        node.services["catalog"].answers[changes] = stream(6, pause=0.1)
        accepted = say(202, {"number": NUMBER})
        node.services["commission"].answers["PUT /exchange/v1/upload/d-1"] = accepted
        await node.beat()
        await attend(node, "catalog")
        assert [each["outcome"] for each in attempts()] == ["accepted"]
