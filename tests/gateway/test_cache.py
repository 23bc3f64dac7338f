"""Hot pages: from the gateway's own memory, decided and recorded like any other, never older than known."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from support.gateway_harness import DATASET, PROVIDER, READER, client, say
from support.until import until
from zhengshu_contracts.access import AccessDecided, AccessEnded
from zhengshu_contracts.policy import (
    DatasetGrants,
    DatasetVersion,
    client_key,
    dataset_key,
    version_key,
)
from zhengshu_contracts.vocabulary import GrantState
from zhengshu_gateway import cache

from .pages import PAGE, page
from .test_pipeline import BATCHES, ROWS, grant


async def decided(node):
    return [e["data"] for e in await node.records() if "allowed" in e["data"]]


async def asked(node):
    """How often catalog was asked; the list begins anew."""
    seen = node.services["catalog"].asked(ROWS)
    node.services["catalog"].seen.clear()
    return len(seen)


class TestHit:
    async def test_asks_the_service_once_and_records_each(self, hot):
        answers = [await hot.get(f"{ROWS}?limit=5", "sys-reader") for _ in range(3)]
        assert await asked(hot) == 1
        assert [each.json() for each in answers] == [[{"town": "凤山镇"}]] * 3
        assert {each.headers["zhengshu-version"] for each in answers} == {"1.1"}
        records = {each.headers["zhengshu-record"] for each in answers}
        told = await decided(hot)
        assert {each["record"] for each in told} == records
        assert len(records) == 3

        async def ends():
            return [e["data"] for e in await hot.records() if e["data"].get("rows") == 1]

        await until(lambda: _three(ends))
        assert {each["version"] for each in await ends()} == {"1.1"}

    async def test_answers_304_to_who_has_it(self, hot):
        first = await hot.get(ROWS, "sys-reader")
        again = await hot.get(ROWS, "sys-reader", if_none_match=first.headers["etag"])
        assert (again.status_code, again.content, await asked(hot)) == (304, b"", 1)
        assert again.headers["zhengshu-record"]

    async def test_is_refused_to_who_may_not(self, hot):
        """The page of one is not shown to another, nor to the same when its right is gone."""
        key = dataset_key("sharing", DATASET)
        await hot.put(key, DatasetGrants(id=DATASET, grants=(grant(),)))
        path = f"{ROWS}?select=amount"
        hot.services["catalog"].answers[PAGE] = page(1, [{"amount": 1}])
        assert [(await hot.get(path, "sys-reader")).status_code for _ in range(2)] == [200, 200]
        assert await asked(hot) == 1
        dead = DatasetGrants(id=DATASET, grants=(grant(state=GrantState.REVOKED),))
        await hot.put(key, dead)
        assert (await hot.get(path, "sys-reader")).status_code == 403

    async def test_without_a_record_there_is_none(self, hot):
        await hot.get(ROWS, "sys-reader")
        js = hot.operator.jetstream()
        info = await js.stream_info("ACCESS")
        await js.delete_stream("ACCESS")
        try:
            assert (await hot.get(ROWS, "sys-reader")).status_code == 503
        finally:
            await js.add_stream(info.config)

    async def test_the_head_alone_is_asked_for_anew_and_yields_no_row(self, hot):
        for _ in range(2):
            answer = await hot.http.head(ROWS, headers=hot.bearer("sys-reader"))
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["zhengshu-rows"] == "1"
        seen = hot.services["catalog"].asked(ROWS)
        assert [each.method for each in seen] == ["GET", "GET"]

        async def endings():
            found = [e["data"] for e in await hot.records() if "outcome" in e["data"]]
            return found if len(found) == 2 else None

        assert [(one["rows"], one["bytes"]) for one in await until(endings)] == [(0, 0), (0, 0)]


async def _three(ends):
    return len(await ends()) == 3


class TestKey:
    @pytest.mark.parametrize(
        "change",
        [
            {"path": f"{ROWS}?limit=6"},
            {"accept": "text/csv"},
            {"prefer": "count=exact"},
            {"caller": "sys-provider"},
            {"range": "bytes=0-1"},
        ],
    )
    async def test_another_question_is_another_page(self, hot, change):
        await hot.get(ROWS, "sys-reader", accept="*/*")
        caller = change.pop("caller", "sys-reader")
        await hot.get(change.pop("path", ROWS), caller, **({"accept": "*/*"} | change))
        assert await asked(hot) == 2

    async def test_a_question_that_says_a_thing_twice_leaves_no_page_to_another(self, hot):
        """The service may have heard the first `Prefer`, the page would be found by the last."""
        twice = [*hot.bearer("sys-reader").items(), ("prefer", "count=exact"), ("prefer", "x")]
        await hot.http.get(ROWS, headers=httpx.Headers(twice))
        await hot.get(ROWS, "sys-reader", prefer="x")
        assert await asked(hot) == 2

    async def test_a_long_question_is_not_kept(self, hot):
        """Its words would fill the memory that pages are counted by."""
        path = f"{ROWS}?{'&'.join(['town=neq.' + 'x' * 100] * 20)}"
        for _ in range(2):
            assert (await hot.get(path, "sys-reader")).status_code == 200
        assert (len(hot.services["catalog"].asked(ROWS)), hot.parts.pages._kept) == (2, {})

    async def test_what_is_not_kept_is_of_the_version_asked_for_all_the_same(self, hot):
        told = await hot.get(ROWS, "sys-reader", range="0-1", min_version="1.2")
        assert (told.status_code, told.json()["type"]) == (412, "/problems/version-not-reached")

    async def test_grants_do_not_share_pages(self, hot):
        """A masking hash is the grant's own."""
        key = dataset_key("sharing", DATASET)
        for name in ("g-1", "g-2"):
            await hot.put(key, DatasetGrants(id=DATASET, grants=(grant(id=name),)))
            await hot.get(f"{ROWS}?select=amount", "sys-reader")
        assert await asked(hot) == 2


