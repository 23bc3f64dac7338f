"""Finding entries: what people type, ranked, narrowed and counted; nothing a reader may not see."""

import subprocess
import sys

import pytest
from catalog.harness import GATEWAY, Catalog
from catalog.samples import CIVIL, EDUCATION, content, item, officer, reviewer
from hypothesis import given
from hypothesis import strategies as st
from zhengshu_catalog.entries.reindex import reindex
from zhengshu_catalog.search import terms
from zhengshu_contracts.catalog import MunicipalEntry
from zhengshu_contracts.vocabulary import SharingClass

STRANGER = officer(EDUCATION, client="off-education")


async def titles(catalog: Catalog, query: str, by=STRANGER) -> list[str]:
    page = await catalog.done("GET", f"/v1/entries?{query}", by=by)
    return [one["title"] for one in page["entries"]]


class TestTerms:
    def test_a_text_is_found_by_characters_pairs_and_words(self):
        assert list(terms.terms("低保A1,名单")) == ["低", "保", "低保", "a1", "名", "单", "名单"]

    def test_width_and_case_do_not_matter(self):
        assert list(terms.terms("ABC123")) == ["abc123"]

    def test_what_is_typed_is_cut_into_words(self):
        query = terms.query("低保人员的名单")
        assert query.words == (("低保",), ("人员",), ("名单",))

    def test_a_long_word_means_all_its_pairs(self):
        assert terms.query("残疾人").words == (("残疾", "疾人"),)

    def test_empty_words_count_when_there_is_nothing_else(self):
        assert terms.query("的").words == (("的",),)

    @pytest.mark.parametrize("typed", ["", "  ", "%_'\\", "!&|:*()"])
    def test_signs_alone_are_no_query(self, typed: str):
        assert terms.query(typed) is None

    @given(st.text(max_size=60))
    def test_no_term_ever_needs_quoting(self, text: str):
        assert all(terms.RUN.fullmatch(term) for term in terms.terms(text))


class TestFinds:
    async def test_words_and_parts_of_words_in_any_order(self, catalog: Catalog):
        await catalog.published(title="城乡居民最低生活保障对象信息", abstract="民政救助")
        await catalog.published(title="停水通知", abstract="供水")
        for words in (
            "最低生活保障",
            "保障对象",
            "对象 居民",
            "民最低",
            "水",
            "生活保障信息",
            "救助对象",
        ):
            expected = "停水通知" if words == "水" else "城乡居民最低生活保障对象信息"
            assert await titles(catalog, f"q={words}") == [expected], words

    async def test_items_codes_and_providers(self, catalog: Catalog):
        items = [item("code", key=True), item("disability_grade", title="残疾等级")]
        entry = await catalog.published(title="残疾人两项补贴", items=items)
        await catalog.published(officer(EDUCATION, client="off-e"), title="学校名录")
        for words in ("残疾等级", "disab", entry[:8] + " 两项", "民政局"):
            assert await titles(catalog, f"q={words}") == ["残疾人两项补贴"], words

    async def test_the_best_first(self, catalog: Catalog):
        await catalog.published(title="停水通知", abstract="全县学校和小区的停水")
        await catalog.published(title="学校建设项目", abstract="在建")
        await catalog.published(title="学校", abstract="名录")
        assert await titles(catalog, "q=学校") == ["学校", "学校建设项目", "停水通知"]

    async def test_what_has_some_of_the_words_when_nothing_has_all(self, catalog: Catalog):
        await catalog.published(title="学校名录")
        page = await catalog.done("GET", "/v1/entries?q=学校火箭", by=STRANGER)
        assert page["partly"] is True
        assert [one["title"] for one in page["entries"]] == ["学校名录"]
        assert await titles(catalog, "q=火箭") == []

    async def test_signs_are_no_words(self, catalog: Catalog):
        await catalog.published()
        for words in ("%25", "'", "%5C", "%26%7C!:*", "a'b"):
            assert await titles(catalog, f"q={words}") == []

    async def test_a_revision_changes_what_is_found_once_it_is_published(self, catalog: Catalog):
        entry = await catalog.published(title="停水通知")
        await catalog.done("PUT", f"/v1/entries/{entry}", content(title="停电公告"), by=officer())
        assert await titles(catalog, "q=停水") == ["停水通知"]
        await catalog.publish(entry)
        assert await titles(catalog, "q=停水 通知") == []
        assert await titles(catalog, "q=停电") == ["停电公告"]

    async def test_drafts_for_those_alone_who_may_see_them(self, catalog: Catalog):
        await catalog.compiled(title="停水通知")
        assert await titles(catalog, "q=停水") == []
        for reader in (officer(), reviewer()):
            assert await titles(catalog, "q=停水", by=reader) == ["停水通知"]

    async def test_municipal_entries_like_the_countys_own(self, catalog: Catalog):
        told = MunicipalEntry(
            id="307350100001-000001",
            code="307350100001/000001",
            municipal_code="FZ-1",
            revision=1,
            sequence=1,
            title="市场主体登记信息",
            abstract="企业与个体工商户",
            provider=EDUCATION,
            provider_name="福州市市场监督管理局",
            update_cycle="daily",
            items=[item()],
        )
        await catalog.done("PUT", "/internal/municipal/entries", [told], by=GATEWAY)
        assert await titles(catalog, "q=个体工商户 登记") == ["市场主体登记信息"]
        assert await titles(catalog, "q=登记&origin=county") == []

    async def test_pages_without_gap_or_repeat(self, catalog: Catalog):
        made = [await catalog.compiled(title=f"停水通知{n}") for n in range(5)]
        found, cursor = [], ""
        while cursor is not None:
            path = f"/v1/entries?q=停水&limit=2{cursor and '&cursor=' + cursor}"
            page = await catalog.done("GET", path, by=officer())
            found += [one["id"] for one in page["entries"]]
            cursor = page["next"]
        assert sorted(found) == made


