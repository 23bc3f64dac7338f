"""Proposals and the public catalogue over HTTP."""

import base64
import hashlib
from urllib.parse import unquote

from opening.world import (
    AUTHORIZED,
    CLOSED,
    EDUCATION,
    OFFICER,
    OUTAGES,
    PUBLIC,
    REVIEWER,
    SCHOOLS,
    WATER,
    Export,
    World,
    item,
    published,
    registered,
    updated,
)
from zhengshu_contracts.commission import OpeningAnswer
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import Role

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
