"""Organisations, systems, officers and their credentials over HTTP."""

import hashlib
import io
import json
import sys

import pytest
from catalog.harness import ADMINISTRATOR, GATEWAY, Catalog, manager
from catalog.samples import CIVIL, COMPETENT, EDUCATION, officer, system
from pydantic import ValidationError
from zhengshu_catalog.organizations.seed import Seed, seed

ORGANIZATION = {
    "code": CIVIL,
    "name": "罗源县民政局",
    "kind": "department",
    "office": {"name": "共享办", "head": "张三"},
}
SYSTEM = {"organization": CIVIL, "name": "救助系统", "description": "低保"}
OFFICER = {"organization": CIVIL, "name": "李四", "roles": ["data_officer", "office_head"]}
CHECK = "/internal/credentials/verification"


class TestRegisterOrganization:
    async def test_is_announced_without_a_persons_name(self, empty: Catalog):
        made = await empty.done("POST", "/v1/organizations", ORGANIZATION, by=ADMINISTRATOR)
        assert made["registered_at"]
        assert await empty.announced() == [
            (
                "zhengshu.catalog.organization.registered.v1",
                {"code": CIVIL, "name": "罗源县民政局", "kind": "department", "office": "共享办"},
            )
        ]

    async def test_a_second_time_is_refused(self, catalog: Catalog):
        refusal = await catalog.refused("POST", "/v1/organizations", ORGANIZATION, by=ADMINISTRATOR)
        assert refusal == ("organization-registered", 409)

    async def test_a_wrong_code_is_refused(self, empty: Catalog):
        wrong = ORGANIZATION | {"code": CIVIL[:-1] + "A"}
        refusal = await empty.refused("POST", "/v1/organizations", wrong, by=ADMINISTRATOR)
        assert refusal == ("organization-code-invalid", 422)

    async def test_there_is_one_competent_department(self, catalog: Catalog):
        second = {"code": "11350123003615102X", "name": "另一主管部门", "kind": "competent"}
        refusal = await catalog.refused("POST", "/v1/organizations", second, by=ADMINISTRATOR)
        assert refusal == ("competent-department-exists", 409)

    async def test_only_an_administrator_may(self, empty: Catalog):
        refusal = await empty.refused("POST", "/v1/organizations", ORGANIZATION, by=officer())
        assert refusal == ("not-admitted", 403)


class TestList:
    async def test_organizations_page_by_page(self, catalog: Catalog):
        first = await catalog.done("GET", "/v1/organizations?limit=2", by=system())
        second = await catalog.done(
            "GET", f"/v1/organizations?limit=2&cursor={first['next']}", by=system()
        )
        found = [one["code"] for page in (first, second) for one in page["organizations"]]
        assert found == sorted([CIVIL, COMPETENT, EDUCATION])
        assert second["next"] is None

    async def test_a_cursor_of_another_list_is_refused(self, catalog: Catalog):
        first = await catalog.done("GET", "/v1/organizations?limit=2", by=system())
        for path in ("/v1/systems", "/v1/entries"):
            other = await catalog.refused("GET", f"{path}?cursor={first['next']}", by=officer())
            assert other == ("cursor-invalid", 422)

    async def test_a_department_sees_its_own_systems_alone(self, catalog: Catalog):
        for code in (CIVIL, EDUCATION):
            body = SYSTEM | {"organization": code}
            await catalog.done("POST", "/v1/systems", body, by=ADMINISTRATOR)
        own = await catalog.done("GET", "/v1/systems", by=officer(EDUCATION))
        assert [one["organization"] for one in own["systems"]] == [EDUCATION]
        everything = await catalog.done("GET", "/v1/systems", by=ADMINISTRATOR)
        assert len(everything["systems"]) == 2
        assert "client_secret" not in str(everything)


