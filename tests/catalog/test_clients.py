"""Locks, second secrets with an overlap, vendors until a date, changed organisations."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from catalog.harness import ADMINISTRATOR, GATEWAY, Catalog
from catalog.samples import CIVIL, COMPETENT, EDUCATION, officer, reviewer
from zhengshu_catalog.organizations.operations import Unit
from zhengshu_catalog.vendors import operations as vendors
from zhengshu_chassis.db import connect
from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.vocabulary import Role

CHECK = "/internal/credentials/verification"
HEAD = officer(CIVIL, Role.OFFICE_HEAD, client="off-head")
TODAY = day_of(datetime.now(UTC))


async def registered(catalog: Catalog, organization: str = CIVIL) -> dict[str, Any]:
    body = {"organization": organization, "name": "救助系统"}
    made = await catalog.done("POST", "/v1/systems", body, by=ADMINISTRATOR)
    return made["credentials"]


async def admitted(catalog: Catalog, credentials: dict[str, Any]) -> bool:
    return (await catalog.send("POST", CHECK, credentials, by=GATEWAY)).is_success


async def told(catalog: Catalog, client: str) -> bool:
    """Whether the gateway's newest record says that a client is locked."""
    return (await catalog.announced(f"$KV.policy.catalog.client.{client}"))[-1][1]["locked"]


class TestLock:
    async def test_stops_a_client_until_it_is_unlocked(self, catalog: Catalog):
        credentials = await registered(catalog)
        client = credentials["client_id"]
        body = {"reason": "密钥疑似泄露"}
        state = await catalog.done("POST", f"/v1/clients/{client}/lock", body, by=ADMINISTRATOR)
        assert (state["locked"], state["reason"]) == (True, "密钥疑似泄露")
        assert await told(catalog, client) is True
        assert not await admitted(catalog, credentials)
        await catalog.done("POST", f"/v1/clients/{client}/unlock", by=ADMINISTRATOR)
        assert await told(catalog, client) is False
        assert await admitted(catalog, credentials)
        assert [
            s.split(".")[3] for s, _ in await catalog.announced("zhengshu.catalog.client.%")
        ] == [
            "locked",
            "unlocked",
        ]

    async def test_of_oneself_or_of_nobody_is_refused(self, catalog: Catalog):
        body = {"organization": COMPETENT, "name": "管理员", "roles": ["administrator"]}
        made = await catalog.done("POST", "/v1/officers", body, by=ADMINISTRATOR)
        own = ADMINISTRATOR.model_copy(update={"id": made["id"]})
        reason = {"reason": "试"}
        path = f"/v1/clients/{made['id']}/lock"
        assert await catalog.refused("POST", path, reason, by=own) == ("own-lock", 409)
        refusal = await catalog.refused("POST", "/v1/clients/sys-x/lock", reason, by=ADMINISTRATOR)
        assert refusal == ("client-not-found", 404)

    async def test_only_an_administrator_may(self, catalog: Catalog):
        path = "/v1/clients/sys-x/lock"
        refusal = await catalog.refused("POST", path, {"reason": "试"}, by=reviewer())
        assert refusal == ("not-admitted", 403)


class TestReissue:
    async def test_leaves_the_old_secret_good_for_the_overlap(self, catalog: Catalog):
        old = await registered(catalog)
        client = old["client_id"]
        path = f"/v1/clients/{client}/credential"
        response = await catalog.send("POST", path, {"overlap_hours": 1}, by=ADMINISTRATOR)
        assert response.headers["cache-control"] == "no-store"
        new = response.json()["credentials"]
        assert new["client_id"] == client
        assert new["client_secret"] != old["client_secret"]
        assert await admitted(catalog, old)
        assert await admitted(catalog, new)
        await catalog.database.execute("UPDATE clients SET previous_until = now()")
        assert not await admitted(catalog, old)
        assert await admitted(catalog, new)
        assert new["client_secret"] not in str(await catalog.announced())

    async def test_without_overlap_the_old_one_is_over_at_once(self, catalog: Catalog):
        old = await registered(catalog)
        path = f"/v1/clients/{old['client_id']}/credential"
        await catalog.done("POST", path, {"overlap_hours": 0}, by=ADMINISTRATOR)
        assert not await admitted(catalog, old)


def vendor(*systems: str, **more: Any) -> dict[str, Any]:
    plain = {
        "name": "示例运维有限公司",
        "code": EDUCATION,
        "duties": "系统运行维护,不得留存数据",
        "document": "罗民〔2026〕1号",
        "systems": list(systems),
        "until": TODAY.isoformat(),
    }
    return plain | more


async def after(catalog: Catalog, days: int) -> int:
    """Let the worker look so many days later; return how many entrustments it ended."""
    database = connect(catalog.settings.database_url, "test", pool_size=1)
    try:
        async with database.sessions.begin() as session:
            at = datetime.now(UTC) + timedelta(days=days)
            return await vendors.end_due(Unit.of(session), at=at)
    finally:
        await database.engine.dispose()


