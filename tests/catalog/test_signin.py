"""Signing in: passwords, lockout, codes that count once with their verifier, sessions that end."""

import base64
import hashlib

import pytest
from catalog.harness import ADMINISTRATOR, GATEWAY, Catalog
from catalog.samples import CIVIL, officer
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import PrincipalKind

VERIFIER = "a-verifier-of-at-least-forty-three-characters-x"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)
PASSWORD = "correct-horse-7"
GIVEN = {"account": "lisi", "password": PASSWORD}


def at(what: str) -> str:
    return f"/internal/signin/{what}"


@pytest.fixture
async def lisi(catalog: Catalog) -> str:
    body = {"organization": CIVIL, "name": "李四", "roles": ["data_officer"]}
    made = await catalog.done("POST", "/v1/officers", body, by=ADMINISTRATOR)
    sent = await catalog.send("POST", at("password"), GIVEN | {"client_id": made["id"]}, by=GATEWAY)
    assert sent.status_code == 204
    return made["id"]


async def sign_in(catalog: Catalog, **changed: str):
    body = GIVEN | {"challenge": CHALLENGE} | changed
    return await catalog.done("POST", at("code"), body, by=GATEWAY)


async def begin(catalog: Catalog, code: str, verifier: str = VERIFIER):
    return await catalog.done(
        "POST", at("session"), {"code": code, "verifier": verifier}, by=GATEWAY
    )


class TestPassword:
    @pytest.mark.parametrize(
        "password", ["onlyletters", "1234567890", "lisi-secret-1", "aaaaaaaaa1"]
    )
    async def test_a_weak_one_is_refused(self, catalog: Catalog, lisi, password):
        body = {"client_id": lisi, "account": "lisi", "password": password}
        refusal = await catalog.refused("POST", at("password"), body, by=GATEWAY)
        assert refusal == ("password-weak", 422)

    async def test_a_name_belongs_to_one_officer(self, catalog: Catalog, lisi):
        body = {"organization": CIVIL, "name": "王五", "roles": ["office_head"]}
        made = await catalog.done("POST", "/v1/officers", body, by=ADMINISTRATOR)
        again = GIVEN | {"client_id": made["id"]}
        refusal = await catalog.refused("POST", at("password"), again, by=GATEWAY)
        assert refusal == ("account-taken", 409)

    async def test_systems_have_none(self, catalog: Catalog):
        body = {"organization": CIVIL, "name": "救助系统"}
        made = await catalog.done("POST", "/v1/systems", body, by=ADMINISTRATOR)
        given = GIVEN | {"client_id": made["id"]}
        refusal = await catalog.refused("POST", at("password"), given, by=GATEWAY)
        assert refusal == ("not-an-officer", 409)

    async def test_it_is_kept_as_argon2id_and_a_new_one_ends_sessions(self, catalog: Catalog, lisi):
        stored = await catalog.database.fetchval("SELECT password FROM accounts")
        assert stored.startswith("$argon2id$")
        begun = await begin(catalog, (await sign_in(catalog))["code"])
        new = {"client_id": lisi, "account": "lisi", "password": "another-horse-8"}
        await catalog.send("POST", at("password"), new, by=GATEWAY)
        over = await catalog.refused(
            "POST", at("renewal"), {"session": begun["session"]}, by=GATEWAY
        )
        assert over == ("session-over", 401)
        assert (await sign_in(catalog))["outcome"] == "wrong"


