"""Assertions and signed headers count once and are refused for any fault; departments are apart."""

import hashlib
import hmac
import json
import time
from base64 import b64encode, urlsafe_b64encode

import jwt
import pytest
from catalog.harness import ADMINISTRATOR, GATEWAY, Catalog, manager
from catalog.samples import CIVIL, EDUCATION, officer
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from zhengshu_chassis import signature
from zhengshu_verify import keys

SYSTEM = {"organization": CIVIL, "name": "救助系统"}
ASSERTION, SIGNATURE = "/internal/credentials/assertion", "/internal/credentials/signature"
NODE = "http://node"
AUDIENCES = [NODE, f"{NODE}/oauth2/token"]
KEY = keys.generate()
OTHER = keys.generate()


@pytest.fixture
async def system(catalog: Catalog) -> dict[str, str]:
    made = await catalog.done("POST", "/v1/systems", SYSTEM, by=ADMINISTRATOR)
    return made["credentials"]


class TestReach:
    @pytest.mark.parametrize(
        ("method", "what", "body"),
        [
            ("PUT", "keys", {"keys": []}),
            ("POST", "signing-key", None),
            ("PUT", "subject", {"issuer": "https://id.example", "subject": "u-1"}),
        ],
    )
    async def test_another_departments_clients_are_not_there(
        self, catalog: Catalog, system, method, what, body
    ):
        path = f"/v1/clients/{system['client_id']}/{what}"
        refusal = await catalog.refused(method, path, body, by=manager(EDUCATION))
        assert refusal == ("client-not-found", 404)
        assert await catalog.refused(method, path, body, by=officer()) == ("not-admitted", 403)

    async def test_a_department_locks_and_registers_its_own_alone(self, catalog: Catalog, system):
        path = f"/v1/clients/{system['client_id']}/lock"
        body = {"reason": "停用"}
        refusal = await catalog.refused("POST", path, body, by=manager(EDUCATION))
        assert refusal == ("client-not-found", 404)
        assert (await catalog.done("POST", path, body, by=manager()))["locked"]
        given = {"organization": CIVIL, "name": "李四", "roles": ["data_officer"]}
        await catalog.done("POST", "/v1/officers", given, by=manager())
        refusal = await catalog.refused("POST", "/v1/officers", given, by=manager(EDUCATION))
        assert refusal == ("organization-not-found", 404)

    async def test_lists_end_at_the_department(self, catalog: Catalog, system):
        own = await catalog.done("GET", "/v1/clients", by=manager())
        assert [one["id"] for one in own["clients"]] == [system["client_id"]]
        other = await catalog.done("GET", "/v1/clients", by=manager(EDUCATION))
        assert other["clients"] == []
        assert len((await catalog.done("GET", "/v1/clients", by=ADMINISTRATOR))["clients"]) == 1


def claims(client: str, **changed):
    now = int(time.time())
    plain = {"iss": client, "sub": client, "aud": NODE, "exp": now + 60, "jti": "j-1"}
    return {name: value for name, value in (plain | changed).items() if value is not None}


def signed(client: str, key=KEY, algorithm="EdDSA", kid="k1", **changed) -> str:
    return jwt.encode(claims(client, **changed), key, algorithm=algorithm, headers={"kid": kid})


def confused(client: str) -> str:
    """An assertion whose HMAC key is the registered public key."""
    parts = [
        urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=")
        for each in ({"alg": "HS256", "kid": "k1"}, claims(client))
    ]
    text = b".".join(parts)
    mac = hmac.new(KEY.public_key().public_bytes_raw(), text, hashlib.sha256).digest()
    return (text + b"." + urlsafe_b64encode(mac).rstrip(b"=")).decode()


BAD = {
    "another key": lambda name: signed(name, OTHER),
    "an unknown key's name": lambda name: signed(name, kid="k2"),
    "no algorithm": lambda name: signed(name, None, "none"),
    "algorithm confusion": confused,
    "another algorithm": lambda name: signed(
        name, ec.generate_private_key(ec.SECP256R1()), "ES256"
    ),
    "expired": lambda name: signed(name, exp=int(time.time()) - 1),
    "good for too long": lambda name: signed(name, exp=int(time.time()) + 3600),
    "good until a year that no calendar has": lambda name: signed(name, exp=10**20),
    "no expiry": lambda name: signed(name, exp=None),
    "no name of its own": lambda name: signed(name, jti=None),
    "another audience": lambda name: signed(name, aud="http://elsewhere"),
    "several audiences": lambda name: signed(name, aud=[NODE, "http://elsewhere"]),
    "no audience": lambda name: signed(name, aud=None),
    "another issuer": lambda name: signed(name, iss="sys-other"),
    "of somebody unknown": lambda _: signed("sys-other"),
    "half": lambda name: signed(name)[:40],
}


