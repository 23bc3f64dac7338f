"""Sharing and the stand-in at their exchange: what one sends the other takes, by both chains."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from commission.cast import County, standing_in
from sharing.cast import GATEWAY, Sharing
from zhengshu_contracts.roles import Action
from zhengshu_sharing.applications.states import Chain


@pytest.fixture
async def county(database: Any) -> AsyncIterator[County]:
    async with standing_in(await database("commission")) as county:
        yield county


@pytest.fixture
def county_asks(sharing: Sharing) -> Any:
    resources = sharing.app.state.resources
    before = resources.settings
    resources.settings = before.model_copy(update={"opinion_by": Chain.COUNTY})
    yield
    resources.settings = before


async def exchange(sharing: Sharing, county: County) -> list[str]:
    """Carry everything that is due there and every answer back, as the gateway does; say what it did."""
    kinds = ("application", "opinion", "withdrawal", "revocation")
    sent = [(kind, row) for kind in kinds for row in await sharing.dispatches(kind)]
    for kind, row in sent:
        await county.put(f"{kind}/{row.id}", row.payload)
    outcomes = []
    for kind, row in sent:
        for callback in (await county.get(f"{kind}/{row.id}")).json()["callbacks"]:
            path = "/internal/callbacks"
            told = await sharing.call(GATEWAY, Action.INTERNAL, "POST", path, callback)
            outcomes.append(f"{callback['answer']['kind']} {told.json()['outcome']}")
    return outcomes


@pytest.mark.parametrize("outcome", ["agree", "refuse"])
async def test_what_the_county_asked_the_commission_decides_at_once(
    sharing: Sharing, county: County, county_asks: None, outcome: str
) -> None:
    case = await sharing.apply()
    await sharing.endorse(case["id"])
    said = {"outcome": outcome, "reason": "符合职责", "ground": None}
    if outcome == "refuse":
        said |= {"ground": "outside_duties", "reason": "非登记职责"}
    await sharing.answer((await sharing.opinion())["id"], **said)
    assert await exchange(sharing, county) == ["decision applied"]
    shown = await sharing.read(case["id"])
    assert shown["state"] == {"agree": "granted", "refuse": "refused"}[outcome]
    assert len(await sharing.rows("SELECT 1 FROM grants")) == (outcome == "agree")


async def test_what_the_commission_asks_it_decides_after_the_answer(
    sharing: Sharing, county: County
) -> None:
    case = await sharing.apply()
    await sharing.endorse(case["id"])
    assert await exchange(sharing, county) == ["opinion_request applied"]
    await sharing.answer((await sharing.opinion())["id"])
    assert "decision applied" in await exchange(sharing, county)
    assert (await sharing.read(case["id"]))["state"] == "granted"
