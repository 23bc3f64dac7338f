"""Operators' page: what is parked at every service, and trying it again."""

from portal.desk import ME, desk, proofs, sent

OPERATOR = ME | {"roles": ["operator"], "role_labels": ["运维员"]}
AUDITOR = ME | {"roles": ["auditor"], "role_labels": ["审计员"]}
PARKED = {
    "id": "d-1",
    "kind": "upload",
    "subject": "307350123001-000002",
    "state": "parked",
    "attempts": 3,
    "reason": "格式<不>符",
    "created_at": "2026-11-22T00:00:00Z",
}
LETTER = {
    "stream": "SHARING",
    "event": "e-1",
    "subject": "sharing.grant.revoked",
    "error": "KeyError",
    "at": "2026-11-22T00:00:00Z",
}
AWAY = {"type": "/problems/upstream-away", "title": "服务暂不可用", "status": 503}
RETRY = "/v1/dead-letters/catalog/SHARING/e-1/retry"


def stocked(node) -> None:
    """Let two services keep something, one be away and the last have nothing."""
    for service in ("catalog", "audit"):
        node.get(f"/v1/dispatches/{service}").respond(json={"dispatches": [], "next": None})
    for service in ("sharing", "audit"):
        node.get(f"/v1/dead-letters/{service}").respond(json={"letters": [], "next": None})
    for what in ("dispatches", "dead-letters"):
        node.get(f"/v1/{what}/opening").respond(503, json=AWAY)
    first = {"dispatches": [PARKED], "next": "d-1"}
    second = {"dispatches": [PARKED | {"id": "d-2", "reason": "第二页"}], "next": None}
    node.get("/v1/dispatches/sharing", params={"after": "d-1"}).respond(json=second)
    node.get("/v1/dispatches/sharing").respond(json=first)
    node.get("/v1/dead-letters/catalog").respond(json={"letters": [LETTER], "next": None})


async def test_an_operator_sees_every_services_and_tries_one_again():
    async with desk(OPERATOR) as (portal, node):
        stocked(node)
        node.post("/v1/dispatches/sharing/d-1/retry").respond(json=PARKED | {"state": "due"})
        page = (await portal.get("/my/parked")).text
        for word in ("格式&lt;不&gt;符", "第二页", "KeyError", "开放:服务暂不可用", "共享(2)"):
            assert word in page
        assert 'href="/my/parked"' in page
        answer = await portal.post("/my/parked/dispatches/sharing/d-1", data=proofs(page))
        assert answer.headers["location"] == "/my/parked?done=retry"
        assert len(sent(node, "POST", "/v1/dispatches/sharing/d-1/retry")) == 1


async def test_what_fails_again_stays_listed_with_the_reason():
    refusal = {"type": "/problems/dead-letter-fails", "title": "消息仍然无法处理", "status": 409}
    async with desk(OPERATOR) as (portal, node):
        stocked(node)
        node.post(RETRY).respond(409, json=refusal)
        page = (await portal.get("/my/parked")).text
        place = "/my/parked/dead-letters/catalog/SHARING/e-1"
        assert f'action="{place}"' in page
        answer = await portal.post(place, data=proofs(page))
        assert answer.status_code == 409
        assert "消息仍然无法处理" in answer.text
        assert "KeyError" in answer.text


async def test_an_auditor_sees_them_and_retries_nothing_and_others_see_nothing():
    async with desk(AUDITOR) as (portal, node):
        stocked(node)
        page = (await portal.get("/my/parked")).text
        assert "KeyError" in page
        assert 'action="/my/parked' not in page
    async with desk() as (portal, node):
        assert (await portal.get("/my/parked")).status_code == 404
        assert 'href="/my/parked"' not in (await portal.get("/my")).text
