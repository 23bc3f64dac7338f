"""Applicants and their applications for what is open with authorisation, over HTTP."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from opening.world import (
    AUTHORIZED,
    OFFICER,
    OUTAGES,
    PUBLIC,
    REVIEWER,
    SCHOOLS,
    THE_GATEWAY,
    WATER,
    Export,
    World,
    in_days,
    item,
    registered,
)
from zhengshu_contracts.commission import OpenDecisionAnswer
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import PrincipalKind
from zhengshu_opening.listings import operations
from zhengshu_opening.unit import Unit

ROWS = [{"code": "3101", "name": "示例第一小学"}]
NOTICES = [{"number": "T2026-001", "area": "城区"}]
CODE = "91110000600037341L"
WATER_OFFICER = OFFICER.model_copy(update={"id": "off-water", "organization": WATER})
NOTICE_ITEMS = (item("number", "编号", AUTHORIZED), item("area", "范围", AUTHORIZED))


def slug(answer) -> str:
    return answer.json()["type"].removeprefix("/problems/")


class Outside:
    """An applicant at the door of a world."""

    def __init__(self, world: World, told: dict[str, str]) -> None:
        self.world = world
        self.secret = told["credentials"]["client_secret"]
        self.who = Principal(id=told["id"], kind=PrincipalKind.APPLICANT, organization=told["code"])

    @classmethod
    async def register(cls, world: World, kind: str = "research_institution") -> "Outside":
        body = {"code": CODE, "name": "某单位", "kind": kind, "contact": "联系人(示例)"}
        path = "/v1/open/applicants"
        told = await world.call("POST", path, PUBLIC, Action.APPLICANT_REGISTER, json=body)
        assert told.status_code == 201, told.text
        assert told.headers["cache-control"] == "no-store"
        return cls(world, told.json())

    async def apply(self, dataset: str = OUTAGES, **change):
        body = {
            "dataset": dataset,
            "purpose": "研究",
            "scenario": "分析停水影响",
            "safeguards": "内网存放",
            "until": in_days(30),
        }
        return await self.world.call(
            "POST", "/v1/open/applications", self.who, Action.OPEN_APPLY, json=body | change
        )

    async def read(self, application: str):
        path = f"/v1/open/applications/{application}"
        return await self.world.call("GET", path, self.who, Action.OPEN_APPLICATION_READ)


@pytest.fixture
async def outages(world: World) -> World:
    """A world in which 停水通知 is listed for authorised applicants."""
    world.exports(OUTAGES, Export(NOTICES))
    await world.listed(OUTAGES, WATER_OFFICER, items=NOTICE_ITEMS, title="停水通知")
    return world


class TestApplicants:
    async def test_the_secret_is_told_once_and_works(self, world: World):
        one = await Outside.register(world)
        record = await world.last(f"opening.client.{one.who.id}")
        assert (record["kind"], record["organization"]) == ("applicant", CODE)

        async def verify(client: str, secret: str) -> int:
            body = {"client_id": client, "client_secret": secret}
            path = "/internal/credentials/verification"
            answer = await world.call("POST", path, THE_GATEWAY, Action.INTERNAL, json=body)
            return answer.status_code

        assert await verify(one.who.id, one.secret) == 200
        assert await verify(one.who.id, "wrong") == 401
        assert await verify("app-nobody", one.secret) == 401

    async def test_the_contact_and_the_secret_stay_here(self, world: World):
        one = await Outside.register(world)
        told = json.dumps(await world.told(), ensure_ascii=False)
        assert "联系人" not in told
        assert one.secret not in told

    async def test_a_code_must_be_genuine(self, world: World):
        body = {"code": "911100006000373411", "name": "某单位", "kind": "other", "contact": "某"}
        path = "/v1/open/applicants"
        answer = await world.call("POST", path, PUBLIC, Action.APPLICANT_REGISTER, json=body)
        assert (answer.status_code, slug(answer)) == (422, "code-invalid")


class TestApplications:
    async def test_an_ineligible_applicant_is_refused_with_the_law_and_it_is_announced(
        self, outages: World
    ):
        company = await Outside.register(outages, "other")
        refused = await company.apply()
        assert (refused.status_code, slug(refused)) == (403, "applicant-not-eligible")
        assert "第四章" in refused.json()["basis"]
        told = await outages.last("application.refused.v1")
        assert (told["rule"], told["application"]) == ("applicant-not-eligible", None)
        assert await outages.rows("SELECT * FROM applications") == []

    async def test_granted_by_the_commission_and_downloaded(self, outages: World):
        institute = await Outside.register(outages)
        made = await institute.apply()
        assert (made.status_code, made.json()["state"]) == (201, "endorsed")
        number = made.json()["id"]
        dispatch = await outages.dispatch(number)
        assert dispatch["payload"]["applicant"] == CODE
        await outages.accepted(dispatch["id"])
        assert (await institute.read(number)).json()["state"] == "forwarded"
        assert (await outages.last("application.forwarded.v1"))["acceptance"] == "受理-1"
        assert (await outages.download(OUTAGES, institute.who)).status_code == 403
        agree = OpenDecisionAnswer(application=number, outcome="agree")
        assert await outages.callback(agree, ref=dispatch["id"]) == "applied"
        told = (await institute.read(number)).json()
        assert told["state"] == "granted"
        record = await outages.last(f"opening.dataset.{OUTAGES}")
        (right,) = record["authorizations"]
        assert (right["id"], right["applicant"]) == (told["authorization"], institute.who.id)
        got = await outages.download(OUTAGES, institute.who)
        assert "T2026-001" in got.content.decode("utf-8-sig")
        stranger = await Outside.register(outages)
        assert slug(await outages.download(OUTAGES, stranger.who)) == "authorization-required"
        assert slug(await outages.download(OUTAGES)) == "authorization-required"
        assert slug(await institute.apply()) == "already-applied"

    async def test_a_decision_counts_once(self, outages: World):
        institute = await Outside.register(outages)
        number = (await institute.apply()).json()["id"]
        ref = (await outages.dispatch(number))["id"]
        agree = OpenDecisionAnswer(application=number, outcome="agree")
        refuse = OpenDecisionAnswer(application=number, outcome="refuse", reason="晚了")
        assert await outages.callback(agree, ref=ref, id="a") == "applied"
        assert await outages.callback(agree, ref=ref, id="a") == "no-effect"
        assert await outages.callback(refuse, ref=ref, id="b") == "no-effect"
        assert (await institute.read(number)).json()["state"] == "granted"
        assert len(await outages.rows("SELECT * FROM authorizations")) == 1

    async def test_refused_by_the_commission(self, outages: World):
        institute = await Outside.register(outages)
        number = (await institute.apply()).json()["id"]
        ref = (await outages.dispatch(number))["id"]
        refuse = OpenDecisionAnswer(application=number, outcome="refuse", reason="用途不明")
        assert await outages.callback(refuse, ref=ref) == "applied"
        told = (await institute.read(number)).json()
        assert (told["state"], told["reason"]) == ("refused", "用途不明")
        assert (await outages.last("application.refused.v1"))["rule"] == "commission-refused"
        assert (await institute.apply()).status_code == 201

    async def test_an_authorisation_ends_by_itself(self, outages: World):
        institute = await Outside.register(outages)
        number = (await institute.apply()).json()["id"]
        ref = (await outages.dispatch(number))["id"]
        await outages.callback(OpenDecisionAnswer(application=number, outcome="agree"), ref=ref)
        for days, ended in ((29, 0), (32, 1), (32, 0)):
            async with outages.resources.database.sessions.begin() as session:
                moment = datetime.now(UTC) + timedelta(days=days)
                assert await operations.expire(Unit.of(session), moment) == ended
        assert (await outages.last("authorization.expired.v1"))["applicant"] == institute.who.id
        assert (await outages.last(f"opening.dataset.{OUTAGES}"))["authorizations"] == []
        assert (await outages.download(OUTAGES, institute.who)).status_code == 403

    async def test_a_withdrawn_listing_ends_its_authorisations(self, outages: World):
        institute = await Outside.register(outages)
        number = (await institute.apply()).json()["id"]
        ref = (await outages.dispatch(number))["id"]
        await outages.callback(OpenDecisionAnswer(application=number, outcome="agree"), ref=ref)
        await outages.feed(registered(OUTAGES, "withdrawn"))
        assert (await outages.last("authorization.revoked.v1"))["dataset"] == OUTAGES
        assert (await outages.last(f"opening.dataset.{OUTAGES}"))["authorizations"] == []

    async def test_a_decision_after_the_withdrawal_grants_nothing(self, outages: World):
        institute = await Outside.register(outages)
        number = (await institute.apply()).json()["id"]
        ref = (await outages.dispatch(number))["id"]
        await outages.feed(registered(OUTAGES, "withdrawn"))
        await outages.callback(OpenDecisionAnswer(application=number, outcome="agree"), ref=ref)
        assert (await institute.read(number)).json()["state"] == "refused"
        assert await outages.rows("SELECT * FROM authorizations") == []

    async def test_what_cannot_be_applied_for(self, outages: World):
        outages.exports(SCHOOLS, Export(ROWS))
        await outages.listed()
        institute = await Outside.register(outages)
        assert slug(await institute.apply(SCHOOLS)) == "generally-open"
        assert slug(await institute.apply("303084122704-000009")) == "listing-unknown"
        assert slug(await institute.apply(until=in_days(0))) == "period-not-allowed"
        assert (await institute.apply()).status_code == 201
        assert slug(await institute.apply()) == "already-applied"

    async def test_applicants_see_their_own(self, outages: World):
        one, other = await Outside.register(outages), await Outside.register(outages)
        mine = (await one.apply()).json()["id"]
        await other.apply()
        path = "/v1/open/applications"
        seen = await outages.call("GET", path, one.who, Action.OPEN_APPLICATION_READ)
        assert [each["id"] for each in seen.json()["applications"]] == [mine]
        assert slug(await other.read(mine)) == "open-application-unknown"
        every = await outages.call("GET", path, REVIEWER, Action.OPEN_APPLICATION_READ)
        assert len(every.json()["applications"]) == 2
