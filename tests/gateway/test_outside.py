"""An OIDC issuer outside: what it signed is believed, anything like it is not; officers sign in there."""

import base64
import hashlib
import hmac
import json
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm
from pydantic import ValidationError
from support.gateway_harness import KEY, TOKEN_KEY, furnish, say, served, world
from support.issuer import AUDIENCE, CLIENT, RSA, SECRET, Issuer, public
from zhengshu_gateway.errors import IssuerAway, TokenInvalid
from zhengshu_gateway.outside import Outside, usable
from zhengshu_gateway.settings import GatewaySettings

PORTAL = "http://portal.example"
STATE = "s" * 16
ASKED = {
    "response_type": "code",
    "client_id": "portal",
    "code_challenge": "c" * 43,
    "code_challenge_method": "S256",
    "state": STATE,
}
MAPPED = "POST /internal/credentials/subject"
SIGNED_IN = "POST /internal/signin/outside"
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SIGN_IN = {"oidc_client_id": CLIENT, "oidc_client_secret": SECRET}


def given(url: str, **more) -> GatewaySettings:
    """Settings with an issuer outside."""
    names = ("catalog", "sharing", "opening", "audit", "commission")
    told = {f"{name}_url": "http://127.0.0.1:1" for name in names} | {
        f"{name}_key": KEY for name in names
    }
    told |= {"issuer": "http://node", "token_key": TOKEN_KEY, "integrators_key": KEY}
    told |= {"port": 0, "mode": "serve", "log_level": "INFO", "nats_url": "nats://127.0.0.1:1"}
    told |= {"nats_user": "gateway", "nats_password": KEY, "oidc_retry": 0.0}
    return GatewaySettings(**(told | {"oidc_issuer": url, "oidc_audience": AUDIENCE} | more))


@pytest.fixture
async def issuer():
    made = Issuer()
    async with served(made) as url:
        made.url = url
        yield made


@pytest.fixture
async def outside(issuer):
    made = Outside(given(issuer.url, **SIGN_IN))
    yield made
    await made.close()