class TestVersion:
    async def test_the_feed_tells_of_a_newer_one(self, hot):
        await hot.get(ROWS, "sys-reader")
        await hot.put(version_key(DATASET), DatasetVersion(id=DATASET, epoch=1, version=2))
        hot.services["catalog"].answers[PAGE] = page(2)
        assert (await hot.get(ROWS, "sys-reader")).headers["zhengshu-version"] == "1.2"
        assert await asked(hot) == 2

    async def test_a_push_through_this_gateway_counts_before_it_is_answered(self, hot):
        await hot.get(ROWS, "sys-reader")
        hot.services["catalog"].answers[f"POST {BATCHES}"] = say(201, {}, zhengshu_version="1.2")
        hot.services["catalog"].answers[PAGE] = page(2)
        push = await hot.http.post(BATCHES, content=b"x", headers=hot.bearer("sys-provider"))
        assert push.status_code == 201
        assert (await hot.get(ROWS, "sys-reader")).headers["zhengshu-version"] == "1.2"

    async def test_a_refused_push_tells_nothing(self, hot):
        await hot.get(ROWS, "sys-reader")
        hot.services["catalog"].answers[f"POST {BATCHES}"] = say(422, {}, zhengshu_version="1.9")
        await hot.http.post(BATCHES, content=b"x", headers=hot.bearer("sys-provider"))
        await hot.get(ROWS, "sys-reader")
        assert await asked(hot) == 1

    async def test_rows_ahead_of_the_feed_are_not_followed_by_older_ones(self, hot):
        await hot.get(ROWS, "sys-reader")
        hot.services["catalog"].answers[PAGE] = page(2)
        assert (await hot.get(f"{ROWS}?limit=9", "sys-reader")).headers["etag"] == '"1.2-x"'
        assert (await hot.get(ROWS, "sys-reader")).headers["zhengshu-version"] == "1.2"

    async def test_what_was_learned_is_forgotten_for_the_feeds_word(self, hot, monkeypatch):
        monkeypatch.setattr(cache, "LEARNED", 0.1)
        hot.parts.pipeline.versions.learn(DATASET, (7, 1))
        assert hot.parts.pipeline.versions.newest(DATASET) == (7, 1)
        await asyncio.sleep(0.15)
        assert hot.parts.pipeline.versions.newest(DATASET) == (1, 1)

    async def test_at_least_the_one_asked_for(self, hot):
        await hot.get(ROWS, "sys-reader")
        assert (await hot.get(ROWS, "sys-reader", min_version="1.1")).status_code == 200
        assert await asked(hot) == 1
        hot.services["catalog"].answers[PAGE] = page(3)
        told = await hot.get(ROWS, "sys-reader", min_version="1.3")
        assert (told.headers["zhengshu-version"], await asked(hot)) == ("1.3", 1)
        late = await hot.get(ROWS, "sys-reader", min_version="1.4")
        assert (late.status_code, late.json()["type"]) == (412, "/problems/version-not-reached")
        bad = await hot.get(ROWS, "sys-reader", min_version="newest")
        assert (bad.status_code, bad.json()["type"]) == (422, "/problems/min-version-invalid")