class TestRegisterSystem:
    async def test_the_secret_is_shown_and_only_its_digest_kept(self, catalog: Catalog):
        made = await catalog.done("POST", "/v1/systems", SYSTEM, by=ADMINISTRATOR)
        secret = made["credentials"]["client_secret"]
        assert made["id"] == made["credentials"]["client_id"]
        assert made["id"].startswith("sys-")
        assert len(secret) == 43
        digest = await catalog.database.fetchval("SELECT digest FROM clients")
        assert digest == hashlib.sha256(secret.encode()).digest()
        assert secret not in str(await catalog.announced())
        checked = await catalog.done("POST", CHECK, made["credentials"], by=GATEWAY)
        assert checked == {"client_id": made["id"]}

    async def test_the_gateway_is_told_who_it_is(self, catalog: Catalog):
        made = await catalog.done("POST", "/v1/systems", SYSTEM, by=ADMINISTRATOR)
        _, policy = (await catalog.announced("$KV%"))[-1]
        assert policy == {
            "id": made["id"],
            "kind": "system",
            "organization": CIVIL,
            "organization_kind": "department",
            "roles": [],
            "locked": False,
            "opening": False,
            "standing_in_for": [],
            "not_before": None,
        }

    async def test_a_repeat_neither_registers_twice_nor_shows_the_secret_again(
        self, catalog: Catalog
    ):
        sent = {"by": ADMINISTRATOR, "Idempotency_Key": "once"}
        first = await catalog.send("POST", "/v1/systems", SYSTEM, **sent)
        secret = first.json()["credentials"]["client_secret"]
        again = await catalog.send("POST", "/v1/systems", SYSTEM, **sent)
        assert (again.status_code, again.json()["type"]) == (
            409,
            "/problems/idempotency-answer-withheld",
        )
        assert await catalog.database.fetchval("SELECT count(*) FROM clients") == 1
        for table in ("idempotency", "outbox", "clients"):
            kept = await catalog.database.fetch(f"SELECT * FROM {table}")
            assert secret not in str(kept)
            assert secret.encode() not in b"".join(
                value for row in kept for value in row.values() if isinstance(value, bytes)
            )

    async def test_of_an_unknown_organisation_is_refused(self, empty: Catalog):
        refusal = await empty.refused("POST", "/v1/systems", SYSTEM, by=ADMINISTRATOR)
        assert refusal == ("organization-not-found", 404)


class TestRegisterOfficer:
    async def test_the_name_stays_in_the_table(self, catalog: Catalog):
        made = await catalog.done("POST", "/v1/officers", OFFICER, by=ADMINISTRATOR)
        assert made["id"].startswith("off-")
        told = await catalog.announced()
        assert "李四" not in str(told)
        assert told[-2] == (
            "zhengshu.catalog.officer.registered.v1",
            {"officer": made["id"], "organization": CIVIL, "roles": OFFICER["roles"]},
        )
        assert told[-1][1]["roles"] == OFFICER["roles"]

    @pytest.mark.parametrize("roles", [["administrator"], ["data_officer", "auditor"]])
    async def test_roles_that_may_not_meet_are_refused(self, catalog: Catalog, roles):
        body = OFFICER | {"roles": roles}
        refusal = await catalog.refused("POST", "/v1/officers", body, by=ADMINISTRATOR)
        assert refusal == ("roles-not-assignable", 422)

    @pytest.mark.parametrize("organization", [CIVIL, COMPETENT])
    @pytest.mark.parametrize(
        "role", ["administrator", "competent_officer", "supervisor", "auditor"]
    )
    async def test_a_departments_administrator_gives_its_own_roles_alone(
        self, catalog: Catalog, organization, role
    ):
        by = manager(organization)
        body = OFFICER | {"organization": organization, "roles": [role]}
        refusal = await catalog.refused("POST", "/v1/officers", body, by=by)
        assert refusal == ("roles-not-yours", 403)
        await catalog.done("POST", "/v1/officers", body | {"roles": ["data_officer"]}, by=by)

    @pytest.mark.parametrize(
        ("method", "what", "body"),
        [
            ("POST", "lock", {"reason": "停用"}),
            ("POST", "unlock", None),
            ("POST", "credential", {}),
            ("PUT", "keys", {"keys": []}),
            ("PUT", "subject", {"issuer": "https://id.example", "subject": "mine"}),
        ],
    )
    async def test_nor_does_it_take_over_an_account_above_its_own(
        self, catalog: Catalog, method, what, body
    ):
        given = OFFICER | {"organization": COMPETENT, "roles": ["administrator"]}
        above = (await catalog.done("POST", "/v1/officers", given, by=ADMINISTRATOR))["id"]
        path = f"/v1/clients/{above}/{what}"
        refusal = await catalog.refused(method, path, body, by=manager(COMPETENT))
        assert refusal == ("roles-not-yours", 403)
        await catalog.done(method, path, body, by=ADMINISTRATOR)


