"""A provider stops nothing on its own: not by suspending and ending, nor by taking the entry off."""

from typing import Any

from sharing.cast import (
    AID,
    CIVIL,
    CIVIL_OFFICER,
    COMPETENT_OFFICER,
    MARKET,
    MARKET_OFFICER,
    TODAY,
    Sharing,
    hear,
)
from sharing.test_grant_life import STOP
from sharing.test_notices import kinds
from zhengshu_contracts.catalog import EntryRetired, EntryRetirementRequested
from zhengshu_contracts.roles import Action
from zhengshu_sharing.grants import consumers

RECTIFICATION = [("opened", "rectification", MARKET), ("closed", "rectification", MARKET)]


async def report(sharing: Sharing, grant: str) -> None:
    path, body = f"/v1/grants/{grant}/rectification", {"report": "已收回多余账号"}
    done = await sharing.call(MARKET_OFFICER, Action.GRANT_RECTIFY, "POST", path, body)
    assert done.status_code == 200, done.text


async def shown(sharing: Sharing, grant: str) -> Any:
    path = f"/v1/grants/{grant}"
    return (await sharing.call(MARKET_OFFICER, Action.GRANT_READ, "GET", path)).json()


async def test_the_holder_has_its_days_to_put_right(sharing: Sharing) -> None:
    grant = (await sharing.granted())["grant"]
    await sharing.change_grant(grant, "suspension", CIVIL_OFFICER)
    soon = await sharing.change_grant(grant, "revocation", CIVIL_OFFICER)
    assert soon.json()["type"] == "/problems/rectification-awaited"
    await report(sharing, grant)
    assert (await sharing.clocks("party"))[-2:] == RECTIFICATION
    again = await sharing.change_grant(grant, "suspension", CIVIL_OFFICER)
    assert again.json()["state"] == "suspended"  # it did not suffice: a new period
    await report(sharing, grant)
    assert (await sharing.clocks("party"))[-4:] == RECTIFICATION * 2
    ended = await sharing.change_grant(grant, "revocation", CIVIL_OFFICER)
    assert ended.json()["state"] == "revoked"


async def test_the_competent_department_waits_for_nothing(sharing: Sharing) -> None:
    grant = (await sharing.granted())["grant"]
    await sharing.change_grant(grant, "suspension", CIVIL_OFFICER)
    assert (await sharing.change_grant(grant, "revocation")).json()["state"] == "revoked"


async def test_taken_up_again_no_period_is_left(sharing: Sharing) -> None:
    grant = (await sharing.granted())["grant"]
    await sharing.change_grant(grant, "suspension")
    assert (await sharing.change_grant(grant, "resumption")).json()["state"] == "active"
    assert (await sharing.clocks("party"))[-2:] == RECTIFICATION


async def test_a_stop_is_filed_with_the_competent_department(sharing: Sharing) -> None:
    grant = (await sharing.granted())["grant"]
    path = f"/v1/grants/{grant}/stop"
    await sharing.call(CIVIL_OFFICER, Action.GRANT_STOP, "POST", path, STOP)
    assert await kinds(sharing, COMPETENT_OFFICER) == ["stop_announced"]


async def test_of_a_retirement_holders_are_told_ahead_and_dispose_after_it(
    sharing: Sharing,
) -> None:
    grant = (await sharing.granted())["grant"]
    asked = EntryRetirementRequested(entry=AID, provider=CIVIL, title="低保对象")
    await hear(sharing, consumers.register, asked)
    assert (await shown(sharing, grant))["state"] == "active"
    done = EntryRetired(entry=AID, provider=CIVIL)
    await hear(sharing, consumers.register, done, done)
    over = await shown(sharing, grant)
    assert (over["state"], over["reason"]) == ("revoked", "目录已停用,数据不再提供")
    assert over["disposal"]["due"] > str(TODAY)
    assert await sharing.told() == []
    assert await kinds(sharing) == ["decision_arrived", "retirement_asked", "dataset_retired"]
    assert len(await sharing.dispatches("revocation")) == 1
