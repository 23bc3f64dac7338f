"""The feed: knows when it missed something, and says how old what it knows is."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from support.gateway_harness import DATASET, READER, client, dataset, item
from support.until import until
from zhengshu_contracts.policy import Heartbeat, client_key, dataset_key
from zhengshu_gateway.feed import PREFIX, Replay, places
from zhengshu_gateway.known import Known


class Message:
    def __init__(self, key, value=b"", *, consumer=1, stream=10, pending=0, headers=None):
        self.subject = PREFIX + key
        self.data = value
        self.reply = f"$JS.ACK.KV_policy.c.1.{stream}.{consumer}.0.{pending}"
        self.headers = headers


def record(name="303084122704-000001"):
    return dataset(item("town"), id=name).model_dump_json().encode()


def beat(writer="catalog", ago=0.0):
    at = datetime.now(UTC) - timedelta(seconds=ago)
    return Heartbeat(writer=writer, as_of=at).model_dump_json().encode()


class TestReplay:
    async def test_takes_consecutive_messages_and_is_complete_when_none_is_pending(self):
        replay = Replay()
        await replay.take(Message(dataset_key("catalog", DATASET), record(), pending=1))
        assert not replay.complete
        await replay.take(Message("catalog.heartbeat", beat(), consumer=2, stream=11))
        assert (replay.complete, replay.broken) == (True, "")
        assert (list(replay.known.datasets), replay.known.applied) == ([DATASET], 11)

    async def test_a_gap_breaks_it_and_nothing_after_is_applied(self):
        replay = Replay()
        await replay.take(Message("catalog.heartbeat", beat(), consumer=1))
        await replay.take(Message(dataset_key("catalog", DATASET), record(), consumer=3))
        assert replay.broken
        assert not replay.known.datasets

    async def test_an_idle_heartbeat_that_knows_of_more_breaks_it(self):
        replay = Replay()
        await replay.take(Message("catalog.heartbeat", beat(), consumer=1))
        idle = Message("", headers={"Status": "100", "Nats-Last-Consumer": "2"})
        idle.reply = ""
        await replay.take(idle)
        assert replay.broken

    @pytest.mark.parametrize("shift", ["", "domain.account."])
    def test_sequences_are_read_from_either_form_of_the_reply(self, shift):
        assert places(f"$JS.ACK.{shift}KV_policy.c.1.40.7.99.3") == (40, 7, 3)


class TestAge:
    def test_no_writer_is_fresh_before_a_heartbeat_that_came_live(self):
        known = Known()
        known.apply("catalog.heartbeat", beat(), 1)
        known.caught_up()
        assert not known.fresh(("catalog",), 5)
        known.apply("catalog.heartbeat", beat(), 2)
        assert known.fresh(("catalog",), 5)
        assert not known.fresh(("catalog", "sharing"), 5)

    def test_is_counted_from_what_the_writer_had_read(self):
        known = Known()
        known.caught_up()
        known.apply("catalog.heartbeat", beat(ago=6), 1)
        assert not known.fresh(("catalog",), 5)
        assert known.fresh(("catalog",), 7)

    def test_a_writer_whose_clock_is_ahead_is_no_fresher_than_its_message(self):
        known = Known()
        known.caught_up()
        known.apply("catalog.heartbeat", beat(ago=-3600), 1)
        assert known.fresh(("catalog",), 1)
        time.sleep(0.01)
        assert not known.fresh(("catalog",), 0.01)

    def test_a_heartbeat_that_says_nothing_ends_the_writers_freshness(self):
        known = Known()
        known.caught_up()
        known.apply("catalog.heartbeat", beat(), 1)
        known.apply("catalog.heartbeat", b"{}", 2)
        assert not known.fresh(("catalog",), 5)


class TestFacts:
    def test_each_writer_writes_only_what_is_its_own(self):
        known = Known()
        system = client("sys-a", READER).model_dump_json().encode()
        known.apply(client_key("opening", "sys-a"), system, 1)
        assert not known.clients
        known.apply(f"sharing.client.{'sys-a'}", system, 2)
        assert not known.clients
        known.apply(client_key("catalog", "sys-a"), system, 3)
        assert list(known.clients) == ["sys-a"]

    def test_a_record_under_anothers_key_is_none(self):
        known = Known()
        known.apply(dataset_key("catalog", "303084122704-000009"), record(), 1)
        assert not known.datasets

    def test_a_deleted_or_unreadable_record_is_gone(self):
        known, key = Known(), dataset_key("catalog", DATASET)
        for last in (None, b"", b"{}", json.dumps({"id": DATASET, "state": "open"}).encode()):
            known.apply(key, record(), 1)
            assert known.datasets
            known.apply(key, last, 2)
            assert not known.datasets

    def test_grants_are_found_by_their_holder(self):
        known = Known()
        now = datetime.now(UTC).isoformat()
        plain = {
            "items": ["a"],
            "modes": ["query"],
            "purpose": "",
            "starts": now,
            "ends": now,
            "state": "active",
        }
        grants = [plain | {"id": f"g-{n}", "holder": holder} for n, holder in enumerate("ABA")]
        value = json.dumps({"id": DATASET, "grants": grants}).encode()
        known.apply(dataset_key("sharing", DATASET), value, 1)
        assert [each.id for each in known.held(DATASET, "A")] == ["g-0", "g-2"]
        assert known.held(DATASET, None) == known.held("other", "A") == ()


async def test_a_consumer_that_vanishes_is_noticed_and_the_bucket_read_anew(node):
    js = node.operator.jetstream()
    before = node.parts.feed.known
    for each in await js.consumers_info("KV_policy"):
        await js.delete_consumer("KV_policy", each.name)
    late = dataset(item("town"), id="303084122704-000007")
    await js.publish(
        f"$KV.policy.{dataset_key('catalog', late.id)}", late.model_dump_json().encode()
    )
    await until(lambda: late.id in node.parts.feed.known.datasets)
    assert node.parts.feed.known is not before
    await until(lambda: node.parts.feed.fresh(("catalog", "sharing", "opening")))
