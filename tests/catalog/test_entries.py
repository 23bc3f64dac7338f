"""The catalogue over HTTP: from draft to published, revised, registered and copied."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from catalog.harness import Catalog
from catalog.samples import (
    AT,
    CATEGORY,
    CITATION,
    CIVIL,
    CONDITION,
    EDUCATION,
    content,
    item,
    officer,
    reviewer,
    system,
)
from zhengshu_catalog.main import desk
from zhengshu_contracts.commission import CALLBACK_OWNER
from zhengshu_contracts.vocabulary import Role, SharingClass

STRANGER = officer(EDUCATION, client="off-education")
AGREED = {"outcome": "agree", "opinion": "同意发布"}
RETURNED = {"outcome": "return", "opinion": "请补充摘要"}


class TestCompile:
    async def test_makes_a_numbered_draft(self, catalog: Catalog):
        made = await catalog.done("POST", "/v1/entries", content(), by=officer())
        assert (made["id"], made["code"]) == (f"{CATEGORY}-000001", f"{CATEGORY}/000001")
        assert (made["state"], made["state_label"], made["revision"]) == ("draft", "草稿", 0)
        assert (made["provider"], made["provider_name"]) == (CIVIL, "罗源县民政局")
        assert (made["sharing"], made["grade"]) == ("unconditional", "general")
        assert await catalog.compiled() == f"{CATEGORY}-000002"
        assert await catalog.compiled(category="307350123002") == "307350123002-000001"

    async def test_entries_made_at_once_get_numbers_of_their_own(self, catalog: Catalog):
        made = await asyncio.gather(*(catalog.compiled() for _ in range(4)))
        assert sorted(made) == [f"{CATEGORY}-00000{n}" for n in range(1, 5)]

    async def test_tells_the_gateway_nothing_of_a_draft(self, catalog: Catalog):
        await catalog.compiled()
        assert await catalog.announced("$KV%") == []

    async def test_a_withheld_item_without_citation_is_refused(self, catalog: Catalog):
        body = content(items=[item("a", sharing=SharingClass.WITHHELD)])
        response = await catalog.send("POST", "/v1/entries", body, by=officer())
        problem = response.json()
        assert (response.status_code, problem["type"]) == (422, "/problems/citation-required")
        assert problem["basis"] == "《政务数据共享条例》第十五条"
        assert problem["errors"][0]["pointer"] == "/items/0"
        assert problem["next"]

    @pytest.mark.parametrize(
        ("items", "slug"),
        [
            ([item("select")], "item-name-reserved"),
            ([item("a", sharing=SharingClass.CONDITIONAL)], "condition-required"),
            ([item("a", condition=CONDITION)], "class-contradicted"),
            (
                [item("a", sharing=SharingClass.WITHHELD, citation=CITATION, opening="general")],
                "opening-not-allowed",
            ),
        ],
    )
    async def test_a_broken_rule_is_named(self, catalog: Catalog, items, slug):
        body = content(items=items)
        assert await catalog.refused("POST", "/v1/entries", body, by=officer()) == (slug, 422)

    async def test_a_class_has_no_default(self, catalog: Catalog):
        body = content().model_dump(mode="json")
        del body["items"][0]["sharing"]
        assert await catalog.refused("POST", "/v1/entries", body, by=officer()) == ("invalid", 422)

    async def test_a_system_does_not_compile(self, catalog: Catalog):
        refusal = await catalog.refused("POST", "/v1/entries", content(), by=system())
        assert refusal == ("not-admitted", 403)

    async def test_a_repeat_with_one_key_makes_one_entry(self, catalog: Catalog):
        sent = {"by": officer(), "Idempotency_Key": "once"}
        first = await catalog.send("POST", "/v1/entries", content(), **sent)
        again = await catalog.send("POST", "/v1/entries", content(), **sent)
        assert again.json() == first.json()
        assert await catalog.database.fetchval("SELECT count(*) FROM entries") == 1


class TestSecret:
    @pytest.mark.parametrize(
        ("flag", "rule"), [("state_secret", "state-secret"), ("work_secret", "work-secret")]
    )
    async def test_only_the_refusal_is_recorded(self, catalog: Catalog, flag, rule):
        body = content(title="潜艇泊位", **{flag: True})
        response = await catalog.send(
            "POST", "/v1/entries", body, by=officer(), Idempotency_Key="secret"
        )
        problem = response.json()
        assert (response.status_code, problem["type"]) == (403, "/problems/secret-refused")
        assert problem["basis"] == "《政务数据共享条例》第三条"
        assert await catalog.announced("zhengshu.catalog.entry%") == [
            ("zhengshu.catalog.entry.refused.v1", {"provider": CIVIL, "rule": rule})
        ]
        for table in ("entries", "revisions", "outbox", "idempotency", "dispatches"):
            kept = await catalog.database.fetch(f"SELECT t::text FROM {table} t")
            assert "潜艇泊位" not in str(kept)
        assert await catalog.database.fetchval("SELECT count(*) FROM entries") == 0

    async def test_a_draft_does_not_take_a_secret_in(self, catalog: Catalog):
        entry = await catalog.compiled()
        body = content(title="潜艇泊位", state_secret=True)
        refusal = await catalog.refused("PUT", f"/v1/entries/{entry}", body, by=officer())
        assert refusal == ("secret-refused", 403)
        shown = await catalog.done("GET", f"/v1/entries/{entry}", by=officer())
        assert shown["title"] == content().title
        assert len(await catalog.announced("%entry.refused%")) == 1


class TestVisibility:
    @pytest.mark.parametrize("path", ["", "/revisions"])
    async def test_a_draft_is_not_there_for_others(self, catalog: Catalog, path):
        entry = await catalog.compiled()
        where = f"/v1/entries/{entry}{path}"
        assert await catalog.refused("GET", where, by=STRANGER) == ("entry-not-found", 404)
        assert await catalog.done("GET", where, by=officer())
        assert await catalog.done("GET", where, by=reviewer())

    async def test_a_published_entry_is_there_for_everybody(self, catalog: Catalog):
        entry = await catalog.published()
        shown = await catalog.done("GET", f"/v1/entries/{entry}", by=system(EDUCATION))
        assert shown["state"] == "published"
        assert shown["opinion"] is None

    async def test_an_entry_that_does_not_exist_is_not_found(self, catalog: Catalog):
        path = f"/v1/entries/{CATEGORY}-000009"
        for method, last, body in (
            ("GET", "", None),
            ("PUT", "", content()),
            ("POST", "/submission", None),
        ):
            refusal = await catalog.refused(method, path + last, body, by=officer())
            assert refusal == ("entry-not-found", 404)
        refusal = await catalog.refused("POST", f"{path}/review", AGREED, by=reviewer())
        assert refusal == ("entry-not-found", 404)


class TestList:
    async def test_shows_each_reader_what_it_may_see(self, catalog: Catalog):
        draft, published = await catalog.compiled(), await catalog.published()
        for reader, expected in (
            (officer(), {draft, published}),
            (reviewer(), {draft, published}),
            (STRANGER, {published}),
        ):
            found = await catalog.done("GET", "/v1/entries", by=reader)
            assert {one["id"] for one in found["entries"]} == expected

    async def test_pages_without_gap_or_repeat(self, catalog: Catalog):
        made = [await catalog.compiled() for _ in range(5)]
        found, cursor = [], ""
        while cursor is not None:
            path = f"/v1/entries?limit=2{cursor and '&cursor=' + cursor}"
            page = await catalog.done("GET", path, by=officer())
            found += [one["id"] for one in page["entries"]]
            cursor = page["next"]
        assert found == made

    async def test_narrows_by_provider_origin_and_state(self, catalog: Catalog):
        civil = await catalog.published()
        education = await catalog.compiled(STRANGER)
        for query, expected in (
            (f"provider={EDUCATION}", [education]),
            ("state=published", [civil]),
            ("state=draft", [education]),
            ("origin=municipal", []),
            (f"origin=county&provider={CIVIL}", [civil]),
        ):
            found = await catalog.done("GET", f"/v1/entries?{query}", by=reviewer())
            assert [one["id"] for one in found["entries"]] == expected

    async def test_finds_revisions_to_review_but_only_for_those_who_may(self, catalog: Catalog):
        entry = await catalog.published()
        await catalog.done("PUT", f"/v1/entries/{entry}", content(), by=officer())
        await catalog.done("POST", f"/v1/entries/{entry}/submission", by=officer())
        for reader, expected, revising in (
            (reviewer(), [entry], "submitted"),
            (officer(), [entry], "submitted"),
            (STRANGER, [], None),
        ):
            found = await catalog.done("GET", "/v1/entries?state=submitted", by=reader)
            assert [one["id"] for one in found["entries"]] == expected
            shown = await catalog.done("GET", f"/v1/entries/{entry}", by=reader)
            assert (shown["state"], shown["revising"]) == ("published", revising)


class TestSubmit:
    async def test_is_announced(self, catalog: Catalog):
        entry = await catalog.compiled()
        path = f"/v1/entries/{entry}/submission"
        head = officer(CIVIL, Role.OFFICE_HEAD, client="off-head")
        assert (await catalog.done("POST", path, {}, by=head))["state"] == "submitted"
        assert (await catalog.announced())[-1] == (
            "zhengshu.catalog.entry.submitted.v1",
            {"entry": entry, "provider": CIVIL, "title": content().title},
        )
        assert await catalog.refused("POST", path, by=head) == ("entry-state-not-allowed", 409)

    @pytest.mark.parametrize(
        ("without", "slug"),
        [
            ({"secrecy_assessment": None}, "assessment-required"),
            ({"privacy_assessment": None}, "assessment-required"),
            ({"head_consent": None}, "consent-required"),
            ({"modes": []}, "modes-required"),
        ],
    )
    async def test_needs_assessments_and_consent(self, catalog: Catalog, without, slug):
        entry = await catalog.compiled(**without)
        refusal = await catalog.refused("POST", f"/v1/entries/{entry}/submission", by=officer())
        assert refusal == (slug, 409)

    async def test_is_the_providers(self, catalog: Catalog):
        entry = await catalog.published()
        refusal = await catalog.refused("POST", f"/v1/entries/{entry}/submission", by=STRANGER)
        assert refusal == ("not-provider", 403)


class TestReview:
    async def test_publishes_announces_and_files(self, catalog: Catalog):
        entry = await catalog.compiled()
        shown = await catalog.publish(entry)
        assert (shown["state"], shown["revision"], shown["opinion"]) == ("published", 1, "同意发布")
        (subject, event), (key, policy) = (await catalog.announced())[-2:]
        assert subject == "zhengshu.catalog.entry.published.v1"
        assert (event["entry"], event["revision"], event["origin"]) == (entry, 1, "county")
        assert [one["name"] for one in event["items"]] == ["code", "name"]
        assert key == f"$KV.policy.catalog.dataset.{entry}"
        assert (policy["state"], policy["registration"], policy["key"]) == (
            "published",
            "absent",
            ["code"],
        )
        dispatch = await catalog.database.fetchrow("SELECT * FROM dispatches")
        assert (dispatch["kind"], dispatch["subject"], dispatch["state"]) == ("entry", entry, "due")
        assert dispatch["expects_answer"]

    async def test_returns_with_an_opinion_and_takes_the_mended_one(self, catalog: Catalog):
        entry = await catalog.compiled()
        path = f"/v1/entries/{entry}"
        await catalog.done("POST", f"{path}/submission", by=officer())
        shown = await catalog.done("POST", f"{path}/review", RETURNED, by=reviewer())
        assert (shown["state"], shown["opinion"]) == ("returned", "请补充摘要")
        assert (await catalog.announced())[-1][1] == {"entry": entry, "by": "off-reviewer"}
        assert await catalog.refused("GET", path, by=STRANGER) == ("entry-not-found", 404)
        await catalog.done("PUT", path, content(abstract="已补充"), by=officer())
        assert (await catalog.publish(entry))["abstract"] == "已补充"

    async def test_nobody_reviews_their_own(self, catalog: Catalog):
        both = reviewer("off-both", Role.COMPETENT_OFFICER, Role.DATA_OFFICER)
        entry = await catalog.compiled(both)
        await catalog.done("POST", f"/v1/entries/{entry}/submission", by=both)
        path = f"/v1/entries/{entry}/review"
        assert await catalog.refused("POST", path, AGREED, by=both) == ("self-review", 403)
        assert (await catalog.done("POST", path, AGREED, by=reviewer()))["state"] == "published"

    async def test_twice_publishes_once(self, catalog: Catalog):
        entry = await catalog.published()
        path = f"/v1/entries/{entry}/review"
        refusal = await catalog.refused("POST", path, AGREED, by=reviewer())
        assert refusal == ("entry-state-not-allowed", 409)
        assert await catalog.database.fetchval("SELECT count(*) FROM dispatches") == 1

    async def test_two_at_once_publish_once(self, catalog: Catalog):
        entry = await catalog.compiled()
        path = f"/v1/entries/{entry}"
        await catalog.done("POST", f"{path}/submission", by=officer())
        answers = await asyncio.gather(
            *(catalog.send("POST", f"{path}/review", AGREED, by=reviewer(n)) for n in ("r1", "r2"))
        )
        assert sorted(one.status_code for one in answers) == [200, 409]
        assert len(await catalog.announced("%entry.published%")) == 1

    async def test_does_not_reject(self, catalog: Catalog):
        entry = await catalog.compiled()
        body = {"outcome": "refuse", "opinion": "不同意"}
        refusal = await catalog.refused("POST", f"/v1/entries/{entry}/review", body, by=reviewer())
        assert refusal == ("outcome-not-allowed", 422)


class TestRevise:
    async def test_a_published_revision_is_served_until_the_next_one_is(self, catalog: Catalog):
        entry = await catalog.published()
        path = f"/v1/entries/{entry}"
        draft = await catalog.done("PUT", path, content(title="新名称"), by=officer())
        assert (draft["title"], draft["state"], draft["revision"]) == ("新名称", "draft", 1)
        for reader in (officer(), STRANGER):
            shown = await catalog.done("GET", path, by=reader)
            assert (shown["title"], shown["state"]) == (content().title, "published")
        shown = await catalog.publish(entry)
        assert (shown["title"], shown["revision"]) == ("新名称", 2)
        assert (await catalog.policy(entry))["revision"] == 2
        found = await catalog.done("GET", "/v1/entries?q=新名称", by=STRANGER)
        assert [one["id"] for one in found["entries"]] == [entry]

    async def test_revisions_are_listed_newest_first_and_drafts_hidden(self, catalog: Catalog):
        entry = await catalog.published()
        await catalog.done("PUT", f"/v1/entries/{entry}", content(), by=officer())
        for reader, expected in (
            (officer(), [(2, "draft"), (1, "published")]),
            (reviewer(), [(2, "draft"), (1, "published")]),
            (STRANGER, [(1, "published")]),
        ):
            listed = await catalog.done("GET", f"/v1/entries/{entry}/revisions", by=reader)
            assert [(one["number"], one["state"]) for one in listed["revisions"]] == expected

    async def test_a_submitted_one_waits_for_its_review(self, catalog: Catalog):
        entry = await catalog.compiled()
        await catalog.done("POST", f"/v1/entries/{entry}/submission", by=officer())
        refusal = await catalog.refused("PUT", f"/v1/entries/{entry}", content(), by=officer())
        assert refusal == ("entry-state-not-allowed", 409)

    async def test_the_category_stays(self, catalog: Catalog):
        entry = await catalog.compiled()
        body = content(category="307350123009")
        refusal = await catalog.refused("PUT", f"/v1/entries/{entry}", body, by=officer())
        assert refusal == ("category-fixed", 409)

    async def test_the_database_keeps_a_published_revision_as_it_is(self, catalog: Catalog):
        entry = await catalog.published()
        for statement in ("UPDATE revisions SET content = '{}'", "DELETE FROM revisions"):
            with pytest.raises(asyncpg.RaiseError, match="never changed"):
                await catalog.database.execute(f"{statement} WHERE entry = '{entry}'")


class TestCallbacks:
    async def test_a_municipal_code_is_noted_and_closes_the_dispatch(self, catalog: Catalog):
        entry = await catalog.published()
        ref = await catalog.database.fetchval("SELECT id FROM dispatches")
        answer = {"kind": "entry", "entry": entry, "municipal_code": "350100-1"}
        assert await catalog.call_back(answer, number="c-1", at=AT, ref=ref) == "applied"
        assert (await catalog.policy(entry))["municipal_code"] == "350100-1"
        assert await catalog.announced("%entry.registered%") == [
            (
                "zhengshu.catalog.entry.registered.v1",
                {"entry": entry, "municipal_code": "350100-1"},
            )
        ]
        assert await catalog.database.fetchval("SELECT state FROM dispatches") == "answered"
        assert await catalog.call_back(answer, number="c-1", at=AT, ref=ref) == "no-effect"
        assert await catalog.call_back(answer, number="c-2", at=AT, ref=ref) == "no-effect"
        assert len(await catalog.announced("%entry.registered%")) == 1

    async def test_a_service_registration_may_overtake_the_entrys_answer(self, catalog: Catalog):
        entry = await catalog.published()
        live = {"kind": "service_registration", "dataset": entry, "service_code": "s-1"}
        assert (
            await catalog.call_back(live, number="c-1", at=AT + timedelta(minutes=5)) == "applied"
        )
        assert (await catalog.policy(entry))["registration"] == "live"
        answer = {"kind": "entry", "entry": entry, "municipal_code": "350100-1"}
        assert await catalog.call_back(answer, number="c-2", at=AT) == "applied"
        policy = await catalog.policy(entry)
        assert (policy["registration"], policy["municipal_code"]) == ("live", "350100-1")

    async def test_a_withdrawal_stops_the_serving_and_an_older_registration_does_not_revive_it(
        self, catalog: Catalog
    ):
        entry = await catalog.published()
        gone = {"kind": "service_withdrawal", "dataset": entry, "reason": "超期未更新"}
        live = {"kind": "service_registration", "dataset": entry, "service_code": "s-1"}
        assert (
            await catalog.call_back(gone, number="c-2", at=AT + timedelta(minutes=5)) == "applied"
        )
        assert await catalog.call_back(live, number="c-1", at=AT) == "no-effect"
        assert (await catalog.policy(entry))["registration"] == "withdrawn"
        assert (
            await catalog.call_back(live, number="c-3", at=AT + timedelta(minutes=9)) == "applied"
        )
        told = [event["state"] for _, event in await catalog.announced("%service.changed%")]
        assert told == ["withdrawn", "live"]
        shown = await catalog.done("GET", f"/v1/entries/{entry}", by=STRANGER)
        assert shown["registration"] == "live"

    async def test_of_what_is_unknown_or_a_draft_have_no_effect(self, catalog: Catalog):
        draft = await catalog.compiled()
        for n, dataset in enumerate((draft, f"{CATEGORY}-000077")):
            live = {"kind": "service_registration", "dataset": dataset, "service_code": "s-1"}
            assert await catalog.call_back(live, number=f"c-{n}", at=AT) == "no-effect"


def test_every_call_back_that_is_catalogs_has_somebody_who_applies_it():
    applied = {kind for kind, owner in CALLBACK_OWNER.items() if owner == "catalog"}
    assert applied == set(desk()._answers)