def asked(assertion: str):
    return {"assertion": assertion, "audiences": AUDIENCES}


class TestAssertion:
    @pytest.fixture
    async def client(self, catalog: Catalog, system) -> str:
        jwk = keys.public_jwk(KEY.public_key()) | {"kid": "k1"}
        path = f"/v1/clients/{system['client_id']}/keys"
        shown = await catalog.done("PUT", path, {"keys": [jwk]}, by=manager())
        assert shown["keys"] == ["k1"]
        return system["client_id"]

    async def test_counts_once(self, catalog: Catalog, client):
        body = asked(signed(client, aud=AUDIENCES[1]))
        assert await catalog.done("POST", ASSERTION, body, by=GATEWAY) == {"client_id": client}
        assert await catalog.refused("POST", ASSERTION, body, by=GATEWAY) == (
            "credentials-wrong",
            401,
        )
        await catalog.done("POST", ASSERTION, asked(signed(client, jti="j-2")), by=GATEWAY)

    @pytest.mark.parametrize("fault", list(BAD))
    async def test_a_bad_one_is_refused(self, catalog: Catalog, client, fault):
        body = asked(BAD[fault](client))
        refusal = await catalog.refused("POST", ASSERTION, body, by=GATEWAY)
        assert refusal == ("credentials-wrong", 401)
        await catalog.done("POST", ASSERTION, asked(signed(client)), by=GATEWAY)

    async def test_a_locked_client_and_a_key_taken_away_count_no_more(
        self, catalog: Catalog, client
    ):
        await catalog.database.execute("UPDATE clients SET locked = true")
        assert (await catalog.refused("POST", ASSERTION, asked(signed(client)), by=GATEWAY))[
            1
        ] == 401
        await catalog.database.execute("UPDATE clients SET locked = false")
        path = f"/v1/clients/{client}/keys"
        await catalog.done("PUT", path, {"keys": []}, by=ADMINISTRATOR)
        assert (await catalog.refused("POST", ASSERTION, asked(signed(client)), by=GATEWAY))[
            1
        ] == 401

    @pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256"])
    async def test_other_kinds_of_key_do_as_well(self, catalog: Catalog, system, algorithm):
        if algorithm == "ES256":
            key = ec.generate_private_key(ec.SECP256R1())
            jwk = json.loads(ECAlgorithm.to_jwk(key.public_key()))
        else:
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            jwk = json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"alg": algorithm}
        name = system["client_id"]
        shown = await catalog.done("PUT", f"/v1/clients/{name}/keys", {"keys": [jwk]}, by=manager())
        assertion = signed(name, key, algorithm, kid=shown["keys"][0])
        await catalog.done("POST", ASSERTION, asked(assertion), by=GATEWAY)


