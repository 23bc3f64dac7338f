"""Tokens: issued for the right secret alone; anything but our own live signature is refused."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from support.gateway_harness import READER, TOKEN_KEY, client, say
from zhengshu_contracts.policy import client_key
from zhengshu_gateway.errors import TokenInvalid
from zhengshu_gateway.tokens import Tokens, named, private_key, public_jwk
from zhengshu_verify import keys

CHECK = "POST /internal/credentials/verification"
ASSERTED = "POST /internal/credentials/assertion"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
GRANT = {"grant_type": "client_credentials"}
PATH = "/v1/organizations"


def accept(node, name):
    service = "opening" if name.startswith("app-") else "catalog"
    node.services[service].answers[CHECK] = say(200, {"client_id": name})
    return node.services[service]


class TestIssue:
    async def test_by_basic_and_the_token_opens_a_route(self, node):
        owner = accept(node, "sys-reader")
        response = await node.http.post("/oauth2/token", data=GRANT, auth=("sys-reader", "s3:cret"))
        told = response.json()
        assert (response.status_code, told["token_type"], told["expires_in"]) == (
            200,
            "Bearer",
            900,
        )
        assert response.headers["cache-control"] == "no-store"
        (asked,) = owner.seen
        assert json.loads(asked.body) == {"client_id": "sys-reader", "client_secret": "s3:cret"}
        assert asked.identity.principal.kind == "gateway"
        bearer = {"Authorization": f"Bearer {told['access_token']}"}
        assert (await node.http.get(PATH, headers=bearer)).status_code == 200

    async def test_by_form_and_from_the_service_that_registered_the_client(self, node):
        record = client("app-one", READER)
        await node.put(client_key("opening", "app-one"), record)
        owner = accept(node, "app-one")
        form = GRANT | {"client_id": "app-one", "client_secret": "x"}
        assert (await node.http.post("/oauth2/token", data=form)).status_code == 200
        assert len(owner.seen) == 1

    async def test_a_client_registered_this_moment_is_known_when_it_has_its_token(self, node):
        accept(node, "sys-new")
        asking = asyncio.create_task(
            node.http.post("/oauth2/token", data=GRANT, auth=("sys-new", "x"))
        )
        await asyncio.sleep(0.2)
        await node.put(client_key("catalog", "sys-new"), client("sys-new", READER))
        told = (await asking).json()
        bearer = {"Authorization": f"Bearer {told['access_token']}"}
        assert (await node.http.get(PATH, headers=bearer)).status_code == 200

    @pytest.mark.parametrize(
        ("form", "auth", "status", "error"),
        [
            (GRANT, ("sys-reader", "wrong"), 401, "invalid_client"),
            (GRANT, None, 401, "invalid_client"),
            ({"grant_type": "password"}, ("sys-reader", "x"), 400, "unsupported_grant_type"),
            (
                GRANT | {"client_id": "a", "client_secret": "b"},
                ("sys-reader", "x"),
                400,
                "invalid_request",
            ),
        ],
    )
    async def test_refusals_are_as_rfc_6749_says(self, node, form, auth, status, error):
        node.services["catalog"].answers[CHECK] = say(401, {"type": "/problems/credentials-wrong"})
        response = await node.http.post("/oauth2/token", data=form, auth=auth)
        told = response.json()
        assert (response.status_code, told["error"]) == (status, error)
        assert told["type"] == f"/problems/{error.replace('_', '-')}"
        assert (status == 401) == ("www-authenticate" in response.headers)

    async def test_by_an_assertion_that_its_owner_believes(self, node):
        catalog = node.services["catalog"]
        catalog.answers[ASSERTED] = say(200, {"client_id": "sys-reader"})
        assertion = jwt.encode({"sub": "sys-reader", "iss": "sys-reader"}, OTHER, "EdDSA")
        form = GRANT | {"client_assertion_type": JWT_BEARER, "client_assertion": assertion}
        response = await node.http.post("/oauth2/token", data=form)
        assert response.status_code == 200
        (asked,) = catalog.seen
        audiences = ["http://node", "http://node/oauth2/token"]
        assert json.loads(asked.body) == {"assertion": assertion, "audiences": audiences}
        bearer = {"Authorization": f"Bearer {response.json()['access_token']}"}
        assert (await node.http.get(PATH, headers=bearer)).status_code == 200

    @pytest.mark.parametrize(
        ("more", "error"),
        [
            ({"client_assertion_type": "elsewhere"}, "invalid_request"),
            ({"client_assertion": "nonsense"}, "invalid_client"),
            ({"client_id": "sys-other"}, "invalid_client"),
            ({"client_secret": "x"}, "invalid_request"),
            ({}, "invalid_client"),
        ],
    )
    async def test_assertions_are_refused_as_rfc_7521_says(self, node, more, error):
        node.services["catalog"].answers[ASSERTED] = say(401, {})
        assertion = jwt.encode({"sub": "sys-reader"}, OTHER, "EdDSA")
        form = GRANT | {"client_assertion_type": JWT_BEARER, "client_assertion": assertion} | more
        response = await node.http.post("/oauth2/token", data=form)
        assert response.json()["error"] == error

    async def test_one_client_is_not_let_in_on_the_word_of_another(self, node):
        node.services["catalog"].answers[ASSERTED] = say(200, {"client_id": "sys-provider"})
        assertion = jwt.encode({"sub": "sys-reader"}, OTHER, "EdDSA")
        form = GRANT | {"client_assertion_type": JWT_BEARER, "client_assertion": assertion}
        assert (await node.http.post("/oauth2/token", data=form)).status_code == 401

    async def test_a_member_given_twice_is_refused(self, node):
        body = "grant_type=client_credentials&grant_type=client_credentials"
        told = {"Content-Type": "application/x-www-form-urlencoded"}
        response = await node.http.post("/oauth2/token", content=body, headers=told)
        assert response.json()["error"] == "invalid_request"

    async def test_a_locked_client_gets_none(self, node):
        await node.put(client_key("catalog", "sys-out"), client("sys-out", READER, locked=True))
        accept(node, "sys-out")
        response = await node.http.post("/oauth2/token", data=GRANT, auth=("sys-out", "x"))
        assert response.json()["error"] == "invalid_client"

    async def test_an_owner_that_fails_is_no_permission(self, node):
        node.services["catalog"].answers[CHECK] = say(500, {})
        response = await node.http.post("/oauth2/token", data=GRANT, auth=("sys-reader", "x"))
        assert (response.status_code, response.json()["error"]) == (503, "temporarily_unavailable")

    async def test_keys_are_published_without_their_secret(self, node):
        told = (await node.http.get("/.well-known/jwks.json")).json()
        (key,) = told["keys"]
        assert (key["kty"], key["crv"], key["alg"], "d" in key) == (
            "OKP",
            "Ed25519",
            "EdDSA",
            False,
        )


KEY = private_key(TOKEN_KEY)
KID = public_jwk(KEY.public_key())["kid"]
OTHER = keys.generate()


def claims(**changed):
    now = int(time.time())
    plain = {
        "iss": "http://node",
        "sub": "sys-reader",
        "aud": "zhengshu",
        "iat": now,
        "exp": now + 60,
        "jti": "t-1",
    }
    return {name: value for name, value in (plain | changed).items() if value is not None}


def signed(key=KEY, algorithm="EdDSA", kid=KID, typ="at+jwt", **changed):
    return jwt.encode(claims(**changed), key, algorithm=algorithm, headers={"kid": kid, "typ": typ})


def confused():
    """A token whose HMAC key is our public key, as algorithm confusion has it."""
    header = {"alg": "HS256", "typ": "at+jwt", "kid": KID}
    parts = [
        base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=")
        for each in (header, claims())
    ]
    text = b".".join(parts)
    public = KEY.public_key().public_bytes_raw()
    mac = hmac.new(public, text, hashlib.sha256).digest()
    return (text + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


def tampered():
    head, _, signature = signed().split(".")
    forged = base64.urlsafe_b64encode(json.dumps(claims(sub="off-competent")).encode())
    return f"{head}.{forged.rstrip(b'=').decode()}.{signature}"


BAD = {
    "another key": lambda: signed(OTHER),
    "another key under its own name": lambda: signed(
        OTHER, kid=public_jwk(OTHER.public_key())["kid"]
    ),
    "no algorithm": lambda: signed(None, "none"),
    "algorithm confusion": confused,
    "expired": lambda: signed(exp=int(time.time()) - 1),
    "no expiry": lambda: signed(exp=None),
    "another audience": lambda: signed(aud="elsewhere"),
    "several audiences": lambda: signed(aud=["zhengshu", "elsewhere"]),
    "another issuer": lambda: signed(iss="http://elsewhere"),
    "not yet issued": lambda: signed(iat=int(time.time()) + 600),
    "nobody": lambda: signed(sub=None),
    "another type": lambda: signed(typ="JWT"),
    "changed": tampered,
    "half": lambda: signed()[: len(signed()) // 2],
    "nonsense": lambda: "nonsense",
}


@pytest.mark.parametrize("fault", list(BAD))
async def test_a_bad_token_opens_nothing(node, fault):
    response = await node.get(PATH, authorization=f"Bearer {BAD[fault]()}")
    assert (response.status_code, response.json()["type"]) == (401, "/problems/token-invalid")
    assert response.headers["www-authenticate"].startswith("Bearer")


async def test_the_good_token_beside_them_opens(node):
    assert (await node.get(PATH, authorization=f"Bearer {signed()}")).status_code == 200


async def test_another_scheme_is_no_token(node):
    assert (await node.get(PATH, authorization="Basic YTpi")).status_code == 401


class TestEndings:
    """What ends a client's tokens before their time reaches the gateway with the client's record."""

    async def test_tokens_of_before_are_refused_and_later_ones_are_not(self, node):
        old = node.bearer("sys-reader")
        assert (await node.http.get(PATH, headers=old)).status_code == 200
        ended = client("sys-reader", READER, not_before=datetime.now(UTC))
        await node.put(client_key("catalog", "sys-reader"), ended)
        refused = await node.http.get(PATH, headers=old)
        assert (refused.status_code, refused.json()["type"]) == (401, "/problems/token-invalid")
        new = node.bearer("sys-reader")
        assert (await node.http.get(PATH, headers=new)).status_code == 200
        await node.put(client_key("catalog", "sys-reader"), client("sys-reader", READER))

    async def test_a_token_counts_as_issued_when_its_proof_was_begun(self, node):
        catalog = node.services["catalog"]
        judged = say(200, {"client_id": "sys-reader"})
        ended = client("sys-reader", READER, not_before=datetime.now(UTC) + timedelta(seconds=0.1))

        async def slowly(seen, send):
            await asyncio.sleep(0.2)
            await node.put(client_key("catalog", "sys-reader"), ended)
            await judged(seen, send)

        catalog.answers[CHECK] = slowly
        told = (await node.http.post("/oauth2/token", data=GRANT, auth=("sys-reader", "x"))).json()
        bearer = {"Authorization": f"Bearer {told['access_token']}"}
        assert (await node.http.get(PATH, headers=bearer)).status_code == 401
        await node.put(client_key("catalog", "sys-reader"), client("sys-reader", READER))


class TestChangeover:
    def tokens(self, node, **settings):
        given = node.parts.settings.model_copy(update=settings)
        return Tokens(given)

    async def test_tokens_of_the_key_before_are_accepted(self, node):
        old = named(keys.public_jwk(OTHER.public_key()))
        tokens = self.tokens(node, accepted_keys=(old,))
        assert tokens.client(signed(OTHER, kid=old["kid"])) == "sys-reader"
        assert old in tokens.published

    async def test_a_key_that_is_only_published_signs_no_tokens(self, node):
        receipts = named(keys.public_jwk(OTHER.public_key()))
        tokens = self.tokens(node, published_keys=(receipts,))
        assert receipts in tokens.published
        with pytest.raises(TokenInvalid):
            tokens.client(signed(OTHER, kid=receipts["kid"]))

    async def test_a_private_key_is_never_published(self, node):
        with pytest.raises(ValueError, match="public"):
            self.tokens(node, published_keys=(keys.private_jwk(OTHER),))

    async def test_a_remembered_token_expires_too(self, node, monkeypatch):
        tokens = self.tokens(node)
        token = tokens.issue("sys-reader")
        assert tokens.client(token) == "sys-reader"
        later = time.time() + 1000
        monkeypatch.setattr(time, "time", lambda: later)
        with pytest.raises(TokenInvalid):
            tokens.client(token)
