"""A business system's life and the statement of what it has aggregated."""

import re

import pytest
from catalog.harness import ADMINISTRATOR, Catalog
from catalog.samples import CITATION, CIVIL, EDUCATION, item, officer, reviewer
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import OrganizationKind, Role, SharingClass

STRANGER = officer(EDUCATION, client="off-education")
FINANCE = officer(
    "11350123003615102X", Role.SUPERVISOR, client="off-finance", kind=OrganizationKind.FINANCE
)


async def registered(catalog: Catalog) -> str:
    body = {"organization": CIVIL, "name": "救助系统"}
    return (await catalog.done("POST", "/v1/systems", body, by=ADMINISTRATOR))["id"]


async def planned(catalog: Catalog, system: str, *entries: str | None) -> None:
    body = {"planned": [{"title": f"数据{n}", "entry": e} for n, e in enumerate(entries)]}
    await catalog.done("PUT", f"/v1/systems/{system}/planned", body, by=officer())


async def pushed(catalog: Catalog, system: str, entry: str) -> None:
    """Let a batch be there, as aggregation leaves it."""
    await catalog.database.execute(
        "UPDATE datasets SET version = 1, rows = 3, acknowledged = 1 WHERE id = $1", entry
    )
    await catalog.database.execute(
        "INSERT INTO batches (id, dataset, system, mode, epoch, version, digest, answer)"
        " VALUES ('b-1', $1, $2, 'append', 1, 1, '', '{}')",
        entry,
        system,
    )


async def go(catalog: Catalog, system: str, stage: str, by: Principal | None = None) -> str:
    path = f"/v1/systems/{system}/stage"
    return (await catalog.done("POST", path, {"stage": stage}, by=by or officer()))["stage"]


async def stopped(catalog: Catalog, system: str, stage: str, by: Principal | None = None) -> str:
    path = f"/v1/systems/{system}/stage"
    return (await catalog.refused("POST", path, {"stage": stage}, by=by or officer()))[0]


class TestLife:
    async def test_goes_from_plan_to_operation_as_its_data_arrive(self, catalog: Catalog):
        system, entry = await registered(catalog), await catalog.published()
        assert await stopped(catalog, system, "built") == "stage-not-allowed"
        await planned(catalog, system, entry, None)
        await go(catalog, system, "built")
        assert await stopped(catalog, system, "connected") == "stage-not-allowed"
        await pushed(catalog, system, entry)
        await go(catalog, system, "connected")
        assert await stopped(catalog, system, "accepted") == "stage-not-allowed"
        assert await stopped(catalog, system, "accepted", reviewer()) == "not-aggregated"
        await planned(catalog, system, entry)
        await go(catalog, system, "accepted", reviewer())
        await go(catalog, system, "operating")
        listed = await catalog.done("GET", "/v1/systems", by=officer())
        assert [one["stage"] for one in listed["systems"]] == ["operating"]
        stages = [event["stage"] for _, event in await catalog.announced("%system.advanced%")]
        assert stages == ["built", "connected", "accepted", "operating"]

    @pytest.mark.parametrize("stage", ["planned", "connected", "accepted", "operating"])
    async def test_no_stage_is_left_out_or_repeated(self, catalog: Catalog, stage: str):
        system = await registered(catalog)
        assert await stopped(catalog, system, stage, reviewer()) == "stage-not-allowed"

    async def test_a_retired_one_is_locked_for_good(self, catalog: Catalog):
        system = await registered(catalog)
        await go(catalog, system, "retired")
        record = (await catalog.announced(f"$KV.policy.catalog.client.{system}"))[-1][1]
        assert record["locked"] is True
        for last, body in (("unlock", None), ("credential", {})):
            path = f"/v1/clients/{system}/{last}"
            refusal = await catalog.refused("POST", path, body, by=ADMINISTRATOR)
            assert refusal == ("system-retired", 409)
        assert await stopped(catalog, system, "built") == "stage-not-allowed"

    async def test_the_plan_stays_once_it_was_accepted(self, catalog: Catalog):
        system = await registered(catalog)
        await catalog.database.execute("UPDATE systems SET stage = 'accepted'")
        path = f"/v1/systems/{system}/planned"
        refusal = await catalog.refused("PUT", path, {"planned": []}, by=officer())
        assert refusal == ("stage-not-allowed", 409)

    async def test_is_its_owners_affair(self, catalog: Catalog):
        system = await registered(catalog)
        for method, last, body in (
            ("PUT", "planned", {"planned": []}),
            ("POST", "stage", {"stage": "built"}),
            ("POST", "statements", None),
        ):
            path = f"/v1/systems/{system}/{last}"
            refusal = await catalog.refused(method, path, body, by=STRANGER)
            assert refusal == ("system-not-found", 404)