def confused(issuer: Issuer) -> str:
    """A token whose HMAC key is the published public key."""
    head = {"alg": "HS256", "kid": "k1", "typ": "JWT"}
    parts = [
        base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=")
        for each in (head, issuer.claims())
    ]
    text = b".".join(parts)
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    mac = hmac.new(pem, text, hashlib.sha256).digest()
    return (text + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


BAD = {
    "no algorithm": lambda one: one.token(None, "none"),
    "algorithm confusion": confused,
    "another algorithm of the same key": lambda one: one.token(algorithm="RS512"),
    "another key of the same name": lambda one: one.token(OTHER),
    "an unknown key": lambda one: one.token(OTHER, kid="k9"),
    "another audience": lambda one: one.token(aud="elsewhere"),
    "an ID token": lambda one: one.token(aud=CLIENT, nonce="n"),
    "another issuer": lambda one: one.token(iss="https://elsewhere.example"),
    "an issuer that begins alike": lambda one: one.token(iss=f"{one.url}/"),
    "expired": lambda one: one.token(exp=int(time.time()) - 1),
    "not yet": lambda one: one.token(nbf=int(time.time()) + 60),
    "no expiry": lambda one: one.token(exp=None),
    "no audience": lambda one: one.token(aud=None),
    "half": lambda one: one.token()[:60],
}


class TestTokens:
    async def test_a_genuine_one_is_believed(self, issuer, outside):
        token = issuer.token()
        assert outside.issued(token)
        assert (await outside.access(token))["sub"] == "u-1"

    @pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
    async def test_anything_else_is_not(self, issuer, outside, bad):
        with pytest.raises(TokenInvalid):
            await outside.access(bad(issuer))

    @pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
    async def test_other_kinds_of_key_do_as_well(self, issuer, outside, algorithm):
        if algorithm == "ES256":
            key = ec.generate_private_key(ec.SECP256R1())
            jwk = json.loads(ECAlgorithm.to_jwk(key.public_key()))
        else:
            key = ed25519.Ed25519PrivateKey.generate()
            jwk = json.loads(OKPAlgorithm.to_jwk(key.public_key()))
        issuer.keys.append(jwk | {"kid": "k2"})
        assert await outside.access(issuer.token(key, algorithm, "k2"))

    async def test_an_algorithm_that_is_not_allowed_is_refused(self, issuer):
        strict = Outside(given(issuer.url, oidc_algorithms=("ES256",)))
        with pytest.raises(TokenInvalid):
            await strict.access(issuer.token())
        await strict.close()

    async def test_keys_for_other_uses_short_or_secret_ones_verify_nothing(self):
        short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
        published = [
            public("enc", use="enc"),
            public("other", alg="RS512"),
            public("short", short),
            {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
            {"kty": "RSA", "kid": "broken", "n": "A"},
        ]
        assert usable({"keys": published}, ("RS256", "ES256", "EdDSA")) == {}


class TestKeys:
    async def test_a_rotated_key_is_found_and_a_removed_one_verifies_no_more(self, issuer):
        quick = Outside(given(issuer.url, oidc_refresh=0.0))
        await quick.access(issuer.token())
        issuer.keys = [public("k2", OTHER)]
        assert await quick.access(issuer.token(OTHER, kid="k2"))
        with pytest.raises(TokenInvalid):
            await quick.access(issuer.token())
        await quick.close()

    async def test_unknown_names_do_not_make_the_node_ask_again_and_again(self, issuer):
        slow = Outside(given(issuer.url, oidc_retry=600.0))
        for number in range(5):
            with pytest.raises(TokenInvalid):
                await slow.access(issuer.token(OTHER, kid=f"x{number}"))
        assert issuer.asked.count("/keys") == 1
        await slow.close()

    async def test_they_are_good_for_a_while_without_the_issuer_and_then_no_more(
        self, issuer, outside, monkeypatch
    ):
        await outside.access(issuer.token())
        issuer.down = True
        assert await outside.access(issuer.token(sub="u-2"))
        monkeypatch.setattr(outside, "_fetched", time.monotonic() - 3601)
        with pytest.raises(IssuerAway):
            await outside.access(issuer.token(sub="u-3"))
        issuer.down = False
        assert await outside.access(issuer.token(sub="u-3"))

    async def test_without_any_nobody_is_let_in(self, issuer, outside):
        issuer.down = True
        with pytest.raises(IssuerAway):
            await outside.access(issuer.token())

    @pytest.mark.parametrize(
        "told", [{"issuer": "https://elsewhere.example"}, {"jwks_uri": "http://far.example/keys"}]
    )
    async def test_a_configuration_of_somebody_else_is_not_taken(self, issuer, outside, told):
        issuer.told = told
        with pytest.raises(IssuerAway):
            await outside.access(issuer.token())


@pytest.mark.parametrize(
    "more",
    [
        {"oidc_client_id": CLIENT},
        {"oidc_issuer": None} | SIGN_IN,
        SIGN_IN | {"oidc_audience": CLIENT},
        {"oidc_algorithms": ("HS256",)},
        {"oidc_algorithms": ("none",)},
    ],
)
def test_unsound_settings_do_not_start(more):
    with pytest.raises(ValidationError):
        given("https://issuer.example", **more)


def test_an_issuer_in_the_clear_does_not_start():
    with pytest.raises(ValueError, match="https"):
        Outside(given("http://issuer.example"))


@pytest.fixture(scope="module")
async def joined(nats_server):
    await nats_server.provision()
    issuer = Issuer()
    async with served(issuer) as url:
        issuer.url = url
        told = {"oidc_issuer": url, "oidc_audience": AUDIENCE, "portal_url": PORTAL}
        async with world(nats_server, **told, **SIGN_IN) as made:
            await furnish(made)
            yield made, issuer


@pytest.fixture
def node(joined):
    made, _ = joined
    for service in made.services.values():
        service.seen.clear()
        service.answers.clear()
    return made


@pytest.fixture
def outer(joined):
    return joined[1]


async def test_a_token_from_outside_opens_a_route_for_its_client(node, outer):
    catalog = node.services["catalog"]
    catalog.answers[MAPPED] = say(200, {"client_id": "sys-reader"})
    bearer = {"Authorization": f"Bearer {outer.token(sub='outside-1')}"}
    await node.beat()
    for _ in range(2):
        assert (await node.http.get("/v1/organizations", headers=bearer)).status_code == 200
    (asked,) = catalog.asked("/internal/credentials/subject")
    assert json.loads(asked.body) == {"issuer": outer.url, "subject": "outside-1"}
    assert [each.identity.principal.id for each in catalog.asked("/v1/organizations")] == [
        "sys-reader"
    ] * 2


async def test_a_stranger_is_told_what_to_do(node, outer):
    node.services["catalog"].answers[MAPPED] = say(401, {})
    bearer = {"Authorization": f"Bearer {outer.token(sub='stranger')}"}
    response = await node.http.get("/v1/organizations", headers=bearer)
    assert (response.status_code, response.json()["type"]) == (401, "/problems/subject-unknown")
    assert "subject" in response.json()["next"]


async def test_a_forged_one_is_not_even_asked_about(node, outer):
    bearer = {"Authorization": f"Bearer {outer.token(OTHER)}"}
    response = await node.http.get("/v1/organizations", headers=bearer)
    assert response.json()["type"] == "/problems/token-invalid"
    assert node.services["catalog"].seen == []


async def leave(node) -> str:
    """Begin a sign-in; where the browser is sent."""
    response = await node.http.get("/oauth2/authorize", params=ASKED)
    assert response.status_code == 302
    return response.headers["location"]


async def come_back(node, carried) -> dict[str, str]:
    """Return from the issuer; what the browser takes on to the portal."""
    response = await node.http.get("/oauth2/callback", params=carried)
    assert response.status_code == 302, response.text
    place = urlsplit(response.headers["location"])
    assert f"{place.scheme}://{place.netloc}{place.path}" == f"{PORTAL}/signin/callback"
    told = {name: values[0] for name, values in parse_qs(place.query).items()}
    assert told["state"] == STATE
    return told


class TestSignIn:
    async def test_there_and_back_to_a_code_of_ours(self, node, outer):
        catalog = node.services["catalog"]
        catalog.answers[SIGNED_IN] = say(200, {"outcome": "accepted", "code": "k"})
        place = await leave(node)
        asked = parse_qs(urlsplit(place).query)
        assert place.startswith(f"{outer.url}/authorize?")
        assert asked["redirect_uri"] == ["http://node/oauth2/callback"]
        assert asked["scope"] == ["openid"]
        told = await come_back(node, outer.sign_in(place))
        assert told["code"] == "k"
        (seen,) = catalog.asked("/internal/signin/outside")
        body = json.loads(seen.body)
        assert (body["issuer"], body["subject"]) == (outer.url, "u-1")
        assert body["challenge"] == ASKED["code_challenge"]

    @pytest.mark.parametrize(
        "changed",
        [
            {"nonce": "another"},
            {"nonce": None},
            {"aud": AUDIENCE},
            {"aud": [CLIENT, "elsewhere"]},
            {"azp": "elsewhere"},
            {"exp": int(time.time()) - 1},
            {"iss": "https://elsewhere.example"},
        ],
    )
    async def test_an_id_token_for_something_else_gives_none(self, node, outer, changed):
        told = await come_back(node, outer.sign_in(await leave(node), **changed))
        assert told["error"] == "access_denied"
        assert node.services["catalog"].seen == []

    async def test_a_code_replayed_or_of_another_sign_in_gives_none(self, node, outer):
        catalog = node.services["catalog"]
        catalog.answers[SIGNED_IN] = say(200, {"outcome": "accepted", "code": "k"})
        carried = outer.sign_in(await leave(node))
        assert (await come_back(node, carried))["code"] == "k"
        assert (await come_back(node, carried))["error"] == "access_denied"
        mixed = outer.sign_in(await leave(node)) | {
            "state": outer.sign_in(await leave(node))["state"]
        }
        assert (await come_back(node, mixed))["error"] == "access_denied"
        assert len(catalog.asked("/internal/signin/outside")) == 1

    @pytest.mark.parametrize("outcome", ["unregistered", "repeated"])
    async def test_who_catalog_does_not_let_in_is_told_why(self, node, outer, outcome):
        node.services["catalog"].answers[SIGNED_IN] = say(200, {"outcome": outcome, "code": None})
        told = await come_back(node, outer.sign_in(await leave(node)))
        assert ("登记" if outcome == "unregistered" else "重新登录") in told["error_description"]

    async def test_who_gives_up_outside_comes_back_without_a_code(self, node, outer):
        state = outer.sign_in(await leave(node))["state"]
        told = await come_back(node, {"error": "access_denied", "state": state})
        assert told["error"] == "access_denied"

    async def test_a_state_that_is_not_ours_goes_nowhere(self, node, outer):
        for state in ("", "nonsense", node.parts.tokens.issue("off-competent")):
            response = await node.http.get("/oauth2/callback", params={"code": "x", "state": state})
            assert response.json()["error"] == "invalid_request"
            assert "location" not in response.headers