class TestKeys:
    @pytest.mark.parametrize(
        "jwk",
        [
            keys.private_jwk(KEY),
            {"kty": "oct", "k": "c2VjcmV0"},
            keys.public_jwk(KEY.public_key()) | {"alg": "HS256"},
            keys.public_jwk(KEY.public_key()) | {"x": "AAAA"},
            {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"},
            json.loads(
                RSAAlgorithm.to_jwk(
                    rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
                )
            ),
        ],
        ids=["private", "shared", "wrong algorithm", "broken", "wrong curve", "short"],
    )
    async def test_an_unfit_one_is_refused(self, catalog: Catalog, system, jwk):
        path = f"/v1/clients/{system['client_id']}/keys"
        refusal = await catalog.refused("PUT", path, {"keys": [jwk]}, by=manager())
        assert refusal == ("key-unfit", 422)


def sent(key: str, client: str, body: bytes | None = None, now: float | None = None):
    """What the gateway passes on of a request signed in the national form."""
    digest = signature.content_digest(body) if body else None
    told = signature.sign(
        key.encode(), requester=client, service="entry.read", digest=digest, now=now
    )
    return {
        "requester": told[signature.REQUESTER],
        "service": told[signature.SERVICE],
        "moment": told[signature.TIME],
        "sign": told[signature.SIGN],
        "digest": told.get(signature.DIGEST, ""),
    }


class TestHeaderSignature:
    @pytest.fixture
    async def key(self, catalog: Catalog, system) -> str:
        path = f"/v1/clients/{system['client_id']}/signing-key"
        made = await catalog.done("POST", path, by=manager())
        assert made["requester"] == system["client_id"]
        return made["key"]

    async def test_counts_once(self, catalog: Catalog, system, key):
        body = sent(key, system["client_id"], b"{}")
        told = await catalog.done("POST", SIGNATURE, body, by=GATEWAY)
        assert told == {"client_id": system["client_id"]}
        refusal = await catalog.refused("POST", SIGNATURE, body, by=GATEWAY)
        assert refusal == ("credentials-wrong", 401)

    async def test_of_another_key_moment_body_or_name_is_refused(
        self, catalog: Catalog, system, key
    ):
        name = system["client_id"]
        good = sent(key, name, b"{}")
        elsewhere = signature.content_digest(b"{ }")
        forged = b64encode(b"forged").decode()
        for bad in (
            good | {"digest": elsewhere},
            good | {"digest": ""},
            good | {"service": "entry.compile"},
            good | {"sign": forged},
            good | {"requester": "sys-other"},
            sent("another key", name),
            sent(key, name, now=time.time() - 301),
            sent(key, name, now=time.time() + 301),
        ):
            refusal = await catalog.refused("POST", SIGNATURE, bad, by=GATEWAY)
            assert refusal == ("credentials-wrong", 401)
        await catalog.done("POST", SIGNATURE, good, by=GATEWAY)

    async def test_a_new_key_leaves_the_old_one_good_for_the_overlap(
        self, catalog: Catalog, system, key
    ):
        name = system["client_id"]
        path = f"/v1/clients/{name}/signing-key"
        new = await catalog.done("POST", path, {"overlap_hours": 2}, by=manager())
        assert new["previous_until"]
        for each in (key, new["key"]):
            await catalog.done("POST", SIGNATURE, sent(each, name), by=GATEWAY)
        await catalog.database.execute("UPDATE header_signers SET previous_until = now()")
        assert (await catalog.refused("POST", SIGNATURE, sent(key, name), by=GATEWAY))[1] == 401
        newest = await catalog.done("POST", path, by=manager())
        assert (await catalog.refused("POST", SIGNATURE, sent(key, name), by=GATEWAY))[1] == 401
        for each in (new["key"], newest["key"]):
            moment = time.time() - 1  # not the moment of before: a signature counts once
            await catalog.done("POST", SIGNATURE, sent(each, name, now=moment), by=GATEWAY)

    async def test_without_an_overlap_it_ends_the_old_one_and_neither_is_kept(
        self, catalog: Catalog, system, key
    ):
        name = system["client_id"]
        path = f"/v1/clients/{name}/signing-key"
        new = await catalog.done("POST", path, {"overlap_hours": 0}, by=manager())
        assert new["key"] != key
        assert (await catalog.refused("POST", SIGNATURE, sent(key, name), by=GATEWAY))[1] == 401
        await catalog.done("POST", SIGNATURE, sent(new["key"], name), by=GATEWAY)
        for table in ("clients", "outbox", "idempotency"):
            kept = str(await catalog.database.fetch(f"SELECT * FROM {table}"))
            assert key not in kept
            assert new["key"] not in kept

    async def test_people_have_none(self, catalog: Catalog):
        body = {"organization": CIVIL, "name": "李四", "roles": ["data_officer"]}
        made = await catalog.done("POST", "/v1/officers", body, by=ADMINISTRATOR)
        path = f"/v1/clients/{made['id']}/signing-key"
        assert await catalog.refused("POST", path, by=manager()) == ("not-a-system", 409)


class TestEndings:
    """Whatever takes a proof away ends the tokens it gave."""

    async def ended(self, catalog: Catalog, client: str) -> str | None:
        """Until when the gateway is told to refuse a client's tokens."""
        told = await catalog.announced(f"$KV.policy.catalog.client.{client}")
        return told[-1][1].get("not_before")

    async def test_a_secret_replaced_without_an_overlap(self, catalog: Catalog, system):
        name = system["client_id"]
        path = f"/v1/clients/{name}/credential"
        await catalog.done("POST", path, {"overlap_hours": 1}, by=manager())
        assert await self.ended(catalog, name) is None
        await catalog.done("POST", path, {"overlap_hours": 0}, by=manager())
        assert await self.ended(catalog, name)

    async def test_a_key_taken_away_but_not_one_added(self, catalog: Catalog, system):
        name, path = system["client_id"], f"/v1/clients/{system['client_id']}/keys"
        first, second = (
            keys.public_jwk(key.public_key()) | {"kid": kid}
            for key, kid in ((KEY, "k1"), (OTHER, "k2"))
        )
        await catalog.done("PUT", path, {"keys": [first]}, by=manager())
        await catalog.done("PUT", path, {"keys": [first, second]}, by=manager())
        assert await self.ended(catalog, name) is None
        await catalog.done("PUT", path, {"keys": [second]}, by=manager())
        assert await self.ended(catalog, name)

    async def test_an_identity_outside_replaced(self, catalog: Catalog, system):
        name, path = system["client_id"], f"/v1/clients/{system['client_id']}/subject"
        who = {"issuer": "https://id.example", "subject": "u-1"}
        await catalog.done("PUT", path, who, by=manager())
        await catalog.done("PUT", path, who, by=manager())
        assert await self.ended(catalog, name) is None
        await catalog.done("PUT", path, who | {"subject": "u-2"}, by=manager())
        assert await self.ended(catalog, name)


class TestSubject:
    ISSUER = "https://id.example"

    async def check(self, catalog: Catalog, subject="u-1", issuer=ISSUER):
        body = {"issuer": issuer, "subject": subject}
        return await catalog.send("POST", "/internal/credentials/subject", body, by=GATEWAY)

    async def test_names_one_client_until_it_is_taken_away(self, catalog: Catalog, system):
        name = system["client_id"]
        path, body = f"/v1/clients/{name}/subject", {"issuer": self.ISSUER, "subject": "u-1"}
        shown = await catalog.done("PUT", path, body, by=manager())
        assert shown["subjects"] == [body]
        assert (await self.check(catalog)).json() == {"client_id": name}
        assert (await self.check(catalog, issuer="https://other.example")).status_code == 401
        other = await catalog.done("POST", "/v1/systems", SYSTEM, by=ADMINISTRATOR)
        taken = f"/v1/clients/{other['id']}/subject"
        assert await catalog.refused("PUT", taken, body, by=manager()) == ("subject-taken", 409)
        await catalog.done("PUT", path, body | {"subject": "u-2"}, by=manager())
        assert (await self.check(catalog)).status_code == 401
        assert (await self.check(catalog, "u-2")).status_code == 200
        shown = await catalog.done("PUT", path, {"issuer": self.ISSUER}, by=manager())
        assert shown["subjects"] == []
        assert (await self.check(catalog, "u-2")).status_code == 401

    async def test_of_a_locked_client_is_nobody(self, catalog: Catalog, system):
        body = {"issuer": self.ISSUER, "subject": "u-1"}
        await catalog.done("PUT", f"/v1/clients/{system['client_id']}/subject", body, by=manager())
        await catalog.database.execute("UPDATE clients SET locked = true")
        assert (await self.check(catalog)).status_code == 401


async def test_spent_proofs_are_forgotten_when_they_are_too_old_anyway(
    catalog: Catalog, system: dict[str, str]
):
    await catalog.database.execute(
        "INSERT INTO spent_proofs VALUES ('old', now() - interval '1 s')"
    )
    path = f"/v1/clients/{system['client_id']}/signing-key"
    key = (await catalog.done("POST", path, by=manager()))["key"]
    await catalog.done("POST", SIGNATURE, sent(key, system["client_id"]), by=GATEWAY)
    kept = [row["id"] for row in await catalog.database.fetch("SELECT id FROM spent_proofs")]
    assert [each.partition(":")[0] for each in kept] == ["sign"]