class TestRoom:
    @pytest.mark.parametrize(
        "answer",
        [
            page(1, **{"content-type": "text/csv"}),
            page(1, cache_control="no-store"),
            page(1, [{"town": "x" * 200_000}]),
            say(200, []),
            say(404, {}, zhengshu_version="1.1"),
        ],
    )
    async def test_what_is_no_small_page_of_a_version_is_not_kept(self, hot, answer):
        hot.services["catalog"].answers[PAGE] = answer
        for _ in range(2):
            await hot.get(ROWS, "sys-reader")
        assert await asked(hot) == 2
        assert hot.parts.pages.size == 0

    async def test_the_least_used_goes_first(self, hot, monkeypatch):
        monkeypatch.setattr(hot.parts.pages, "_total", 3 * (cache.OVERHEAD + 100))
        for limit in (1, 2, 3, 1, 4, 1, 2):
            await hot.get(f"{ROWS}?limit={limit}", "sys-reader")
        assert await asked(hot) == 5  # 1, 2, 3, 4, and 2 again
        assert hot.parts.pages.size <= 3 * (cache.OVERHEAD + 100)


class TestDecisionsRemembered:
    """What is not worked out again is what a fresh look would say."""

    async def test_until_a_period_begins_or_ends(self, hot):
        now = datetime.now(UTC)
        short = grant(starts=now + timedelta(seconds=1), ends=now + timedelta(seconds=2))
        await hot.put(dataset_key("sharing", DATASET), DatasetGrants(id=DATASET, grants=(short,)))
        path = f"{ROWS}?select=amount"
        assert (await hot.get(path, "sys-reader")).status_code == 403
        await asyncio.sleep(1.2)
        assert (await hot.get(path, "sys-reader")).status_code == 200
        await asyncio.sleep(1)
        assert (await hot.get(path, "sys-reader")).status_code == 403

    async def test_until_the_client_is_somebody_else(self, hot):
        key = client_key("catalog", "sys-moving")
        await hot.put(key, client("sys-moving", PROVIDER))
        assert (await hot.get(f"{ROWS}?select=sample", "sys-moving")).status_code == 200
        await hot.put(key, client("sys-moving", READER))
        assert (await hot.get(f"{ROWS}?select=sample", "sys-moving")).status_code == 403


async def test_records_are_what_the_contract_says(hot):
    await hot.get(ROWS, "sys-reader")

    async def both():
        told = await hot.records()
        return told if len(told) == 2 else None

    decided, ended = await until(both)
    assert set(decided["data"]) == set(AccessDecided.model_fields)
    assert set(ended["data"]) == set(AccessEnded.model_fields)
    assert decided["id"] != ended["id"]
