"""A push may take longer than any other answer: its body, the checks and the merge stand between."""

import asyncio

from support.gateway_harness import DATASET, furnish, say, world

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