class TestStatement:
    async def test_tells_what_is_aggregated_and_stays_as_it_was(self, catalog: Catalog):
        system, entry = await registered(catalog), await catalog.published()
        await planned(catalog, system, entry, None)
        await pushed(catalog, system, entry)
        path = f"/v1/systems/{system}/statements"
        issued = await catalog.done("POST", path, by=officer())
        assert re.fullmatch(r"HJ-\d{4}-00001", issued["number"])
        assert re.fullmatch(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", issued["check_code"])
        assert [one["aggregated"] for one in issued["lines"]] == [True, False]
        assert (issued["lines"][0]["rows"], issued["complete"]) == (3, False)
        await planned(catalog, system, entry)
        again = await catalog.done("POST", path, by=officer())
        assert again["number"].endswith("00002")
        assert again["complete"] is True
        for reader in (officer(), reviewer(), FINANCE):
            kept = await catalog.done("GET", f"/v1/statements/{issued['number']}", by=reader)
            assert kept == issued

    async def test_counts_what_the_municipal_platform_acknowledged_or_is_not_sent(
        self, catalog: Catalog
    ):
        system, entry = await registered(catalog), await catalog.published()
        withheld = item("code", key=True, sharing=SharingClass.WITHHELD, citation=CITATION)
        closed = await catalog.published(items=[withheld])
        await planned(catalog, system, entry, closed)
        await pushed(catalog, system, entry)
        state = "UPDATE datasets SET version = 2, acknowledged = $1"
        path = f"/v1/systems/{system}/statements"
        for acknowledged, expected in ((1, [False, True]), (2, [True, True])):
            await catalog.database.execute(state, acknowledged)
            issued = await catalog.done("POST", path, by=officer())
            assert [line["aggregated"] for line in issued["lines"]] == expected
            assert [line["exempt"] for line in issued["lines"]] == [False, True]
        printed = await catalog.send("GET", f"/v1/statements/{issued['number']}/print", by=FINANCE)
        assert "不上报" in printed.text

    async def test_is_listed_for_its_owner_and_for_who_funds_and_oversees(self, catalog: Catalog):
        systems = [await registered(catalog) for _ in range(2)]
        for system in systems:
            await catalog.done("POST", f"/v1/systems/{system}/statements", by=officer())
        for reader, seen in ((officer(), 2), (FINANCE, 2), (reviewer(), 2), (STRANGER, 0)):
            listed = await catalog.done("GET", "/v1/statements", by=reader)
            assert len(listed["statements"]) == seen
        one = await catalog.done("GET", f"/v1/statements?system={systems[1]}", by=FINANCE)
        assert [each["system"] for each in one["statements"]] == [systems[1]]
        first = await catalog.done("GET", "/v1/statements?limit=1", by=FINANCE)
        after = f"/v1/statements?limit=1&cursor={first['next']}"
        assert (await catalog.done("GET", after, by=FINANCE))["statements"] != first["statements"]

    async def test_prints_with_number_and_check_code(self, catalog: Catalog):
        system = await registered(catalog)
        evil = {"planned": [{"title": "<script>alert(1)</script>"}]}
        await catalog.done("PUT", f"/v1/systems/{system}/planned", evil, by=officer())
        issued = await catalog.done("POST", f"/v1/systems/{system}/statements", by=officer())
        path = f"/v1/statements/{issued['number']}/print"
        page = await catalog.send("GET", path, by=FINANCE)
        assert page.headers["content-type"].startswith("text/html")
        for text in (issued["number"], issued["check_code"], "数据汇聚情况证明", "尚未全部汇聚"):
            assert text in page.text
        assert "<script" not in page.text

    async def test_is_not_another_departments(self, catalog: Catalog):
        system = await registered(catalog)
        issued = await catalog.done("POST", f"/v1/systems/{system}/statements", by=officer())
        for last in ("", "/print"):
            path = f"/v1/statements/{issued['number']}{last}"
            refusal = await catalog.refused("GET", path, by=STRANGER)
            assert refusal == ("statement-not-found", 404)

    async def test_of_anothers_entry_counts_for_nothing(self, catalog: Catalog):
        system, entry = await registered(catalog), await catalog.published(STRANGER)
        await planned(catalog, system, entry)
        issued = await catalog.done("POST", f"/v1/systems/{system}/statements", by=officer())
        assert issued["lines"][0]["state"] is None
