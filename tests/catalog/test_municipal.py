"""The read-only copy of the municipal catalogue: taken in order, one by one, over whatever is odd."""

import asyncio

import pytest
from catalog.harness import GATEWAY, Catalog
from catalog.samples import CATEGORY, EDUCATION, content, item, officer
from zhengshu_chassis.telemetry import THINGS_PASSED_OVER

STRANGER = officer(EDUCATION, client="off-education")


def municipal(**more):
    plain = {
        "id": "307350100001-000001",
        "code": "307350100001/000001",
        "municipal_code": "350100-9",
        "revision": 1,
        "sequence": 10,
        "title": "企业登记信息",
        "abstract": "市级",
        "provider": "11350100003604000X",
        "provider_name": "市市场监督管理局",
        "update_cycle": "daily",
        "items": [item("uscc", key=True).model_dump(mode="json")],
    }
    return plain | more


PUT = "/internal/municipal/entries"


async def test_how_far_answers_were_fetched_never_goes_back(catalog: Catalog):
    path = "/internal/municipal/answers"
    assert await catalog.done("GET", path, by=GATEWAY) == {"sequence": 0}
    for given, kept in ((4, 4), (9, 9), (4, 9)):
        told = await catalog.done("PUT", path, {"sequence": given}, by=GATEWAY)
        assert told == {"sequence": kept}
    assert await catalog.done("GET", path, by=GATEWAY) == {"sequence": 9}


class TestMunicipalCopy:
    async def test_is_found_by_everybody_and_changed_by_nobody(self, catalog: Catalog):
        assert await catalog.done("GET", "/internal/municipal/copy", by=GATEWAY) == {"sequence": 0}
        assert await catalog.done("PUT", PUT, [municipal()], by=GATEWAY) == {"sequence": 10}
        found = await catalog.done("GET", "/v1/entries?origin=municipal", by=STRANGER)
        entry = found["entries"][0]
        assert (entry["state"], entry["municipal_code"]) == ("published", "350100-9")
        policy = await catalog.policy(entry["id"])
        assert (policy["origin"], policy["municipal_code"]) == ("municipal", "350100-9")
        assert (await catalog.announced("%entry.published%"))[0][1]["origin"] == "municipal"
        own = officer("11350100003604000X", client="off-municipal")
        for by in (STRANGER, own):
            path = f"/v1/entries/{entry['id']}"
            body = content(category="307350100001")
            assert await catalog.refused("PUT", path, body, by=by) == ("municipal-read-only", 403)
        assert await catalog.database.fetchval("SELECT count(*) FROM dispatches") == 0

    async def test_the_same_again_changes_nothing_and_a_newer_one_replaces(self, catalog: Catalog):
        for body in ([municipal()], [municipal()], [municipal(sequence=9, title="旧")]):
            await catalog.done("PUT", PUT, body, by=GATEWAY)
        assert len(await catalog.announced("%entry.published%")) == 1
        newer = [municipal(sequence=12, revision=2, title="新名称"), municipal(sequence=11)]
        assert await catalog.done("PUT", PUT, newer, by=GATEWAY) == {"sequence": 12}
        shown = await catalog.done("GET", "/v1/entries/307350100001-000001", by=STRANGER)
        assert (shown["title"], shown["revision"]) == ("新名称", 2)

    async def test_two_writers_at_once_copy_once(self, catalog: Catalog):
        done = await asyncio.gather(
            *(catalog.done("PUT", PUT, [municipal()], by=GATEWAY) for _ in range(3))
        )
        assert done == [{"sequence": 10}] * 3
        assert len(await catalog.announced("%entry.published%")) == 1

    async def test_a_text_too_long_or_empty_does_not_stop_the_copy(self, catalog: Catalog):
        odd = municipal(title="长" * 80, abstract="")
        assert await catalog.done("PUT", PUT, [odd], by=GATEWAY) == {"sequence": 10}
        shown = await catalog.done("GET", "/v1/entries/307350100001-000001", by=STRANGER)
        assert (len(shown["title"]), len(shown["abstract"])) == (50, 80)

    async def test_a_retired_one_is_announced_and_closed(self, catalog: Catalog):
        await catalog.done("PUT", PUT, [municipal()], by=GATEWAY)
        await catalog.done("PUT", PUT, [municipal(sequence=11, retired=True)], by=GATEWAY)
        assert (await catalog.policy("307350100001-000001"))["state"] == "retired"
        assert len(await catalog.announced("%entry.retired%")) == 1

    async def test_never_overwrites_the_countys_own(self, catalog: Catalog):
        entry = await catalog.published()
        theirs = municipal(id=entry, code=entry.replace("-", "/"), revision=9, sequence=99)
        await catalog.done("PUT", PUT, [theirs], by=GATEWAY)
        shown = await catalog.done("GET", f"/v1/entries/{entry}", by=STRANGER)
        assert (shown["title"], shown["origin"]) == (content().title, "county")

    async def test_numbers_of_the_countys_own_pass_over_copied_ones(self, catalog: Catalog):
        copied = municipal(id=f"{CATEGORY}-000001", code=f"{CATEGORY}/000001")
        await catalog.done("PUT", PUT, [copied], by=GATEWAY)
        assert await catalog.compiled() == f"{CATEGORY}-000002"

    @pytest.mark.parametrize(
        "odd",
        [
            {"items": []},
            {"items": [{"name": "A B"}]},
            {"id": "无代码"},
            {"title": None},
            {"provider_name": "\x00"},
            {"id": "307350100001-1", "code": "307350100001/1"},
        ],
    )
    async def test_passes_over_an_odd_one_and_goes_on_for_good(self, catalog: Catalog, odd):
        passed = THINGS_PASSED_OVER.labels("municipal-copy")
        before = passed._value.get()
        page = [municipal(), municipal(id="307350100001-000002", sequence=11) | odd]
        page.append(municipal(id="307350100001-000003", sequence=12))
        assert await catalog.done("PUT", PUT, page, by=GATEWAY) == {"sequence": 12}
        assert passed._value.get() == before + 1
        found = await catalog.done("GET", "/v1/entries?origin=municipal", by=STRANGER)
        assert [entry["id"][-6:] for entry in found["entries"]] == ["000001", "000003"]
        only = [municipal(id="307350100001-000009", sequence=20) | odd]
        assert await catalog.done("PUT", PUT, only, by=GATEWAY) == {"sequence": 20}
        assert await catalog.done("GET", "/internal/municipal/copy", by=GATEWAY) == {"sequence": 20}

    async def test_takes_codes_that_a_local_platform_made(self, catalog: Catalog):
        local = municipal(id="AB8008-000001", code="AB8008/000001")
        await catalog.done("PUT", PUT, [local], by=GATEWAY)
        shown = await catalog.done("GET", "/v1/entries/AB8008-000001", by=STRANGER)
        assert (shown["category"], shown["code"]) == ("AB8008", "AB8008/000001")
        found = await catalog.done("GET", "/v1/entries?q=AB8008&facets=true", by=STRANGER)
        assert [entry["id"] for entry in found["entries"]] == ["AB8008-000001"]
        own = content().model_copy(update={"category": "AB8008"})
        refusal = await catalog.refused("POST", "/v1/entries", own, by=officer())
        assert refusal == ("category-not-national", 422)