class TestNarrowsAndCounts:
    @pytest.fixture
    async def stocked(self, catalog: Catalog) -> Catalog:
        conditional = item(
            sharing=SharingClass.CONDITIONAL, condition={"scope": "部门", "purpose": "核验"}
        )
        await catalog.published(title="学校名录", update_cycle="daily")
        await catalog.published(title="学校教师", items=[conditional], category="203350123001")
        await catalog.published(title="医院名录", category="202350123001")
        await catalog.compiled(STRANGER, title="学校草稿")
        return catalog

    @pytest.mark.parametrize("words", ["", "q=学校&"])
    @pytest.mark.parametrize(
        ("narrowed", "expected"),
        [
            ("theme=203", {"学校教师"}),
            ("sharing=conditional", {"学校教师"}),
            ("update_cycle=daily", {"学校名录"}),
            ("grade=core", set()),
            (f"provider={CIVIL}&sharing=unconditional&update_cycle=daily", {"学校名录"}),
        ],
    )
    async def test_by_each_list(self, stocked: Catalog, words, narrowed, expected):
        assert set(await titles(stocked, words + narrowed, by=officer())) == expected

    @pytest.mark.parametrize("words", ["", "q=名录 学校 医院&"])
    async def test_counts_what_the_reader_may_see(self, stocked: Catalog, words: str):
        page = await stocked.done("GET", f"/v1/entries?{words}facets=true&limit=1", by=officer())
        assert page["total"] == 3
        facets = page["facets"]
        assert facets["provider"] == [{"value": CIVIL, "label": "罗源县民政局", "count": 3}]
        assert [(one["label"], one["count"]) for one in facets["sharing"]] == [
            ("无条件共享", 2),
            ("有条件共享", 1),
        ]
        assert {one["label"] for one in facets["theme"]} == {
            "健康保障",
            "社会保障",
            "省级及以下部门",
        }

    async def test_counts_nothing_unless_asked(self, stocked: Catalog):
        page = await stocked.done("GET", "/v1/entries?q=学校", by=officer())
        assert (page["total"], page["facets"]) == (None, None)

    async def test_a_word_that_is_not_in_a_list_is_refused(self, stocked: Catalog):
        refusal = await stocked.refused("GET", "/v1/entries?theme=999", by=officer())
        assert refusal == ("invalid", 422)


async def test_reindex_makes_every_term_again(catalog: Catalog, capsys):
    await catalog.published(title="停水通知")
    await catalog.database.execute("UPDATE entries SET terms = '', theme = '', grade = ''")
    assert await titles(catalog, "q=停水") == []
    assert await reindex(catalog.settings, []) == 0
    assert "1" in capsys.readouterr().out
    assert await titles(catalog, "q=停水&theme=307&grade=general") == ["停水通知"]


def test_the_dictionary_is_loaded_by_those_alone_who_search():
    told = "import sys, zhengshu_catalog.main; sys.exit('rjieba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0