class TestVendor:
    async def test_acts_until_its_last_day_is_over(self, catalog: Catalog):
        credentials = await registered(catalog)
        client = credentials["client_id"]
        made = await catalog.done("POST", "/v1/vendors", vendor(client), by=HEAD)
        assert (made["department"], made["ended_at"]) == (CIVIL, None)
        assert await after(catalog, 0) == 0
        assert await admitted(catalog, credentials)
        assert await after(catalog, 1) == 1
        assert await told(catalog, client) is True
        assert not await admitted(catalog, credentials)
        assert await after(catalog, 1) == 0
        assert [
            s.split(".")[3] for s, _ in await catalog.announced("zhengshu.catalog.vendor.%")
        ] == [
            "entrusted",
            "ended",
        ]

    async def test_entrusted_anew_works_again_but_not_what_was_locked_otherwise(
        self, catalog: Catalog
    ):
        both = [(await registered(catalog))["client_id"] for _ in range(2)]
        await catalog.done("POST", "/v1/vendors", vendor(*both), by=HEAD)
        lock = {"reason": "另有原因"}
        await catalog.done("POST", f"/v1/clients/{both[0]}/lock", lock, by=ADMINISTRATOR)
        await after(catalog, 1)
        await catalog.done("POST", "/v1/vendors", vendor(*both), by=HEAD)
        assert [await told(catalog, client) for client in both] == [True, False]

    async def test_a_system_that_another_vendor_has_goes_on(self, catalog: Catalog):
        client = (await registered(catalog))["client_id"]
        later = (TODAY + timedelta(days=30)).isoformat()
        await catalog.done("POST", "/v1/vendors", vendor(client, until=later), by=HEAD)
        first = await catalog.done("POST", "/v1/vendors", vendor(client), by=HEAD)
        await catalog.done("POST", f"/v1/vendors/{first['id']}/ending", by=HEAD)
        assert await told(catalog, client) is False

    async def test_is_ended_before_its_date_once(self, catalog: Catalog):
        client = (await registered(catalog))["client_id"]
        made = await catalog.done("POST", "/v1/vendors", vendor(client), by=HEAD)
        path = f"/v1/vendors/{made['id']}/ending"
        stranger = officer(EDUCATION, Role.OFFICE_HEAD, client="off-other")
        assert await catalog.refused("POST", path, by=stranger) == ("vendor-not-found", 404)
        assert (await catalog.done("POST", path, by=reviewer()))["ended_at"]
        assert await told(catalog, client) is True
        assert await catalog.refused("POST", path, by=HEAD) == ("vendor-over", 409)

    async def test_is_listed_to_its_department_and_the_competent_one(self, catalog: Catalog):
        client = (await registered(catalog))["client_id"]
        await catalog.done("POST", "/v1/vendors", vendor(client), by=HEAD)
        for reader, number in ((HEAD, 1), (reviewer(), 1), (officer(EDUCATION), 0)):
            listed = await catalog.done("GET", "/v1/vendors", by=reader)
            assert len(listed["vendors"]) == number

    @pytest.mark.parametrize(
        ("more", "slug"),
        [
            ({"until": (TODAY - timedelta(days=1)).isoformat()}, "until-passed"),
            ({"code": CIVIL[:-1] + "A"}, "organization-code-invalid"),
            ({"systems": ["sys-unknown"]}, "not-own-systems"),
        ],
    )
    async def test_is_refused(self, catalog: Catalog, more, slug):
        client = (await registered(catalog))["client_id"]
        refusal = await catalog.refused("POST", "/v1/vendors", vendor(client) | more, by=HEAD)
        assert refusal == (slug, 422)

    async def test_is_entrusted_with_ones_own_systems_alone(self, catalog: Catalog):
        client = (await registered(catalog, EDUCATION))["client_id"]
        refusal = await catalog.refused("POST", "/v1/vendors", vendor(client), by=HEAD)
        assert refusal == ("not-own-systems", 422)


class TestOrganization:
    async def test_changes_its_name_and_office_and_says_so(self, catalog: Catalog):
        body = {"name": "罗源县民政与社会事务局", "office": {"name": "数据共享办", "head": "示例"}}
        path = f"/v1/organizations/{CIVIL}"
        changed = await catalog.done("PUT", path, body, by=ADMINISTRATOR)
        assert (changed["name"], changed["office"]["head"]) == (body["name"], "示例")
        _, event = (await catalog.announced("%organization.registered%"))[-1]
        assert (event["name"], event["office"]) == (body["name"], "数据共享办")

    async def test_unknown_is_not_there(self, catalog: Catalog):
        body = {"name": "无此单位", "office": None}
        path = "/v1/organizations/11350123003615102X"
        refusal = await catalog.refused("PUT", path, body, by=ADMINISTRATOR)
        assert refusal == ("organization-not-found", 404)

    @pytest.mark.parametrize(
        "kind", ["township", "public_service_enterprise", "government", "finance"]
    )
    async def test_of_every_kind_is_registered(self, catalog: Catalog, kind: str):
        body = {
            "code": "11350123003615102X",
            "name": "某单位",
            "kind": kind,
            "office": {"name": "办公室", "head": "示例"},
        }
        made = await catalog.done("POST", "/v1/organizations", body, by=ADMINISTRATOR)
        assert (made["kind"], made["office"]["head"]) == (kind, "示例")
