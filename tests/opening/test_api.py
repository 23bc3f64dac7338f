"""Proposals, the public catalogue, applicants and their applications over HTTP."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
from opening.world import (
    AUTHORIZED,
    CLOSED,
    EDUCATION,
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
    published,
    registered,
    updated,
)
from zhengshu_contracts.commission import OpenDecisionAnswer, OpeningAnswer
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import PrincipalKind, Role
from zhengshu_opening.listings import operations
from zhengshu_opening.unit import Unit

ROWS = [{"code": "3101", "name": "示例第一小学"}]
NOTICES = [{"number": "T2026-001", "area": "城区"}]
CODE = "91110000600037341L"
WATER_OFFICER = OFFICER.model_copy(update={"id": "off-water", "organization": WATER})
NOTICE_ITEMS = (item("number", "编号", AUTHORIZED), item("area", "范围", AUTHORIZED))


def slug(answer) -> str:
    return answer.json()["type"].removeprefix("/problems/")


class TestProposals:
    async def test_a_provider_proposes_the_open_items(self, world: World):
        await world.feed(published())
        answer = await world.propose()
        assert answer.status_code == 201
        told = answer.json()
        assert (told["items"], told["opening"], told["state"]) == (
            ["code", "name"],
            "general",
            "submitted",
        )
        assert (await world.last("proposal.submitted.v1"))["dataset"] == SCHOOLS

    async def test_refusals(self, world: World):
        assert slug(await world.propose()) == "dataset-unknown"
        await world.feed(published())
        assert slug(await world.propose(who=WATER_OFFICER)) == "not-provider"
        await world.propose()
        assert slug(await world.propose()) == "already-proposed"
        closed = (item("x", "某", CLOSED),)
        await world.feed(published(OUTAGES, provider=EDUCATION, items=closed))
        refused = await world.propose(OUTAGES)
        assert slug(refused) == "nothing-to-open"
        assert refused.json()["basis"].startswith("《罗源县政务数据资源管理办法》第四章")

    async def test_nobody_reviews_their_own(self, world: World):
        await world.feed(published())
        both = OFFICER.model_copy(
            update={"roles": frozenset({Role.DATA_OFFICER, Role.COMPETENT_OFFICER})}
        )
        proposal = (await world.propose(who=both)).json()["id"]
        assert slug(await world.review(proposal, both)) == "own-proposal"
        assert slug(await world.review(proposal, OFFICER)) == "not-admitted"
        assert slug(await world.review(proposal, outcome="refuse")) == "outcome-not-allowed"

    async def test_a_returned_one_can_be_proposed_again(self, world: World):
        await world.feed(published())
        proposal = (await world.propose()).json()["id"]
        assert (await world.review(proposal, outcome="return")).json()["state"] == "returned"
        assert slug(await world.review(proposal)) == "already-reviewed"
        assert (await world.propose()).status_code == 201

    async def test_the_filing_names_what_is_opened(self, world: World):
        await world.feed(published())
        proposal = (await world.propose()).json()["id"]
        await world.review(proposal)
        filing = (await world.dispatch(proposal))["payload"]
        assert filing["items"] == ["code", "name"]
        assert filing["opening"] == "general"

    async def test_a_call_back_counts_once_and_never_late(self, world: World):
        world.exports(SCHOOLS, Export(ROWS))
        await world.feed(published(), registered(), updated())
        proposal = await world.register_opening()
        told = len(await world.told())
        answer = OpeningAnswer(proposal=proposal, outcome="agree")
        for number in ("cb-" + proposal, "another"):
            assert await world.callback(answer, ref="none", id=number) == "no-effect"
        assert len(await world.told()) == told

    async def test_the_platform_may_refuse(self, world: World):
        await world.feed(published())
        proposal = (await world.propose()).json()["id"]
        await world.review(proposal)
        ref = (await world.dispatch(proposal))["id"]
        answer = OpeningAnswer(proposal=proposal, outcome="refuse", reason="内容重复")
        assert await world.callback(answer, ref=ref) == "applied"
        path = f"/v1/open/proposals/{proposal}"
        told = (await world.call("GET", path, OFFICER, Action.PROPOSAL_READ)).json()
        assert (told["state"], told["opinion"], told["listing"]) == ("refused", "内容重复", None)

    async def test_what_was_closed_meanwhile_is_not_listed(self, world: World):
        await world.feed(published())
        proposal = (await world.propose()).json()["id"]
        await world.review(proposal)
        await world.feed(published(revision=2, items=(item("code", "代码", CLOSED),)))
        ref = (await world.dispatch(proposal))["id"]
        answer = OpeningAnswer(proposal=proposal, outcome="agree")
        assert await world.callback(answer, ref=ref) == "applied"
        assert await world.rows("SELECT * FROM listings") == []

    async def test_departments_see_their_own_the_competent_one_all(self, world: World):
        await world.feed(
            published(), published(OUTAGES, provider=WATER, items=NOTICE_ITEMS, title="停水通知")
        )
        mine = (await world.propose()).json()["id"]
        await world.propose(OUTAGES, WATER_OFFICER)
        path = "/v1/open/proposals"
        seen = await world.call("GET", path, OFFICER, Action.PROPOSAL_READ)
        assert [one["id"] for one in seen.json()["proposals"]] == [mine]
        page = (await world.call("GET", f"{path}?limit=1", REVIEWER, Action.PROPOSAL_READ)).json()
        rest = await world.call(
            "GET", path, REVIEWER, Action.PROPOSAL_READ, params={"cursor": page["next"]}
        )
        assert [one["dataset"] for one in page["proposals"]] == [OUTAGES]
        assert [one["dataset"] for one in rest.json()["proposals"]] == [SCHOOLS]
        other = await world.call("GET", f"{path}/{mine}", WATER_OFFICER, Action.PROPOSAL_READ)
        assert slug(other) == "proposal-unknown"
        stolen = await world.call(
            "GET", path, OFFICER, Action.PROPOSAL_READ, params={"cursor": page["next"]}
        )
        assert slug(stolen) == "cursor-invalid"

    async def test_an_idempotency_key_proposes_once(self, world: World):
        await world.feed(published())
        answers = [
            await world.call(
                "POST",
                "/v1/open/proposals",
                OFFICER,
                Action.PROPOSAL_SUBMIT,
                json={"dataset": SCHOOLS},
                headers={"Idempotency-Key": "k"},
            )
            for _ in range(2)
        ]
        assert answers[0].json() == answers[1].json()


class TestCatalogue:
    async def test_search_by_words_theme_provider_and_class(self, world: World):
        world.exports(SCHOOLS, Export(ROWS))
        world.exports(OUTAGES, Export(NOTICES))
        await world.listed()
        await world.listed(OUTAGES, WATER_OFFICER, items=NOTICE_ITEMS, title="停水通知")
        found = {
            "": 2,
            "名录": 1,
            "名录 学校代码": 1,
            "名录 停水": 0,
            "title": 0,
            "%": 0,
        }
        for words, number in found.items():
            assert (await world.search(q=words))["total"] == number, words
        assert (await world.search(theme="3030"))["total"] == 2
        assert (await world.search(theme="2"))["total"] == 0
        assert (await world.search(provider=WATER))["datasets"][0]["id"] == OUTAGES
        assert (await world.search(opening="general"))["datasets"][0]["id"] == SCHOOLS

    async def test_pages_join_without_gap(self, world: World):
        ids = [f"303084122704-{n:06d}" for n in range(1, 6)]
        for one in ids:
            world.exports(one, Export(ROWS))
            await world.listed(one)
        seen, cursor = [], {}
        while True:
            page = await world.search(limit=2, **cursor)
            assert page["total"] == 5
            seen += [one["id"] for one in page["datasets"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert sorted(seen) == ids
        assert len(seen) == 5

    async def test_a_file_carries_what_its_reader_needs(self, world: World):
        world.exports(SCHOOLS, Export(ROWS))
        await world.listed()
        got = await world.download()
        told = got.headers
        digest = base64.b64encode(hashlib.sha256(got.content).digest()).decode()
        assert told["content-digest"] == f"sha-256=:{digest}:"
        assert told["content-length"] == str(len(got.content))
        assert told["content-type"] == "text/csv; charset=utf-8"
        assert (told["zhengshu-rows"], told["zhengshu-version"]) == ("1", "1.1")
        name = told["content-disposition"].split("filename*=UTF-8''")[1]
        assert unquote(name) == "学校名录.csv"
        again = await world.download(headers={"If-None-Match": f'W/{told["etag"]}, "x"'})
        assert (again.status_code, again.content) == (304, b"")
        assert slug(await world.download(kind="pdf")) == "open-file-unknown"

    async def test_the_decision_must_be_about_this_dataset(self, world: World):
        world.exports(SCHOOLS, Export(ROWS))
        await world.listed()
        assert slug(await world.download(about=OUTAGES)) == "decision-mismatch"
        path = f"/v1/open/datasets/{SCHOOLS}/files/csv"
        searched = await world.call("GET", path, PUBLIC, Action.OPEN_SEARCH, about=SCHOOLS)
        assert slug(searched) == "not-admitted"
        assert (await world.http.get(path)).status_code == 401

    async def test_the_catalogue_document_lists_what_is_listed(self, world: World):
        world.exports(SCHOOLS, Export(ROWS))
        await world.listed()
        got = await world.call("GET", "/v1/open/catalog.jsonld", PUBLIC, Action.OPEN_SEARCH)
        assert got.headers["content-type"] == "application/ld+json"
        (dataset,) = got.json()["dcat:dataset"]
        assert dataset["dct:identifier"] == SCHOOLS

    async def test_what_is_not_listed_does_not_exist(self, world: World):
        path = f"/v1/open/datasets/{SCHOOLS}"
        answer = await world.call("GET", path, PUBLIC, Action.OPEN_SEARCH)
        assert (answer.status_code, slug(answer)) == (404, "listing-unknown")


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
