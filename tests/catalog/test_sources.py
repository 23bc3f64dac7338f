"""Collect once: likely duplicates with a score, and the named source before all others."""

import pytest
from catalog.harness import Catalog
from catalog.samples import CIVIL, EDUCATION, content, item, officer, reviewer
from zhengshu_catalog.sources.likeness import LEAST, Datum, likeness

STRANGER = officer(EDUCATION, client="off-education")
PHONE = [item("code", title="编号"), item("phone_number", title="联系电话号码")]


class TestLikeness:
    @pytest.mark.parametrize(
        ("left", "right"),
        [
            (Datum("联系电话"), Datum("联系电话")),
            (Datum("联系电话(手机)"), Datum("联系电话、手机")),
            (Datum("联系电话号码"), Datum("联系电话")),
            (Datum("身份证件号码", "id_number"), Datum("身份证号码", "id_number")),
        ],
    )
    def test_of_the_same_datum_is_high(self, left, right):
        assert likeness(left, right) >= LEAST

    @pytest.mark.parametrize(
        ("left", "right"),
        [
            (Datum("联系电话"), Datum("联系地址")),
            (Datum("发放金额"), Datum("发放日期")),
            (Datum("编号", "code", "C"), Datum("备注", "code", "C")),
        ],
    )
    def test_of_others_is_low(self, left, right):
        assert likeness(left, right) < LEAST

    def test_name_and_type_tell_alike_titles_apart(self):
        wanted = Datum("联系电话", "phone", "C")
        same = likeness(wanted, Datum("联系电话", "phone", "C"))
        other = likeness(wanted, Datum("联系电话", "amount", "N"))
        assert same == 1.0
        assert other < same


async def similar(catalog: Catalog, query: str) -> list[tuple[str, str, bool]]:
    answer = await catalog.done("GET", f"/v1/similar-items?{query}", by=STRANGER)
    return [(one["entry"], one["item"], one["source"]) for one in answer["items"]]


class TestSimilar:
    async def test_finds_the_best_among_more_than_it_compares(self, catalog: Catalog):
        entry = await catalog.published(items=PHONE)
        # Made before the one sought, and alike in one pair of characters each.
        await catalog.database.execute(
            "INSERT INTO items (entry, name, title, type, terms)"
            " SELECT $1, 'a' || n, '联系地址' || n, 'C',"
            " array_to_tsvector(ARRAY['联系', '系地', '地址']) FROM generate_series(1, 700) n",
            entry,
        )
        sought = await catalog.published(STRANGER, items=[item("z", title="联系电话号码")])
        found = await similar(catalog, "title=联系电话号码")
        assert {(one[0], one[1]) for one in found} == {(entry, "phone_number"), (sought, "z")}

    async def test_shows_items_of_published_entries_with_a_score(self, catalog: Catalog):
        entry = await catalog.published(items=PHONE)
        await catalog.compiled(items=PHONE)
        assert await similar(catalog, "title=联系电话&type=C") == [(entry, "phone_number", False)]
        assert await similar(catalog, "title=注册资本") == []

    async def test_not_those_of_the_entry_being_written(self, catalog: Catalog):
        entry = await catalog.published(items=PHONE)
        assert await similar(catalog, f"title=联系电话&entry={entry}") == []

    async def test_not_those_of_a_revision_before(self, catalog: Catalog):
        entry = await catalog.published(items=PHONE)
        revised = content(items=[*PHONE, item("address", title="通讯地址")])
        await catalog.done("PUT", f"/v1/entries/{entry}", revised, by=officer())
        assert await similar(catalog, "title=通讯地址") == []
        await catalog.publish(entry)
        assert await similar(catalog, "title=通讯地址") == [(entry, "address", False)]

    async def test_not_those_of_a_retired_one(self, catalog: Catalog):
        entry = await catalog.published(items=PHONE)
        await catalog.done("POST", f"/v1/entries/{entry}/retirement", {"reason": "x"}, by=officer())
        agreed = {"outcome": "agree", "opinion": "同意", "grants_seen": 0}
        await catalog.done("POST", f"/v1/entries/{entry}/retirement/review", agreed, by=reviewer())
        assert await similar(catalog, "title=联系电话") == []


class TestSource:
    async def test_comes_first_and_is_replaced_by_another_of_its_title(self, catalog: Catalog):
        first = await catalog.published(items=PHONE)
        alike = [item("phone", title="联系电话号码"), item("code", title="编号")]
        second = await catalog.published(STRANGER, items=alike)
        body = {"entry": second, "item": "phone", "reason": "由其首次采集"}
        named = await catalog.done("POST", "/v1/item-sources", body, by=reviewer())
        assert (named["title"], named["provider"]) == ("联系电话号码", EDUCATION)
        found = await similar(catalog, "title=联系电话号码&name=phone_number&type=C")
        assert found == [(second, "phone", True), (first, "phone_number", False)]
        ((_, told),) = await catalog.announced("%source.named%")
        assert (told["provider"], told["item"]) == (EDUCATION, "phone")

        again = body | {"entry": first, "item": "phone_number"}
        await catalog.done("POST", "/v1/item-sources", again, by=reviewer())
        listed = await catalog.done("GET", "/v1/item-sources", by=STRANGER)
        assert [one["provider"] for one in listed["sources"]] == [CIVIL]

    async def test_is_an_item_of_a_published_entry(self, catalog: Catalog):
        draft = await catalog.compiled(items=PHONE)
        entry = await catalog.published(items=PHONE)
        for wrong in ((draft, "phone_number"), (entry, "nothing")):
            body = {"entry": wrong[0], "item": wrong[1], "reason": "x"}
            refusal = await catalog.refused("POST", "/v1/item-sources", body, by=reviewer())
            assert refusal == ("item-not-found", 404)

    async def test_is_named_by_the_competent_department_alone(self, catalog: Catalog):
        body = {"entry": "307350123001-000001", "item": "code", "reason": "x"}
        refusal = await catalog.refused("POST", "/v1/item-sources", body, by=officer())
        assert refusal == ("not-admitted", 403)
