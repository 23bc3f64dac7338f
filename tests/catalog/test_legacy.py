"""Old exchange systems: mapped, run beside the node with counts held together, cut over by receipts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from catalog.aggregation_harness import Dataset, dataset, town
from catalog.harness import Catalog
from catalog.samples import EDUCATION, officer, reviewer
from zhengshu_contracts.identity import Principal

STRANGER = officer(EDUCATION, client="off-education")
PATH = "/v1/legacy-systems"


def system(*entries: str | None, **more: Any) -> dict[str, Any]:
    interfaces = [
        {"code": f"i{n}", "title": f"接口{n}", "entry": entry} for n, entry in enumerate(entries)
    ]
    plain = {"name": "原共享前置机", "description": "民政与教育之间", "interfaces": interfaces}
    return plain | more


async def registered(catalog: Catalog, *entries: str | None) -> str:
    return (await catalog.done("POST", PATH, system(*entries), by=officer()))["id"]


async def go(catalog: Catalog, one: str, state: str, by: Principal | None = None) -> Any:
    return await catalog.done("POST", f"{PATH}/{one}/stage", {"state": state}, by=by or officer())


async def stopped(catalog: Catalog, one: str, state: str, by: Principal | None = None) -> str:
    path, body = f"{PATH}/{one}/stage", {"state": state}
    return (await catalog.refused("POST", path, body, by=by or officer()))[0]


async def running(catalog: Catalog) -> tuple[str, Dataset, str]:
    """A system in dual run since ever, its dataset, and when the run began."""
    towns = await dataset(catalog)
    one = await registered(catalog, towns.id)
    await go(catalog, one, "mapped")
    assert await stopped(catalog, one, "dual_running") == "legacy-not-ready"
    await towns.pushed([town("1"), town("2")])
    began = (await go(catalog, one, "dual_running"))["dual_since"]
    return one, towns, began


async def counted(catalog: Catalog, one: str, since: str, rows: int) -> dict[str, Any]:
    body = {"interface": "i0", "since": since, "until": datetime.now(UTC).isoformat(), "rows": rows}
    return await catalog.done("POST", f"{PATH}/{one}/counts", body, by=officer())


class TestLife:
    async def test_goes_over_when_counts_agree_and_receipts_cover_the_version(
        self, catalog: Catalog
    ):
        one, towns, began = await running(catalog)
        await towns.pushed([town("3"), town("4"), town("5")])
        wrong = await counted(catalog, one, began, 5)
        assert (wrong["taken"], wrong["difference"]) == (3, 2)
        assert await stopped(catalog, one, "cut_over", reviewer()) == "legacy-not-ready"
        right = await counted(catalog, one, began, 3)
        assert (right["taken"], right["difference"]) == (3, 0)
        assert await stopped(catalog, one, "cut_over", reviewer()) == "legacy-not-ready"
        await catalog.database.execute("UPDATE datasets SET acknowledged = 1")
        assert await stopped(catalog, one, "cut_over", reviewer()) == "legacy-not-ready"
        await catalog.database.execute("UPDATE datasets SET acknowledged = version")
        assert await stopped(catalog, one, "cut_over") == "legacy-stage-not-allowed"
        over = await go(catalog, one, "cut_over", reviewer())
        assert (over["ready"], over["progress"][0]["acknowledged"]) == (1, True)
        refusal = await catalog.refused("PUT", f"{PATH}/{one}", system(towns.id), by=officer())
        assert refusal == ("legacy-stage-not-allowed", 409)
        await go(catalog, one, "retired")
        told = [event["state"] for _, event in await catalog.announced("%legacy_system.advanced%")]
        assert told == ["mapped", "dual_running", "cut_over", "retired"]
        told = [e["difference"] for _, e in await catalog.announced("%legacy_count.reconciled%")]
        assert told == [2, 0]

    async def test_stages_come_one_after_another(self, catalog: Catalog):
        one = await registered(catalog, None)
        assert await stopped(catalog, one, "mapped") == "legacy-not-ready"
        for state in ("registered", "dual_running", "cut_over", "retired"):
            assert await stopped(catalog, one, state, reviewer()) == "legacy-stage-not-allowed"

    async def test_other_interfaces_begin_anew(self, catalog: Catalog):
        one, towns, began = await running(catalog)
        same = system(towns.id, name="另一名称")
        kept = await catalog.done("PUT", f"{PATH}/{one}", same, by=officer())
        assert (kept["state"], kept["name"]) == ("dual_running", "另一名称")
        body = system(towns.id, None)
        changed = await catalog.done("PUT", f"{PATH}/{one}", body, by=officer())
        assert (changed["state"], changed["dual_since"]) == ("registered", None)
        count = {"interface": "i0", "since": began, "until": began, "rows": 1}
        refusal = await catalog.refused("POST", f"{PATH}/{one}/counts", count, by=officer())
        assert refusal == ("legacy-stage-not-allowed", 409)


class TestRefuse:
    async def test_interfaces_that_repeat_or_lead_nowhere(self, catalog: Catalog):
        for body in (
            system("307350123001-000099"),
            system(None, interfaces=[{"code": "a", "title": "甲接口"}] * 2),
        ):
            refusal = await catalog.refused("POST", PATH, body, by=officer())
            assert refusal == ("legacy-interface-invalid", 422)

    @pytest.mark.parametrize(
        ("interface", "since", "until"),
        [("i9", 0, 0), ("i0", -60, 0), ("i0", 0, 60), ("i0", 0, -1)],
    )
    async def test_periods_outside_the_dual_run(self, catalog: Catalog, interface, since, until):
        one, _, began = await running(catalog)
        moments = datetime.fromisoformat(began), datetime.now(UTC)
        first, last = (
            (moment + timedelta(seconds=more)).isoformat()
            for moment, more in zip(moments, (since, until), strict=True)
        )
        body = {"interface": interface, "since": first, "until": last, "rows": 1}
        refusal = await catalog.refused("POST", f"{PATH}/{one}/counts", body, by=officer())
        assert refusal == ("legacy-period-invalid", 422)

    async def test_who_is_not_concerned(self, catalog: Catalog):
        one = await registered(catalog, None)
        assert (await catalog.done("GET", PATH, by=STRANGER))["systems"] == []
        assert len((await catalog.done("GET", PATH, by=reviewer()))["systems"]) == 1
        for method, last, body in (
            ("GET", "", None), ("PUT", "", system(None)), ("POST", "/stage", {"state": "mapped"}),
            ("POST", "/counts", {"interface": "i0", "since": "2026-01-01T00:00:00Z",
                                 "until": "2026-01-02T00:00:00Z", "rows": 1}),
        ):  # fmt: skip
            refusal = await catalog.refused(method, f"{PATH}/{one}{last}", body, by=STRANGER)
            assert refusal == ("legacy-system-not-found", 404)
