"""Call-backs: only what the Commission signed, now, for this purpose, reaches an owner."""

import json
from datetime import UTC, datetime

import pytest
from support.gateway_harness import COMMISSION_KEY, say
from zhengshu_chassis import signature

PATH = "/v1/commission/callbacks"
OWNERS = {
    "catalog": {"kind": "entry", "entry": "x-1", "municipal_code": "350100000001"},
    "sharing": {"kind": "decision", "part": "p-1", "outcome": "agree"},
    "opening": {"kind": "opening", "proposal": "o-1", "outcome": "agree"},
    "audit": {"kind": "countersignature", "size": 3, "signature": "—"},
}


def callback(answer=OWNERS["sharing"]):
    at = datetime.now(UTC).isoformat()
    return json.dumps({"id": "c-1", "ref": "d-1", "issued_at": at, "answer": answer}).encode()


def sign(body, *, key=COMMISSION_KEY, requester="350100000000", service="callback", **more):
    digest = signature.content_digest(body)
    return signature.sign(key.encode(), requester=requester, service=service, digest=digest, **more)


async def deliver(node, body, headers):
    return await node.http.post(PATH, content=body, headers=headers)


@pytest.mark.parametrize("owner", list(OWNERS))
async def test_a_genuine_one_reaches_its_owner(node, owner):
    node.services[owner].answers["POST /internal/callbacks"] = say(200, {"outcome": "applied"})
    body = callback(OWNERS[owner])
    response = await deliver(node, body, sign(body))
    assert (response.status_code, response.json()) == (200, {"outcome": "applied"})
    (seen,) = node.services[owner].seen
    assert json.loads(seen.body)["answer"]["kind"] == OWNERS[owner]["kind"]
    assert seen.identity.action == "internal"
    assert all(not other.seen for name, other in node.services.items() if name != owner)


BODY = callback()
FORGED = {
    "another key": (BODY, sign(BODY, key="guess")),
    "another body": (callback(OWNERS["opening"]), sign(BODY)),
    "no signature": (BODY, {}),
    "old": (BODY, sign(BODY, now=datetime.now(UTC).timestamp() - 400)),
    "of the future": (BODY, sign(BODY, now=datetime.now(UTC).timestamp() + 40_000)),
    "another purpose": (BODY, sign(BODY, service="upload")),
    "our own": (BODY, sign(BODY, requester="350123000000")),
    "body unsigned": (BODY, {k: v for k, v in sign(BODY).items() if k != signature.DIGEST}),
}


@pytest.mark.parametrize("fault", list(FORGED))
async def test_a_forged_one_reaches_nobody(node, fault):
    response = await deliver(node, *FORGED[fault])
    assert (response.status_code, response.json()["type"]) == (401, "/problems/callback-signature")
    assert all(not service.seen for service in node.services.values())


async def test_a_genuine_one_that_says_nothing_known(node):
    body = callback({"kind": "surprise"})
    response = await deliver(node, body, sign(body))
    assert (response.status_code, response.json()["type"]) == (422, "/problems/callback-malformed")


async def test_an_envelope_may_say_more_an_answer_may_not(node):
    """What an answer says beyond the contract could narrow it: it is not applied in part."""
    node.services["sharing"].answers["POST /internal/callbacks"] = say(200, {"outcome": "applied"})
    wider = json.dumps(json.loads(BODY) | {"county": "350123"}).encode()
    assert (await deliver(node, wider, sign(wider))).status_code == 200
    bound = callback(OWNERS["sharing"] | {"on_condition": "只限核对"})
    response = await deliver(node, bound, sign(bound))
    assert (response.status_code, response.json()["type"]) == (422, "/problems/callback-malformed")
    assert len(node.services["sharing"].seen) == 1


async def test_one_that_is_too_large_is_not_read(node):
    body = b"x" * 1_000_000
    assert (await deliver(node, body, sign(body))).status_code == 413


async def test_an_owner_that_is_away_makes_the_commission_send_again(node):
    node.services["sharing"].answers["POST /internal/callbacks"] = say(500, {})
    response = await deliver(node, BODY, sign(BODY))
    assert response.status_code == 503
    assert response.headers["retry-after"]


async def test_what_the_owner_refuses_is_refused(node):
    problem = {"type": "/problems/callback-unknown", "status": 404}
    node.services["sharing"].answers["POST /internal/callbacks"] = say(404, problem)
    response = await deliver(node, BODY, sign(BODY))
    assert (response.status_code, response.json()) == (404, problem)