class TestSignIn:
    async def test_leads_to_a_session_that_goes_on_until_it_is_ended(self, catalog: Catalog, lisi):
        code = (await sign_in(catalog, account=" Lisi "))["code"]
        begun = await begin(catalog, code)
        assert begun["client_id"] == lisi
        session = {"session": begun["session"]}
        renewed = await catalog.done("POST", at("renewal"), session, by=GATEWAY)
        assert renewed == {"client_id": lisi}
        await catalog.send("POST", at("end"), session, by=GATEWAY)
        assert (await catalog.refused("POST", at("renewal"), session, by=GATEWAY))[1] == 401

    async def test_out_of_it_ends_the_tokens_it_gave(self, catalog: Catalog, lisi):
        key = f"$KV.policy.catalog.client.{lisi}"
        begun = await begin(catalog, (await sign_in(catalog))["code"])
        before = await catalog.announced(key)
        await catalog.send("POST", at("end"), {"session": "nobody's"}, by=GATEWAY)
        assert await catalog.announced(key) == before
        await catalog.send("POST", at("end"), {"session": begun["session"]}, by=GATEWAY)
        (_, told) = (await catalog.announced(key))[-1]
        assert told["not_before"] > (before[-1][1]["not_before"] or "")

    async def test_a_code_counts_once_and_with_its_verifier_alone(self, catalog: Catalog, lisi):
        code = (await sign_in(catalog))["code"]
        assert await begin(catalog, code, "x" * 43) is None
        assert await begin(catalog, code) is None
        code = (await sign_in(catalog))["code"]
        assert await begin(catalog, code) is not None
        assert await begin(catalog, code) is None

    async def test_an_old_code_counts_no_more(self, catalog: Catalog, lisi):
        code = (await sign_in(catalog))["code"]
        await catalog.database.execute("UPDATE codes SET ends = now()")
        assert await begin(catalog, code) is None

    async def test_five_failures_bar_the_account_even_for_the_right_password(
        self, catalog: Catalog, lisi
    ):
        for _ in range(5):
            assert (await sign_in(catalog, password="wrong"))["outcome"] == "wrong"
        assert (await sign_in(catalog))["outcome"] == "barred"
        await catalog.database.execute("UPDATE accounts SET barred_until = now()")
        assert (await sign_in(catalog))["outcome"] == "accepted"

    async def test_unknown_and_locked_accounts_look_like_wrong_passwords(
        self, catalog: Catalog, lisi
    ):
        assert (await sign_in(catalog, account="nobody"))["outcome"] == "wrong"
        begun = await begin(catalog, (await sign_in(catalog))["code"])
        await catalog.database.execute("UPDATE clients SET locked = true")
        assert (await sign_in(catalog))["outcome"] == "wrong"
        session = {"session": begun["session"]}
        assert (await catalog.refused("POST", at("renewal"), session, by=GATEWAY))[1] == 401

    @pytest.mark.parametrize(
        "aged",
        ["seen = seen - interval '31 min'", "begun = begun - interval '11 h'"],
        ids=["idle", "long"],
    )
    async def test_a_session_ends_by_itself(self, catalog: Catalog, lisi, aged):
        begun = await begin(catalog, (await sign_in(catalog))["code"])
        await catalog.database.execute(f"UPDATE sessions SET {aged}")
        session = {"session": begun["session"]}
        assert (await catalog.refused("POST", at("renewal"), session, by=GATEWAY))[1] == 401

    async def test_nothing_a_browser_holds_is_stored(self, catalog: Catalog, lisi):
        code = (await sign_in(catalog))["code"]
        begun = await begin(catalog, code)
        for table in ("codes", "sessions", "accounts", "outbox"):
            kept = str(await catalog.database.fetch(f"SELECT * FROM {table}"))
            assert code not in kept
            assert begun["session"] not in kept
            assert PASSWORD not in kept


OUTSIDE = {"issuer": "https://id.example", "subject": "u-1", "challenge": CHALLENGE}


class TestOutside:
    async def sign_in(self, catalog: Catalog, state: str):
        return await catalog.done("POST", at("outside"), OUTSIDE | {"state": state}, by=GATEWAY)

    async def test_a_registered_officer_gets_a_code_once_for_each_state(self, catalog, lisi):
        assert (await self.sign_in(catalog, "s-0"))["outcome"] == "unregistered"
        who = {"issuer": OUTSIDE["issuer"], "subject": "u-1"}
        await catalog.done("PUT", f"/v1/clients/{lisi}/subject", who, by=ADMINISTRATOR)
        told = await self.sign_in(catalog, "s-1")
        assert (await begin(catalog, told["code"]))["client_id"] == lisi
        assert (await self.sign_in(catalog, "s-1"))["outcome"] == "repeated"
        await catalog.database.execute("UPDATE clients SET locked = true")
        assert (await self.sign_in(catalog, "s-2"))["outcome"] == "unregistered"

    async def test_systems_do_not_sign_in(self, catalog: Catalog):
        body = {"organization": CIVIL, "name": "救助系统"}
        made = await catalog.done("POST", "/v1/systems", body, by=ADMINISTRATOR)
        who = {"issuer": OUTSIDE["issuer"], "subject": "u-1"}
        await catalog.done("PUT", f"/v1/clients/{made['id']}/subject", who, by=ADMINISTRATOR)
        assert (await self.sign_in(catalog, "s-1"))["outcome"] == "unregistered"


async def test_who_am_i(catalog: Catalog, lisi):
    me = Principal(id=lisi, kind=PrincipalKind.OFFICER, organization=CIVIL, roles=officer().roles)
    told = await catalog.done("GET", "/v1/me", by=me)
    assert (told["name"], told["account"], told["role_labels"]) == ("李四", "lisi", ["数据专员"])


async def test_the_steps_are_for_the_gateway_alone(catalog: Catalog):
    for what in ("password", "code", "outside", "session", "renewal", "end"):
        body = {"session": "x", "code": "x", "verifier": "x"} | GIVEN | OUTSIDE
        body |= {"state": "s"}
        body |= {"challenge": CHALLENGE, "client_id": "off-1"}
        refusal = await catalog.send("POST", at(what), body, by=ADMINISTRATOR)
        assert refusal.status_code in (403, 422), what
