"""Grants over HTTP: who sees and changes them, and what the gateway is told each time."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sharing.cast import (
    AID,
    CIVIL_OFFICER,
    COMPETENT_OFFICER,
    IN_A_YEAR,
    MARKET,
    MARKET_OFFICER,
    SCHOOLS,
    SCHOOLS_OFFICER,
    TODAY,
    Sharing,
    application,
)
from zhengshu_chassis.telemetry import THINGS_PASSED_OVER
from zhengshu_contracts.beijing import end_of
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import PrincipalKind
from zhengshu_sharing.grants import operations, timers


class TestRead:
    async def test_holder_provider_and_competent_department(self, sharing: Sharing) -> None:
        grant = (await sharing.granted())["grant"]
        system = MARKET_OFFICER.model_copy(update={"kind": PrincipalKind.SYSTEM})
        for who, status in (
            (MARKET_OFFICER, 200),
            (system, 200),
            (CIVIL_OFFICER, 200),
            (COMPETENT_OFFICER, 200),
            (SCHOOLS_OFFICER, 404),
        ):
            one = await sharing.call(who, Action.GRANT_READ, "GET", f"/v1/grants/{grant}")
            assert one.status_code == status
            page = await sharing.call(who, Action.GRANT_READ, "GET", f"/v1/grants?dataset={AID}")
            assert len(page.json()["grants"]) == (status == 200)


class TestChange:
    async def test_revoked_is_gone_from_the_gateway(self, sharing: Sharing) -> None:
        grant = (await sharing.granted())["grant"]
        assert (await sharing.change_grant(grant, "revocation")).json()["state"] == "revoked"
        assert await sharing.told() == []
        [notice] = await sharing.dispatches("revocation")
        assert (notice.payload["grant"], notice.payload["reason"]) == (grant, "用途已实现")
        assert (await sharing.subjects())[-2:] == ["grant.revoked", "disposal.opened"]
        again = await sharing.change_grant(grant, "revocation")
        assert again.json()["type"] == "/problems/grant-not-in-state"

    async def test_the_holder_may_end_it_and_its_provider_after_misuse(
        self, sharing: Sharing
    ) -> None:
        grant = (await sharing.granted())["grant"]
        assert (await sharing.change_grant(grant, "revocation", MARKET_OFFICER)).status_code == 200
        grant = (await sharing.granted())["grant"]
        alone = await sharing.change_grant(grant, "revocation", CIVIL_OFFICER)
        assert alone.json()["type"] == "/problems/consultation-missing"
        await sharing.change_grant(grant, "suspension", CIVIL_OFFICER)
        soon = await sharing.change_grant(grant, "revocation", CIVIL_OFFICER)
        assert soon.json()["type"] == "/problems/rectification-awaited"
        over = "UPDATE clocks SET due = :day WHERE term = 'rectification' RETURNING id"
        await sharing.rows(over, day=TODAY - timedelta(days=1))
        assert (await sharing.change_grant(grant, "revocation", CIVIL_OFFICER)).status_code == 200

    async def test_others_do_not_find_it(self, sharing: Sharing) -> None:
        grant = (await sharing.granted())["grant"]
        for step in ("revocation", "suspension", "resumption"):
            answer = await sharing.change_grant(grant, step, SCHOOLS_OFFICER)
            assert answer.status_code == 404

    async def test_suspended_and_resumed(self, sharing: Sharing) -> None:
        grant = (await sharing.granted())["grant"]
        holder = await sharing.change_grant(grant, "suspension", MARKET_OFFICER)
        assert holder.json()["type"] == "/problems/holder-does-not-suspend"
        await sharing.change_grant(grant, "suspension")
        [told] = await sharing.told()
        assert told["state"] == "suspended"
        provider = await sharing.change_grant(grant, "resumption", CIVIL_OFFICER)
        assert provider.json()["type"] == "/problems/suspended-by-another"
        await sharing.change_grant(grant, "resumption")
        [told] = await sharing.told()
        assert told["state"] == "active"
        assert (await sharing.subjects())[-2:] == ["grant.suspended", "grant.resumed"]

    async def test_the_record_holds_every_live_grant(self, sharing: Sharing) -> None:
        await sharing.granted()
        answer = await sharing.submit(application(), SCHOOLS_OFFICER)
        case = answer.json()
        await sharing.endorse(case["id"])
        await sharing.callback("decision", case["parts"][0]["id"], outcome="agree")
        assert [told["holder"] for told in await sharing.told()] == [MARKET, SCHOOLS]

    async def test_changes_at_once_lose_nothing(self, sharing: Sharing) -> None:
        grants = [(await sharing.granted())["grant"] for _ in range(4)]
        steps = ["revocation", "suspension", "revocation", "suspension"]
        changes = zip(grants, steps, strict=True)
        answers = await asyncio.gather(
            *(sharing.change_grant(grant, step) for grant, step in changes)
        )
        assert [answer.status_code for answer in answers] == [200] * 4
        assert [told["id"] for told in await sharing.told()] == [grants[1], grants[3]]


class TestExpiry:
    async def test_ends_with_the_last_day(self, sharing: Sharing) -> None:
        grant = (await sharing.granted())["grant"]
        ends = end_of(IN_A_YEAR)
        async with sharing.unit() as unit:
            assert not await operations.expire(unit, grant, now=ends - timedelta(seconds=1))
        async with sharing.unit() as unit:
            assert await unit.grants.ended(ends, limit=10) == [grant]
            assert await operations.expire(unit, grant, now=ends)
        assert await sharing.told() == []
        assert (await sharing.subjects())[-2:] == ["grant.expired", "disposal.opened"]

    async def test_the_timer_finds_it(self, sharing: Sharing) -> None:
        grant = (await sharing.granted())["grant"]
        await sharing.change_grant(grant, "suspension")
        past = datetime.now(UTC) - timedelta(seconds=1)
        await sharing.rows("UPDATE grants SET ends = :past RETURNING id", past=past)
        resources = sharing.app.state.resources
        await timers.expiry(sharing.settings)(resources)
        await timers.expiry(sharing.settings)(resources)
        assert (await sharing.subjects()).count("grant.expired") == 1
        path = f"/v1/grants/{grant}"
        shown = await sharing.call(MARKET_OFFICER, Action.GRANT_READ, "GET", path)
        assert shown.json()["state_label"] == "已到期待处置"

    async def test_one_that_cannot_be_ended_stops_no_other(
        self, sharing: Sharing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = [(await sharing.granted())["grant"] for _ in range(2)]
        past = datetime.now(UTC) - timedelta(seconds=1)
        await sharing.rows("UPDATE grants SET ends = :past RETURNING id", past=past)
        # Its disposal is there already: ending it breaks a key, whenever it is tried.
        broken = 'INSERT INTO disposals ("grant", opened_at) VALUES (:first, now()) RETURNING 1'
        await sharing.rows(broken, first=first)
        monkeypatch.setattr(timers, "BATCH", 1)
        passed = THINGS_PASSED_OVER.labels("expiry")._value.get()
        await timers.expiry(sharing.settings)(sharing.app.state.resources)
        [expired] = await sharing.events("zhengshu.sharing.grant.expired")
        assert expired["grant"] == second
        assert THINGS_PASSED_OVER.labels("expiry")._value.get() == passed + 1
