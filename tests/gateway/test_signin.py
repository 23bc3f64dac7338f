"""Sign-in with PKCE before a catalog that is told what to say: what is asked, what is refused."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from support.gateway_harness import PROVIDER, client, furnish, say, world
from zhengshu_contracts.policy import client_key
from zhengshu_contracts.vocabulary import Role

PORTAL = "http://portal.example"
CHALLENGE = "c" * 43
ASKED = {
    "response_type": "code",
    "client_id": "portal",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    "state": "s" * 16,
}


@pytest.fixture(scope="module")
async def signing(nats_server):
    await nats_server.provision()
    async with world(nats_server, portal_url=PORTAL) as made:
        await furnish(made)
        officer = client("off-one", PROVIDER, roles=(Role.DATA_OFFICER,))
        await made.put(client_key("catalog", "off-one"), officer)
        yield made


@pytest.fixture
def node(signing):
    for service in signing.services.values():
        service.seen.clear()
        service.answers.clear()
    return signing


async def asked(node) -> str:
    """Ask for a sign-in; what the portal's form carries."""
    response = await node.http.get("/oauth2/authorize", params=ASKED)
    place = urlsplit(response.headers["location"])
    assert (response.status_code, f"{place.scheme}://{place.netloc}{place.path}") == (
        302,
        f"{PORTAL}/signin",
    )
    return parse_qs(place.query)["asked"][0]


async def test_from_the_form_to_a_token_and_on(node):
    catalog = node.services["catalog"]
    catalog.answers["POST /internal/signin/code"] = say(200, {"outcome": "accepted", "code": "k"})
    form = {"asked": await asked(node), "account": "lisi", "password": "p"}
    told = (await node.http.post("/oauth2/sign-in", data=form)).json()
    assert told == {"redirect_to": f"{PORTAL}/signin/callback?code=k&state={'s' * 16}"}
    (seen,) = catalog.asked("/internal/signin/code")
    assert json.loads(seen.body) == {"account": "lisi", "password": "p", "challenge": CHALLENGE}

    begun = {"client_id": "off-one", "session": "held"}
    catalog.answers["POST /internal/signin/session"] = say(200, begun)
    grant = {"grant_type": "authorization_code", "client_id": "portal", "code": "k"}
    told = (await node.http.post("/oauth2/token", data=grant | {"code_verifier": "v"})).json()
    assert told["refresh_token"] == "held"
    bearer = {"Authorization": f"Bearer {told['access_token']}"}
    assert (await node.http.get("/v1/me", headers=bearer)).status_code == 200

    catalog.answers["POST /internal/signin/renewal"] = say(200, {"client_id": "off-one"})
    renew = {"grant_type": "refresh_token", "client_id": "portal", "refresh_token": "held"}
    assert (await node.http.post("/oauth2/token", data=renew)).json()["access_token"]
    await node.http.post("/oauth2/revoke", data={"token": "held"})
    assert json.loads(catalog.asked("/internal/signin/end")[0].body) == {"session": "held"}


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_id": "elsewhere"}, "invalid_client"),
        ({"redirect_uri": "http://evil.example/signin/callback"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"state": "short"}, "invalid_request"),
    ],
)
async def test_what_is_asked_for_wrongly_goes_nowhere(node, changed, error):
    response = await node.http.get("/oauth2/authorize", params=ASKED | changed)
    assert response.json()["error"] == error
    assert "location" not in response.headers


@pytest.mark.parametrize(("outcome", "status"), [("wrong", 401), ("barred", 403)])
async def test_no_code_without_the_right_password(node, outcome, status):
    node.services["catalog"].answers["POST /internal/signin/code"] = say(200, {"outcome": outcome})
    form = {"asked": await asked(node), "account": "lisi", "password": "p"}
    response = await node.http.post("/oauth2/sign-in", data=form)
    assert (response.status_code, response.json()["error"]) == (status, "access_denied")


async def test_a_form_that_was_not_asked_for_is_refused_and_no_token_passes_for_one(node):
    for sealed in ("", "nonsense", node.parts.tokens.issue("off-one")):
        form = {"asked": sealed, "account": "lisi", "password": "p"}
        response = await node.http.post("/oauth2/sign-in", data=form)
        assert response.json()["error"] == "invalid_request"
    assert node.services["catalog"].seen == []


async def test_what_is_asked_for_is_no_access_token(node):
    told = {"authorization": f"Bearer {await asked(node)}"}
    assert (await node.get("/v1/me", **told)).status_code == 401


async def test_a_used_code_and_an_ended_session_give_no_token(node):
    catalog = node.services["catalog"]
    catalog.answers["POST /internal/signin/session"] = say(200, None)
    catalog.answers["POST /internal/signin/renewal"] = say(401, {})
    for grant in ("authorization_code", "refresh_token"):
        form = {"grant_type": grant, "client_id": "portal", "code": "k", "refresh_token": "r"}
        response = await node.http.post("/oauth2/token", data=form)
        assert response.json()["error"] == "invalid_grant"


async def test_a_password_is_set_by_whoever_has_the_secret(node):
    catalog = node.services["catalog"]
    form = {"client_id": "off-one", "client_secret": "s", "account": "Lisi", "password": "p"}
    catalog.answers["POST /internal/credentials/verification"] = say(401, {})
    assert (await node.http.post("/oauth2/password", data=form)).status_code == 401
    assert catalog.asked("/internal/signin/password") == []
    catalog.answers["POST /internal/credentials/verification"] = say(200, {"client_id": "off-one"})
    catalog.answers["POST /internal/signin/password"] = say(204, None)
    assert (await node.http.post("/oauth2/password", data=form)).json() == {"account": "lisi"}
    catalog.answers["POST /internal/signin/password"] = say(422, {"detail": "口令至少 10 位"})
    refused = await node.http.post("/oauth2/password", data=form)
    assert refused.json()["title"] == "口令至少 10 位"
