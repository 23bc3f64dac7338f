"""The end of a grant: cut at once, acknowledged at once, settled when no lease says less."""

import asyncio
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import httpx
import orjson
import pytest
from support.gateway_harness import DATASET, say, world
from support.until import until
from zhengshu_contracts.policy import DatasetGrants, dataset_key
from zhengshu_contracts.vocabulary import GrantState
from zhengshu_gateway.integrators.durables import NotDone
from zhengshu_gateway.known import Known
from zhengshu_gateway.settlements import Settlements

from .test_pipeline import EXPORTS, grant

REVOCATION = "/v1/grants/g-1/revocation"


@pytest.fixture
async def granted(node):
    key = dataset_key("sharing", DATASET)
    await node.put(key, DatasetGrants(id=DATASET, grants=(grant(),)))
    await gone(node, "other")
    node.services["sharing"].answers["GET /v1/grants/g-1"] = say(
        200, {"id": "g-1", "dataset": DATASET}
    )
    await node.put("gateway.settled.g-1", None)
    yield node
    await node.put(key, None)


def settled(node):
    at = node.parts.settlements._at("g-1")
    return at and node.parts.feed.known.settled["g-1"]


async def end(node, **members):
    members = {"state": GrantState.REVOKED} | members
    record = DatasetGrants(id=DATASET, grants=(grant(**members),))
    await node.put(dataset_key("sharing", DATASET), record)


async def other(node, applied, enforced=None):
    """Write the lease of a second replica."""
    told = {"applied": applied, "enforced": applied if enforced is None else enforced}
    value = orjson.dumps(told)
    await node.operator.jetstream().publish("$KV.lease.other", value)


async def gone(node, replica):
    """Remove a replica's lease."""
    headers = {"KV-Operation": "PURGE"}
    await node.operator.jetstream().publish(f"$KV.lease.{replica}", b"", headers=headers)


async def test_a_stalled_export_is_cut_though_nothing_comes(granted):
    """The service says nothing more; the connection ends all the same."""

    async def answer(_, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 5000, "more_body": True})
        await asyncio.sleep(4)

    granted.services["catalog"].answers[f"GET {EXPORTS}"] = answer
    got = asyncio.Event()

    async def read():
        headers = granted.bearer("sys-reader")
        path = f"{EXPORTS}?select=amount"
        async with granted.http.stream("GET", path, headers=headers) as response:
            async for _ in response.aiter_bytes():
                got.set()

    reading = asyncio.create_task(read())
    await got.wait()
    began = time.monotonic()
    await end(granted)
    with pytest.raises(httpx.RemoteProtocolError):
        await reading
    assert time.monotonic() - began < 2

    async def cut():
        return [e for e in await granted.records() if e["data"].get("outcome") == "cut"]

    await until(cut)


async def test_the_lease_acknowledges_at_once(granted):
    await end(granted)
    ended = granted.parts.feed.known.ended["g-1"]

    async def acknowledged():
        return min((await granted.parts.settlements.leases()).values()) >= ended

    began = time.monotonic()
    await until(acknowledged)
    assert time.monotonic() - began < 0.9  # sooner than the next renewal


async def test_it_is_settled_when_every_lease_acknowledges_it(granted):
    told = (await granted.get(REVOCATION, "sys-reader")).json()
    assert (told["active"], told["settled"]) == (True, False)
    await other(granted, 0)
    await end(granted)

    async def only_the_other_is_waited_for():
        told = (await granted.get(REVOCATION, "sys-reader")).json()
        return (told["active"], told["settled"], told["waiting"]) == (False, False, ["other"])

    await until(only_the_other_is_waited_for)
    await other(granted, granted.parts.feed.known.applied, enforced=0)
    await until(only_the_other_is_waited_for)
    assert settled(granted) is None
    await other(granted, granted.parts.feed.known.applied)
    await until(lambda: settled(granted))
    told = (await granted.get(REVOCATION, "sys-reader")).json()
    assert (told["settled"], told["waiting"]) == (True, [])
    assert told["at"]


async def test_subscriptions_must_be_narrowed_too(granted, monkeypatch):
    """A keeper that cannot reach the consumers keeps an ending open, and says who is waited for."""
    keeper = granted.parts.keeper
    own = granted.parts.settings.replica

    async def fails():
        raise NotDone("no")

    with monkeypatch.context() as patch:
        patch.setattr(keeper._durables, "all", fails)
        await end(granted)
        ended = granted.parts.feed.known.ended["g-1"]

        async def applied():
            message = await granted.operator.jetstream().get_last_msg(
                "KV_lease", f"$KV.lease.{own}"
            )
            return orjson.loads(message.data)["applied"] >= ended

        await until(applied)
        told = (await granted.get(REVOCATION, "sys-reader")).json()
        assert (told["settled"], own in told["waiting"], told["at"]) == (False, True, None)
    await until(lambda: settled(granted))


