"""The open door, the explanation of a decision, and readiness, through the real pipeline."""

import pytest
from support.gateway_harness import (
    DATASET,
    READER,
    client,
)
from support.until import until
from zhengshu_contracts.policy import (
    ListingPolicy,
    client_key,
    dataset_key,
)
from zhengshu_contracts.vocabulary import (
    ListingState,
    OpeningClass,
    PrincipalKind,
    Role,
)
from zhengshu_gateway.limits import Rate

from .test_pipeline import FILE, ROWS, events


class TestOpenDoor:
    @pytest.fixture
    async def opened(self, node):
        listing = ListingPolicy(
            id=DATASET, state=ListingState.LISTED, opening=OpeningClass.GENERAL, items=("town",)
        )
        await node.put(dataset_key("opening", DATASET), listing)
        node.parts.pipeline.limits._buckets.clear()
        yield node
        await node.put(dataset_key("opening", DATASET), None)
        node.parts.pipeline.limits._buckets.clear()

    async def test_anyone_downloads_and_is_told_the_limit(self, opened):
        response = await opened.get(FILE)
        assert response.status_code == 200
        assert response.headers["ratelimit"].startswith('"anonymous";r=199')
        assert opened.services["opening"].seen[0].identity.view.columns == ("town",)
        assert (await events(opened))[0].client_kind is PrincipalKind.PUBLIC

    async def test_anonymous_refusals_are_counted_not_recorded(self, opened):
        for _ in range(5):
            response = await opened.get("/v1/open/datasets/303084122704-000008/files/csv")
            assert response.status_code == 404
        assert await events(opened) == []
        opened.parts.records.flush_counts()
        (told,) = await until(lambda: events(opened))
        assert (told.count, told.rule, told.group) == (5, "dataset-unknown", "127.0.0.0/24")

    async def test_too_often_is_refused(self, opened, monkeypatch):
        monkeypatch.setitem(opened.parts.pipeline.limits.rates, "anonymous", Rate(0.01, 3, 3))
        answers = [await opened.get("/v1/open/datasets") for _ in range(4)]
        assert [each.status_code for each in answers] == [200, 200, 200, 429]
        assert answers[3].json()["type"] == "/problems/rate-exceeded"
        assert int(answers[3].headers["retry-after"]) > 1
        assert (await opened.get(ROWS, "sys-reader")).status_code == 200

    async def test_a_bad_token_is_not_the_public(self, opened):
        response = await opened.get(FILE, authorization="Bearer nonsense")
        assert response.json()["type"] == "/problems/token-invalid"


class TestExplanation:
    async def ask(self, node, caller="sys-reader", **body):
        return await node.http.post(
            "/v1/decisions", json={"dataset": DATASET} | body, headers=node.bearer(caller)
        )

    async def test_tells_rule_article_and_inputs_without_doing_it(self, node):
        told = (await self.ask(node)).json()
        assert (told["allowed"], told["rule"], told["columns"]) == (True, "unconditional", ["town"])
        assert (told["revision"], told["policy"] > 0) == (1, True)
        refused = (await self.ask(node, items=["amount"], mode="export")).json()
        assert (refused["allowed"], refused["rule"]) == (False, "items-conditional")
        assert await events(node) == []
        assert node.services["catalog"].seen == []

    async def test_an_officer_asks_in_the_place_of_a_system_of_its_own(self, node):
        key = client_key("catalog", "off-asking")
        officer = client("off-asking", READER, roles=(Role.DATA_OFFICER,))
        await node.put(key, officer)
        alone = (await self.ask(node, "off-asking")).json()
        assert (alone["allowed"], alone["rule"]) == (False, "role-not-admitted")
        told = (await self.ask(node, "off-asking", system="sys-reader")).json()
        assert (told["allowed"], told["rule"]) == (True, "unconditional")
        for other in ("sys-provider", "sys-nobody", "off-asking"):
            refused = await self.ask(node, "off-asking", system=other)
            assert (refused.status_code, refused.json()["type"]) == (
                403,
                "/problems/system-not-own",
            )

    async def test_a_malformed_question(self, node):
        response = await self.ask(node, mode="steal")
        assert (response.status_code, response.json()["type"]) == (422, "/problems/invalid")


async def test_it_says_what_it_needs_to_be_ready(node):
    told = await node.get("/health/ready")
    assert told.json() == {"status": "ready", "nats": "up", "feed": "fresh", "lease": "held"}
    assert (await node.get("/health/live")).status_code == 200
    assert b"zhengshu_request_seconds" in (await node.get("/metrics")).content