class TestCheckCredentials:
    async def test_wrong_unknown_and_locked_look_alike(self, catalog: Catalog):
        made = await catalog.done("POST", "/v1/systems", SYSTEM, by=ADMINISTRATOR)
        right = made["credentials"]
        wrong = [right | {"client_secret": "wrong"}, right | {"client_id": "sys-unknown"}]
        refusals = [(await catalog.send("POST", CHECK, body, by=GATEWAY)) for body in wrong]
        await catalog.database.execute("UPDATE clients SET locked = true")
        refusals.append(await catalog.send("POST", CHECK, right, by=GATEWAY))
        told = {(one.status_code, one.json()["type"], one.json().get("detail")) for one in refusals}
        assert told == {(401, "/problems/credentials-wrong", "")}

    async def test_is_for_the_gateway_alone(self, catalog: Catalog):
        body = {"client_id": "sys-1", "client_secret": "x"}
        assert await catalog.refused("POST", CHECK, body, by=ADMINISTRATOR) == ("not-admitted", 403)


GIVEN = {
    "organization": {"code": COMPETENT, "name": "罗源县发展和改革局", "kind": "competent"},
    "officer": {
        "client_id": "off-first",
        "client_secret": "officer's secret",
        "name": "王五",
        "roles": ["administrator", "competent_officer"],
    },
    "system": {
        "client_id": "sys-opening",
        "client_secret": "system's secret",
        "organization": COMPETENT,
        "name": "公共数据开放系统",
    },
}


class TestSeed:
    async def test_repeated_it_changes_nothing(self, empty: Catalog, monkeypatch, capsys):
        for _ in range(2):
            read = io.TextIOWrapper(io.BytesIO(json.dumps(GIVEN).encode()))
            monkeypatch.setattr(sys, "stdin", read)
            assert await seed(empty.settings, []) == 0
        assert "王五" not in capsys.readouterr().out
        told = await empty.announced("$KV%")
        assert [(one["id"], one["opening"], one["organization"]) for _, one in told] == [
            ("off-first", False, COMPETENT),
            ("sys-opening", True, COMPETENT),
        ]
        assert told[0][1]["roles"] == ["administrator", "competent_officer"]
        assert len(await empty.announced()) == 5

    async def test_a_new_secret_replaces_the_old_one(self, empty: Catalog, monkeypatch):
        for secret in ("first", "second"):
            officer = GIVEN["officer"] | {"client_secret": secret}
            read = io.TextIOWrapper(io.BytesIO(json.dumps(GIVEN | {"officer": officer}).encode()))
            monkeypatch.setattr(sys, "stdin", read)
            await seed(empty.settings, [])
        check = {"client_id": "off-first", "client_secret": "second"}
        assert await empty.done("POST", CHECK, check, by=GATEWAY) == {"client_id": "off-first"}
        old = check | {"client_secret": "first"}
        assert await empty.refused("POST", CHECK, old, by=GATEWAY) == ("credentials-wrong", 401)

    def test_a_document_that_cannot_be_read_does_not_show_its_secrets(self):
        broken = GIVEN | {
            "officer": GIVEN["officer"] | {"roles": []},
            "system": {"client_secret": 5},
        }
        with pytest.raises(ValidationError) as raised:
            Seed.model_validate_json(json.dumps(broken))
        assert "secret'" not in str(raised.value)
        assert "officer's secret" not in str(raised.value)
