"""Requests signed in the national header form: believed by catalog's word, bound to what and to the body."""

import json

import httpx
import pytest
from support.gateway_harness import say
from zhengshu_chassis import signature
from zhengshu_gateway.authenticate import BINDING, LARGEST_SIGNED

CHECK = "POST /internal/credentials/signature"
BODY = b'{"items": ["town"]}'


def signed(service: str, body: bytes | None = None) -> dict[str, str]:
    digest = signature.content_digest(body) if body else None
    return signature.sign(b"key", requester="sys-reader", service=service, digest=digest)


async def test_a_system_is_let_in_on_its_signature(node):
    catalog = node.services["catalog"]
    catalog.answers[CHECK] = say(200, {"client_id": "sys-reader"})
    response = await node.http.get("/v1/organizations", headers=signed("organization.read"))
    assert response.status_code == 200
    told = json.loads(catalog.asked("/internal/credentials/signature")[0].body)
    assert (told["requester"], told["service"], told["digest"]) == (
        "sys-reader",
        "organization.read",
        "",
    )
    (seen,) = catalog.asked("/v1/organizations")
    assert seen.identity.principal.id == "sys-reader"


async def test_a_signed_body_arrives_whole_and_another_one_never(node):
    catalog = node.services["catalog"]
    catalog.answers[CHECK] = say(200, {"client_id": "sys-provider"})
    path = "/v1/datasets/303084122704-000001/batches"
    headers = signed("303084122704-000001", BODY) | {"Content-Type": "application/json"}
    response = await node.http.post(path, content=BODY, headers=headers)
    assert response.status_code == 200
    assert catalog.asked(path)[0].body == BODY
    other = await node.http.post(path, content=BODY + b" ", headers=headers)
    assert (other.status_code, other.json()["type"]) == (401, "/problems/signature-invalid")
    assert len(catalog.asked(path)) == 1


@pytest.mark.parametrize("status", [401, 500])
async def test_what_catalog_does_not_believe_is_refused(node, status):
    node.services["catalog"].answers[CHECK] = say(status, {})
    response = await node.http.get("/v1/organizations", headers=signed("organization.read"))
    assert response.status_code == (401 if status == 401 else 503)


async def test_nobody_has_a_body_read_whose_signature_is_not_believed(node):
    """What would be refused for its size is refused for its signature: it was not read."""
    node.services["catalog"].answers[CHECK] = say(401, {})
    path = "/v1/datasets/303084122704-000001/batches"
    large = b"x" * (LARGEST_SIGNED + 1)
    headers = signed("303084122704-000001", large) | {"Content-Type": "text/csv"}
    response = await node.http.post(path, content=large, headers=headers)
    assert response.json()["type"] == "/problems/signature-invalid"
    node.services["catalog"].answers[CHECK] = say(200, {"client_id": "sys-provider"})
    response = await node.http.post(path, content=large, headers=headers)
    assert response.status_code == 413
    seen = len(node.services["catalog"].seen)
    bare = {name: value for name, value in headers.items() if name != signature.DIGEST}
    response = await node.http.post(path, content=BODY, headers=bare)
    assert response.json()["type"] == "/problems/signature-invalid"
    assert len(node.services["catalog"].seen) == seen


async def test_one_client_has_few_bodies_read_at_once(node):
    node.services["catalog"].answers[CHECK] = say(200, {"client_id": "sys-provider"})
    path = "/v1/datasets/303084122704-000001/batches"
    headers = signed("303084122704-000001", BODY) | {"Content-Type": "application/json"}
    binding = node.parts.pipeline.authenticator._binding
    binding["sys-provider"] = BINDING
    response = await node.http.post(path, content=BODY, headers=headers)
    assert (response.status_code, response.json()["type"]) == (
        429,
        "/problems/concurrency-exceeded",
    )
    binding["sys-provider"] = 0
    assert (await node.http.post(path, content=BODY, headers=headers)).status_code == 200
    assert binding["sys-provider"] == 0


async def test_a_signature_for_something_else_is_not_even_asked_about(node):
    response = await node.http.get("/v1/organizations", headers=signed("system.read"))
    assert response.json()["type"] == "/problems/signature-invalid"
    assert node.services["catalog"].seen == []


@pytest.mark.parametrize(
    "twice",
    [
        "authorization",
        "content-digest",
        "zhengshu-grant",
        "zhengshu-purpose",
        signature.REQUESTER,
        signature.SERVICE,
        signature.TIME,
        signature.SIGN,
    ],
)
async def test_what_is_said_twice_is_refused_unheard(node, twice):
    """A proxy in front may have judged the other one."""
    headers = [*node.bearer("sys-reader").items(), *signed("organization.read").items()]
    headers += [(twice, "one"), (twice, "two")]
    response = await node.http.get("/v1/organizations", headers=httpx.Headers(headers))
    assert (response.status_code, response.json()["type"]) == (422, "/problems/invalid")
    assert node.services["catalog"].seen == []
