"""The alternatives the law leaves open, each by a setting: who asks the provider, what the clock does."""

from collections.abc import Iterator
from typing import Any

import pytest
from sharing.cast import AID, MARKET_OFFICER, REGISTER, Sharing, part
from zhengshu_contracts.roles import Action
from zhengshu_sharing.applications.states import Chain
from zhengshu_sharing.settings import SharingSettings, SupplementClock, Unconditional


@pytest.fixture
def changed(sharing: Sharing) -> Iterator[Any]:
    """Change a setting of the running service, until the test is over."""
    resources = sharing.app.state.resources
    before: SharingSettings = resources.settings

    def change(**values: Any) -> None:
        resources.settings = before.model_copy(update=values)

    yield change
    resources.settings = before


class TestCountyAsks:
    async def test_the_provider_before_it_forwards(self, sharing: Sharing, changed: Any) -> None:
        changed(opinion_by=Chain.COUNTY)
        case = await sharing.apply()
        waiting = case["parts"][0]["id"]
        await sharing.endorse(case["id"])
        assert (await sharing.read(case["id"]))["state"] == "consulting"
        assert await sharing.dispatches("application") == []
        assert await sharing.callback("decision", waiting, outcome="agree") == "no-effect"
        await sharing.answer((await sharing.opinion())["id"], quota={"calls": 7})
        assert (await sharing.read(case["id"]))["state"] == "endorsed"
        [filing] = await sharing.dispatches("application")
        assert filing.payload["endorsement"] == "同意转报"
        assert filing.payload["provider_opinion"]["outcome"] == "agree"
        assert await sharing.dispatches("opinion") == []
        assert await sharing.callback("opinion_request", waiting) == "no-effect"
        assert await sharing.callback("decision", waiting, outcome="agree") == "applied"
        [told] = await sharing.told()
        assert told["quota"]["calls"] == 7

    async def test_no_municipal_provider(self, sharing: Sharing, changed: Any) -> None:
        changed(opinion_by=Chain.COUNTY)
        case = await sharing.apply(part(REGISTER, "name"))
        await sharing.endorse(case["id"])
        assert (await sharing.read(case["id"]))["state"] == "endorsed"

    async def test_and_what_is_withdrawn_meanwhile_the_commission_never_hears_of(
        self, sharing: Sharing, changed: Any
    ) -> None:
        changed(opinion_by=Chain.COUNTY)
        case = await sharing.apply()
        await sharing.endorse(case["id"])
        await sharing.withdraw(case["id"])
        assert await sharing.dispatches("withdrawal") == []
        assert await sharing.rows("SELECT 1 FROM clocks WHERE closed_on IS NULL") == []

    async def test_a_case_keeps_the_chain_it_began_with(
        self, sharing: Sharing, changed: Any
    ) -> None:
        case = await sharing.apply()
        changed(opinion_by=Chain.COUNTY)
        await sharing.endorse(case["id"])
        assert (await sharing.read(case["id"]))["state"] == "endorsed"


class TestRegisteredUse:
    async def test_of_unconditional_items_leaves_a_grant_at_once(
        self, sharing: Sharing, changed: Any
    ) -> None:
        changed(unconditional=Unconditional.REGISTERED)
        case = await sharing.apply(part(AID, "town", "name"))
        free, asked = case["parts"]
        assert (free["state"], asked["state"]) == ("granted", "submitted")
        [told] = await sharing.told()
        assert (told["id"], told["items"], told["filter"]) == (free["grant"], ["town"], "")
        assert told["purpose"] == case["purpose"]
        replies = [verb for verb, term in await sharing.clocks() if term == "reply_unconditional"]
        assert replies == ["opened", "closed"]
        assert "常设同意" in case["timeline"][1]["what"]
        await sharing.change_grant(free["grant"], "revocation")
        assert await sharing.told() == []
        assert await sharing.dispatches("revocation") == []

    async def test_is_not_asked_for_by_default(self, sharing: Sharing) -> None:
        case = await sharing.apply(part(AID, "town"))
        assert (case["state"], case["parts"][0]["grant"]) == ("granted", None)
        assert await sharing.rows("SELECT 1 FROM grants") == []

    async def test_does_not_renew_what_was_granted_on_conditions(
        self, sharing: Sharing, changed: Any
    ) -> None:
        grant = (await sharing.granted())["grant"]
        changed(unconditional=Unconditional.REGISTERED)
        await sharing.apply(part(AID, "town", "name"), renews=grant)
        assert {one["id"]: one["state"] for one in await sharing.told()}[grant] == "active"


@pytest.mark.parametrize(
    ("rule", "verbs"),
    [
        (SupplementClock.PAUSE, ["opened", "paused", "resumed"]),
        (SupplementClock.RESTART, ["opened", "paused", "closed", "opened"]),
        (SupplementClock.RUN, ["opened"]),
    ],
)
async def test_a_supplement_notice_and_the_clock(
    sharing: Sharing, changed: Any, rule: SupplementClock, verbs: list[str]
) -> None:
    changed(supplement_clock=rule)
    case = await sharing.apply()
    await sharing.endorse(case["id"], outcome="return", opinion="请补正", missing=["职责依据"])
    path = f"/v1/applications/{case['id']}/supplement"
    body = {"note": "已补充职责依据"}
    await sharing.call(MARKET_OFFICER, Action.APPLICATION_SUBMIT, "POST", path, body)
    assert [verb for verb, _ in await sharing.clocks()] == verbs
