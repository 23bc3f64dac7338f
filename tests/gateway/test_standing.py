"""Answers that stand: given again without being worked out, and only while everything they rest on stands."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from support.gateway_harness import DATASET, PROVIDER, READER, client
from support.until import until
from zhengshu_contracts.limits import Quota
from zhengshu_contracts.policy import DatasetGrants, DatasetVersion, client_key, dataset_key
from zhengshu_contracts.policy import version_key as version
from zhengshu_contracts.vocabulary import GrantState
from zhengshu_gateway import standing
from zhengshu_gateway.limits import Rate

from .pages import PAGE, page
from .test_pipeline import ROWS, grant

SELECTED = f"{ROWS}?select=amount"
TOKEN: dict[str, str] = {}


@pytest.fixture
def worked_out(hot, monkeypatch):
    """How often a decision was asked for."""
    times = []
    decide = hot.parts.pipeline.decisions.decide
    monkeypatch.setattr(
        hot.parts.pipeline.decisions, "decide", lambda asked: times.append(asked) or decide(asked)
    )
    hot.parts.pipeline.standings._kept.clear()
    return times


async def ask(node, path=ROWS, **headers):
    """Ask with one token, again and again."""
    if not TOKEN:
        TOKEN.update(node.bearer("sys-reader"))
    return await node.get(path, **TOKEN, **headers)


async def warm(node, path=ROWS, **headers):
    """Ask until the answer stands: once of the service, once of the page."""
    for _ in range(2):
        answer = await ask(node, path, **headers)
    assert len(node.parts.pipeline.standings._kept) == 1
    return answer


async def test_it_is_recorded_and_told_like_the_one_before(hot, worked_out):
    before = await warm(hot)
    worked_out.clear()
    again = await ask(hot, traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
    assert worked_out == []
    assert again.content == before.content
    alike = {name: value for name, value in again.headers.items() if name in before.headers}
    told = {"zhengshu-record", "ratelimit", "date"}
    assert {n: v for n, v in before.headers.items() if n not in told} == {
        n: v for n, v in alike.items() if n not in told
    }

    async def both():
        found = await hot.records()
        return found if len(found) == 6 else None

    mine = {}
    for one in await until(both):
        mine.setdefault(one["data"]["record"], []).append(one)
    old = mine[before.headers["zhengshu-record"]]
    new = mine[again.headers["zhengshu-record"]]
    for one, other in zip(old, new, strict=True):
        own = {"record", "at", "trace"}
        assert {k: v for k, v in one["data"].items() if k not in own} == {
            k: v for k, v in other["data"].items() if k not in own
        }
        assert other["id"].startswith(other["data"]["record"])
        assert other["subject"] == other["data"]["record"]
        assert one["data"]["at"] < other["data"]["at"] == other["time"]
    assert new[0]["data"]["trace"] == "a" * 32


async def test_304_stands_as_well(hot, worked_out):
    etag = (await ask(hot)).headers["etag"]
    await warm(hot, if_none_match=etag)
    worked_out.clear()
    again = await ask(hot, if_none_match=etag)
    assert (again.status_code, again.content, worked_out) == (304, b"", [])


class TestEnds:
    """Whatever changes, the next answer is the one of the long way."""

    async def test_when_the_grant_is_revoked(self, hot, worked_out):
        key = dataset_key("sharing", DATASET)
        await hot.put(key, DatasetGrants(id=DATASET, grants=(grant(),)))
        await warm(hot, SELECTED)
        await hot.put(key, DatasetGrants(id=DATASET, grants=(grant(state=GrantState.REVOKED),)))
        assert (await ask(hot, SELECTED)).status_code == 403

    async def test_and_is_forgotten_when_any_right_changes(self, hot, worked_out):
        """Kept longer, it would keep every fact of its moment in memory."""
        await warm(hot)
        key = client_key("catalog", "sys-new")
        await hot.put(key, client("sys-new", READER))
        await until(lambda: not hot.parts.pipeline.standings._kept)
        await hot.put(key, None)

    async def test_when_its_period_ends(self, hot, worked_out):
        ends = datetime.now(UTC) + timedelta(seconds=1)
        grants = DatasetGrants(id=DATASET, grants=(grant(ends=ends),))
        await hot.put(dataset_key("sharing", DATASET), grants)
        await warm(hot, SELECTED)
        while datetime.now(UTC) < ends:
            assert (await ask(hot, SELECTED)).status_code in {200, 403}
        assert (await ask(hot, SELECTED)).status_code == 403

    async def test_when_a_newer_version_is_known(self, hot, worked_out):
        await warm(hot)
        hot.services["catalog"].answers[PAGE] = page(2)
        await hot.put(version(DATASET), DatasetVersion(id=DATASET, epoch=1, version=2))
        answer = await ask(hot)
        assert answer.headers["zhengshu-version"] == "1.2"

    async def test_when_the_client_is_locked(self, hot, worked_out):
        await warm(hot)
        key = client_key("catalog", "sys-reader")
        await hot.put(key, client("sys-reader", READER, locked=True))
        try:
            assert (await ask(hot)).status_code == 403
        finally:
            await hot.put(key, client("sys-reader", READER))

    async def test_when_its_token_ends(self, hot, worked_out, monkeypatch):
        monkeypatch.setattr(hot.parts.pipeline.authenticator, "until", lambda _: 0.0)
        await warm(hot)
        worked_out.clear()
        assert (await ask(hot)).status_code == 200
        assert worked_out

    async def test_when_its_decision_was_forgotten_meanwhile(self, hot, worked_out, monkeypatch):
        decisions, accept = hot.parts.pipeline.decisions, hot.parts.records.accept

        def forgetful(envelope):
            accepted = accept(envelope)
            accepted.add_done_callback(lambda _: decisions._made.clear())
            return accepted

        monkeypatch.setattr(hot.parts.records, "accept", forgetful)
        await warm(hot)
        worked_out.clear()
        assert (await ask(hot)).status_code == 200
        assert worked_out

    @pytest.mark.parametrize(
        ("what", "name"), [("lease", "held"), ("records", "available"), ("feed", "fresh")]
    )
    async def test_when_it_could_not_be_let_out(self, hot, worked_out, monkeypatch, what, name):
        await warm(hot)
        part = getattr(hot.parts, what)
        gone = (lambda *_: False) if name == "fresh" else property(lambda _: False)
        target = part if name == "fresh" else type(part)
        monkeypatch.setattr(target, name, gone)
        assert (await ask(hot)).status_code == 503

    async def test_when_its_record_took_long_and_the_lease_ended(
        self, hot, worked_out, monkeypatch
    ):
        await warm(hot)
        accept = hot.parts.records.accept

        def slowly(envelope):
            monkeypatch.setattr(type(hot.parts.lease), "held", property(lambda _: False))
            return accept(envelope)

        monkeypatch.setattr(hot.parts.records, "accept", slowly)
        monkeypatch.setattr(standing, "RECHECK", 0.0)
        assert (await ask(hot)).status_code == 503

    async def test_when_it_falls_while_it_is_recorded(self, hot, worked_out, monkeypatch):
        await warm(hot)
        monkeypatch.setattr(hot.parts.accesses, "stands", lambda _: False)
        worked_out.clear()
        answer = await ask(hot)
        assert answer.status_code == 200
        assert worked_out

        async def ended():
            return [e["data"] for e in await hot.records() if e["data"].get("status") == 503]

        [fallen] = await until(ended)
        assert fallen["bytes"] == 0
        assert fallen["record"] != answer.headers["zhengshu-record"]


class TestCounted:
    """An answer that stands is an access like any other."""

    async def test_against_the_rate(self, hot, worked_out, monkeypatch):
        limits = hot.parts.pipeline.limits
        monkeypatch.setitem(limits.rates, "query", Rate(0.01, 4, 9))
        limits._buckets.clear()
        await warm(hot)
        assert [(await ask(hot)).status_code for _ in range(3)] == [200, 200, 429]
        limits._buckets.clear()

    async def test_among_those_at_once(self, hot, worked_out, monkeypatch):
        limits = hot.parts.pipeline.limits
        monkeypatch.setitem(limits.rates, "query", Rate(100, 100, 1))
        await warm(hot)
        with limits.running("query", "sys-reader"):
            assert (await ask(hot)).status_code == 429
        assert (await ask(hot)).status_code == 200
        assert limits._running == {}

    async def test_and_who_hangs_up_before_it_is_sent_got_nothing(
        self, hot, worked_out, monkeypatch
    ):
        await warm(hot)
        [head] = hot.parts.pipeline.standings._kept
        accept, held = hot.parts.records.accept, []

        def slowly(envelope):
            held.append((accept(envelope), asyncio.get_running_loop().create_future()))
            return held[-1][1]

        monkeypatch.setattr(hot.parts.records, "accept", slowly)
        _, writer = await asyncio.open_connection(*hot.url.removeprefix("http://").split(":"))
        writer.write(head)
        await until(lambda: held)
        writer.transport.abort()
        await asyncio.sleep(0.05)
        held[0][1].set_result(None)

        async def ended():
            return [e["data"] for e in await hot.records() if e["data"].get("status") == 499]

        [cut] = await until(ended)
        assert (cut["outcome"], cut["bytes"]) == ("cut", 0)


class TestNever:
    async def test_what_a_quota_counts(self, hot, worked_out):
        counted = grant(quota=Quota(calls=100))
        await hot.put(dataset_key("sharing", DATASET), DatasetGrants(id=DATASET, grants=(counted,)))
        for _ in range(3):
            assert (await ask(hot, SELECTED)).status_code == 200
        assert not hot.parts.pipeline.standings._kept

    async def test_another_callers(self, hot, worked_out):
        await warm(hot)
        await hot.put(client_key("catalog", "sys-else"), client("sys-else", PROVIDER))
        worked_out.clear()
        assert (await hot.get(ROWS, "sys-else")).status_code == 200
        assert worked_out


@pytest.mark.parametrize(("method", "status"), [("DELETE", 405), ("POST", 405), ("HEAD", 200)])
async def test_it_answers_no_other_method(hot, worked_out, method, status):
    answer = await warm(hot)
    worked_out.clear()
    told = await hot.http.request(method, ROWS, headers=dict(answer.request.headers))
    assert (told.status_code, len(worked_out)) == (status, int(method == "HEAD"))
