"""A dataset is stopped by whoever supervises, and goes on by the word of whoever stopped it."""

import pytest
from catalog.harness import Catalog
from catalog.samples import AT, EDUCATION, officer, reviewer, system
from zhengshu_contracts.vocabulary import OrganizationKind, Role

WATCH = "11350123003615300R"
REGULATOR = officer(
    WATCH, Role.SUPERVISOR, client="off-watch", kind=OrganizationKind.SECURITY_REGULATOR
)
ORDER = {"reason": "发现数据泄露风险", "basis": "《网络安全法》第五十六条"}
LIFT = {"reason": "已完成整改并复测"}


async def test_the_regulator_stops_a_dataset_at_once_and_lets_it_go_on(catalog: Catalog) -> None:
    entry = await catalog.published()
    path = f"/v1/entries/{entry}"
    made = await catalog.done("POST", f"{path}/suspension", ORDER, by=REGULATOR)
    assert (made["ordered_by"], made["basis"], made["lifted_at"]) == (WATCH, ORDER["basis"], None)
    assert (await catalog.policy(entry))["suspended"] is True
    again = await catalog.refused("POST", f"{path}/suspension", ORDER, by=reviewer())
    assert again == ("already-suspended", 409)
    other = await catalog.refused("POST", f"{path}/resumption", LIFT, by=reviewer())
    assert other == ("order-of-another", 403)
    done = await catalog.done("POST", f"{path}/resumption", LIFT, by=REGULATOR)
    assert done["lifted_reason"] == LIFT["reason"]
    assert (await catalog.policy(entry))["suspended"] is False
    twice = await catalog.refused("POST", f"{path}/resumption", LIFT, by=REGULATOR)
    assert twice == ("not-suspended", 409)
    told = [subject for subject, _ in await catalog.announced("zhengshu.catalog.entry.%")]
    assert told[-2:] == [
        "zhengshu.catalog.entry.suspended.v1",
        "zhengshu.catalog.entry.resumed.v1",
    ]
    stranger = officer(EDUCATION, client="off-education")
    seen = await catalog.done("GET", f"{path}/suspensions", by=stranger)
    assert [one["id"] for one in seen["suspensions"]] == [made["id"]]


async def test_nothing_else_ends_a_suspension(catalog: Catalog) -> None:
    entry = await catalog.published()
    await catalog.done("POST", f"/v1/entries/{entry}/suspension", ORDER, by=reviewer())
    answer = {"kind": "service_registration", "dataset": entry, "service_code": "F"}
    assert await catalog.call_back(answer, number="cb-1", at=AT) == "applied"
    assert (await catalog.policy(entry))["suspended"] is True


@pytest.mark.parametrize(
    ("by", "refusal"),
    [
        (officer(), ("not-admitted", 403)),
        (officer(EDUCATION, Role.SUPERVISOR, client="off-e"), ("not-for-you-to-suspend", 403)),
        (system(), ("not-admitted", 403)),
    ],
)
async def test_nobody_else_orders_it(catalog: Catalog, by, refusal) -> None:
    entry = await catalog.published()
    path = f"/v1/entries/{entry}/suspension"
    assert await catalog.refused("POST", path, ORDER, by=by) == refusal


async def test_nobody_orders_it_of_their_own(catalog: Catalog) -> None:
    entry = await catalog.published()
    provider = (await catalog.done("GET", f"/v1/entries/{entry}", by=reviewer()))["provider"]
    own = officer(
        provider, Role.SUPERVISOR, client="off-own", kind=OrganizationKind.SECURITY_REGULATOR
    )
    refusal = await catalog.refused("POST", f"/v1/entries/{entry}/suspension", ORDER, by=own)
    assert refusal == ("not-for-you-to-suspend", 403)


async def test_a_draft_cannot_be_suspended(catalog: Catalog) -> None:
    entry = await catalog.compiled()
    path = f"/v1/entries/{entry}/suspension"
    assert (await catalog.refused("POST", path, ORDER, by=REGULATOR))[1] == 404