async def test_the_moment_is_written_once_and_outlives_the_gateway(granted, nats_server):
    await end(granted)
    first = await until(lambda: settled(granted))
    async with world(nats_server, replica="second") as second:
        second.services["sharing"].answers = granted.services["sharing"].answers
        await second.until(lambda: second.parts.ready)
        told = (await second.get(REVOCATION, "sys-reader")).json()
        assert datetime.fromisoformat(told["at"]) == first.at
    await gone(granted, "second")
    assert settled(granted) == first


async def test_what_is_in_force_again_is_settled_anew(granted):
    await end(granted)
    first = await until(lambda: settled(granted))
    record = DatasetGrants(id=DATASET, grants=(grant(),))
    await granted.put(dataset_key("sharing", DATASET), record)
    await until(lambda: settled(granted) is None)
    await end(granted)
    again = await until(lambda: settled(granted))
    assert again.sequence > first.sequence


async def test_an_ending_nobody_watched_is_confirmed_when_asked_for(granted):
    await end(granted)
    await until(lambda: settled(granted))
    await granted.put("gateway.settled.g-1", None)
    granted.parts.feed.known.ended.clear()
    told = (await granted.get(REVOCATION, "sys-reader")).json()
    assert told["settled"]
    assert told["at"]


async def test_a_lease_that_lapsed_waits_for_nobody(granted):
    await other(granted, 0)
    await end(granted)
    await until(lambda: settled(granted), patience=15)


async def test_only_who_sees_the_grant_is_told(granted):
    refusal = say(404, {"type": "/problems/grant-not-found", "status": 404})
    granted.services["sharing"].answers["GET /v1/grants/g-1"] = refusal
    response = await granted.get(REVOCATION, "sys-reader")
    assert (response.status_code, response.json()["type"]) == (404, "/problems/grant-not-found")
    (seen,) = granted.services["sharing"].seen
    assert seen.identity.principal.id == "sys-reader"
    assert (await granted.get(REVOCATION)).status_code == 401


class TestWhatNobodyWatched:
    """What a gateway finds written when it starts, all of them having been off."""

    AT = datetime(2026, 3, 2, tzinfo=UTC)

    def found(self, *messages):
        """Settlements of a gateway that replayed these messages: the last of each key, in their order."""
        known = Known()
        for sequence, (key, value) in enumerate(messages, 11):
            known.apply(key, orjson.dumps(value), sequence)
        known.caught_up()
        feed = SimpleNamespace(known=known, listeners=[])
        return known, Settlements(bus=None, feed=feed, upstreams=None)

    def settled(self, *, final):
        return "gateway.settled.g-1", {"id": "g-1", "sequence": 5, "at": self.AT, "final": final}

    def grants(self, state=None):
        held = () if state is None else (grant(state=state),)
        record = DatasetGrants(id=DATASET, grants=held)
        return dataset_key("sharing", DATASET), record.model_dump(mode="json")

    @pytest.mark.parametrize("over", [None, GrantState.REVOKED, GrantState.EXPIRED])
    def test_a_suspension_s_moment_is_not_that_of_a_later_revocation(self, over):
        """Suspended and settled; resumed and revoked meanwhile, by whatever came first on the stream."""
        moment, grants = self.settled(final=False), self.grants(over)
        for messages in ((moment, grants), (grants, moment)):
            _, settlements = self.found(*messages)
            assert settlements._at("g-1") is None

    def test_it_is_that_of_the_same_suspension_alone(self):
        moment, grants = self.settled(final=False), self.grants(GrantState.SUSPENDED)
        _, settlements = self.found(grants, moment)
        assert settlements._at("g-1") == self.AT
        _, settlements = self.found(moment, grants)
        assert settlements._at("g-1") is None

    def test_the_moment_of_a_final_end_stands_whatever_else_changed(self):
        _, settlements = self.found(self.settled(final=True), self.grants())
        assert settlements._at("g-1") == self.AT

    def test_once_confirmed_anew_it_is_told(self):
        known, settlements = self.found(self.settled(final=False), self.grants())
        key, value = self.settled(final=True)
        known.apply(key, orjson.dumps(value | {"sequence": known.base}), 20)
        assert settlements._at("g-1") == self.AT


async def test_only_a_revocation_s_moment_is_final(granted):
    for state, final in ((GrantState.SUSPENDED, False), (GrantState.REVOKED, True)):
        key = dataset_key("sharing", DATASET)
        await granted.put(key, DatasetGrants(id=DATASET, grants=(grant(),)))
        await until(lambda: settled(granted) is None)
        await end(granted, state=state)
        assert (await until(lambda: settled(granted))).final is final


async def test_a_doubtful_moment_is_confirmed_anew_when_asked_for(granted):
    await end(granted, state=GrantState.SUSPENDED)
    first = await until(lambda: settled(granted))
    known = granted.parts.feed.known
    known.ended.clear()
    known.doubted.add("g-1")
    known.base = known.applied

    async def confirmed():
        told = (await granted.get(REVOCATION, "sys-reader")).json()
        assert told["at"] is None or datetime.fromisoformat(told["at"]) > first.at
        return told["settled"]

    await until(confirmed)
    await until(lambda: "g-1" not in known.doubted)
