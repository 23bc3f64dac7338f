"""Who is let in to NATS from outside, what it can reach there, and how it is put out again."""

import asyncio
import base64
import json
import math
import time
from datetime import UTC, datetime

import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from support.integrators import AID, TOWNS, WATER, officer
from support.until import until
from zhengshu import events
from zhengshu_contracts.base import Envelope
from zhengshu_gateway.integrators import callout, connections
from zhengshu_gateway.limits import Rate

DEPARTMENTS = "zhengshu.dataset.departments.>"
NOBODY = "zhengshu.dataset.nobody.>"
AID_GRANTED = f"zhengshu.dataset.granted.{AID}.>"
EVENT = "zhengshu.dataset.departments.x.updated.v1"


class TestConfinement:
    """An integrator pulls and acknowledges, and nothing else."""

    @pytest.mark.parametrize(
        "subject",
        [
            EVENT,
            "$KV.policy.catalog.client.sys-reader",
            "$KV.lease.gateway",
            "$JS.API.CONSUMER.CREATE.EVENTS.sys-reader",
            "$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.mine",
            "$JS.API.CONSUMER.DELETE.EVENTS.sys-reader",
            "$JS.API.CONSUMER.INFO.EVENTS.sys-reader",
            "$JS.API.CONSUMER.PAUSE.EVENTS.sys-reader",
            "$JS.API.CONSUMER.MSG.NEXT.EVENTS.sys-water",
            "$JS.API.CONSUMER.MSG.NEXT.EVENTS.audit",
            "$JS.ACK.EVENTS.sys-water.1.1.1.1.0",
            "$JS.API.STREAM.MSG.GET.KV_policy",
            "$JS.API.DIRECT.GET.KV_policy.$KV.policy.catalog.client.sys-reader",
            "$JS.API.STREAM.INFO.EVENTS",
            "$JS.API.INFO",
            "$SYS.REQ.USER.AUTH",
            "$SYS.REQ.ACCOUNT.INTEGRATORS.CONNZ",
            "_INBOX.sys-water.x",
            "anything",
        ],
    )
    async def test_it_publishes_nothing(self, county, subject):
        async with county.subscriber("sys-reader") as reader:
            await reader.connection.publish(subject, b"{}")
            await reader.connection.flush()
            await until(lambda: reader.connection.refused, 2)

    @pytest.mark.parametrize(
        "subject", [">", "zhengshu.>", DEPARTMENTS, "_INBOX.>", "_INBOX.sys-water.>", "$SYS.>"]
    )
    async def test_it_listens_to_nothing(self, county, subject):
        async with county.subscriber("sys-reader") as reader:
            await reader.connection.subscribe(subject)
            await reader.connection.flush()
            await until(lambda: reader.connection.refused, 2)

    @pytest.mark.parametrize(
        "reply",
        [
            EVENT,
            "zhengshu.catalog.entry.published.v1",
            "$KV.policy.catalog.client.sys-reader",
            "$JS.API.STREAM.PURGE.EVENTS",
            "$JS.API.CONSUMER.MSG.NEXT.EVENTS.sys-water",
            "$JS.API.CONSUMER.DELETE.EVENTS.sys-water",
            "$JS.ACK.EVENTS.sys-water.1.1.1.1.0",
            "$SYS.REQ.USER.AUTH",
        ],
    )
    @pytest.mark.parametrize("ask", [{"batch": 1, "expires": 10**9}, {"batch": 1, "no_wait": True}])
    async def test_a_reply_subject_writes_nothing(self, county, reply, ask):
        """The answer goes where the puller says, in its own account: an event, or an empty status."""
        await county.announce(WATER)
        async with county.subscriber("sys-water") as water:
            assert len(await water.hear(ack=False)) == 1
        before = await self.all_there_is(county)
        async with county.subscriber("sys-reader") as reader:
            if "no_wait" in ask:
                await reader.hear()  # nothing left: the answer will be a status
            else:
                await county.announce(TOWNS)
                before["events"] += 1
            pull = "$JS.API.CONSUMER.MSG.NEXT.EVENTS.sys-reader"
            await reader.connection.publish(pull, json.dumps(ask).encode(), reply=reply)
            await reader.connection.flush()
            await asyncio.sleep(0.2)
        assert await self.all_there_is(county) == before

    async def all_there_is(self, county):
        stream = county.world.operator.jetstream()
        kept = await stream.get_last_msg("KV_policy", "$KV.policy.catalog.client.sys-reader")
        water = await county.consumer("sys-water")
        return {
            "events": (await stream.stream_info("EVENTS")).state.messages,
            "client": kept.seq,
            "water": [water["delivered"]["consumer_seq"], water["ack_floor"]["consumer_seq"]],
            "pending": water["num_ack_pending"],
        }

    async def test_a_pull_lasts_five_seconds_at_most(self, county):
        async with county.subscriber("sys-reader") as reader:
            inbox = await reader.connection.subscribe("_INBOX.sys-reader.long")
            pull = "$JS.API.CONSUMER.MSG.NEXT.EVENTS.sys-reader"
            ask = json.dumps({"batch": 1, "expires": 60 * 10**9}).encode()
            await reader.connection.publish(pull, ask, reply="_INBOX.sys-reader.long")
            assert (await inbox.next_msg(timeout=2)).headers["Status"] == "409"


class TestAdmission:
    """Who is let in."""

    async def refused(self, county, system="sys-reader", token=None):
        with pytest.raises(NatsError, match="Authorization Violation"):
            async with county.subscriber(system, token):
                pass

    async def test_a_forged_token(self, county):
        head, body, signature = county.token("sys-reader").split(".")
        await self.refused(county, token=f"{head}.{body}.{signature[::-1]}")
        await self.refused(county, token="nonsense")

    async def test_a_token_that_has_ended(self, county, monkeypatch):
        monkeypatch.setattr(county.world.parts.tokens, "life", -1)
        await self.refused(county)

    @pytest.mark.parametrize(
        "login", [{}, {"user": "sys-reader", "password": "x"}, {"user": "gateway"}], ids=str
    )
    async def test_no_token_and_passwords(self, county, login):
        connection = Client()
        with pytest.raises(NatsError, match="Authorization Violation"):
            await connection.connect(
                county.world.bus.url, allow_reconnect=False, error_cb=quiet, **login
            )
        await connection.close()

    async def test_an_unknown_client(self, county):
        await self.refused(county, "sys-stranger")

    async def test_a_locked_client(self, county):
        await county.lock("sys-reader")
        await self.refused(county)

    async def test_an_officer(self, county):
        await county.world.put("catalog.client.off-one", officer("off-one"))
        await self.refused(county, "off-one")

    async def test_stale_policy(self, county, monkeypatch):
        monkeypatch.setattr(county.world.parts.feed, "limit", -1.0)
        await self.refused(county)

    async def test_a_lost_lease(self, county, monkeypatch):
        monkeypatch.setattr(type(county.world.parts.lease), "held", False)
        await self.refused(county)

    async def test_no_record_no_entry(self, county, monkeypatch):
        async def fail(*_args, **_options):
            raise TimeoutError

        monkeypatch.setattr(county.world.parts.records._bus, "publish", fail)
        await self.refused(county)

    async def test_who_comes_again_and_again_is_held_off_and_fills_no_ledger(
        self, county, monkeypatch
    ):
        limits = county.world.parts.pipeline.limits
        monkeypatch.setitem(limits.rates, "subscribe", Rate(0.01, 2, 2))
        for _ in range(2):
            async with county.subscriber("sys-reader"):
                pass
        await self.refused(county)
        async with county.subscriber("sys-other"):
            pass
        told = [each["data"] for each in await county.world.records() if "rule" in each["data"]]
        assert [one["client"] for one in told] == ["sys-reader", "sys-reader", "sys-other"]

    async def test_each_connection_is_recorded(self, county):
        async with county.subscriber("sys-reader"):
            pass
        await until(lambda: recorded(county), 3)
        decided, ended = await recorded(county)
        assert decided.data["client"] == "sys-reader"
        assert (decided.data["action"], decided.data["dataset"]) == ("dataset.subscribe", "*")
        assert decided.data["allowed"] is True
        assert ended.data["record"] == decided.data["record"]

    async def test_an_inbox_of_another_name_is_of_no_use(self, county):
        async with county.subscriber("sys-water") as water, county.subscriber("sys-reader"):
            await water.connection.subscribe("_INBOX.sys-reader.>")
            await water.connection.flush()
            await until(lambda: water.connection.refused, 2)


class TestLock:
    """A locked system hears nothing from then on, and loses nothing."""

    async def test_the_connection_is_closed_within_a_second_and_the_position_kept(self, county):
        async with county.subscriber("sys-reader") as reader:
            await county.announce(TOWNS)
            assert await reader.hear() == [(TOWNS, 1)]
            began = time.monotonic()
            await county.lock("sys-reader")
            await until(lambda: reader.connection.is_closed, 2, 0.01)
            assert time.monotonic() - began < 1
        await county.announce(TOWNS, 2)
        await county.lock("sys-reader", locked=False)
        async with county.subscriber("sys-reader") as reader:
            assert await reader.hear() == [(TOWNS, 2), (TOWNS, 3)]

    async def test_it_holds_where_closing_the_connection_fails(self, county, monkeypatch):
        async def fail(_ends):
            raise NatsError

        monkeypatch.setattr(county.world.parts.keeper._connections, "close", fail)
        async with county.subscriber("sys-reader") as reader:
            await county.lock("sys-reader")
            await until(lambda: paused(county), 2)
            await county.announce(TOWNS)
            assert await reader.hear() == []

    async def test_other_connections_stay(self, county):
        async with county.subscriber("sys-other") as other, county.subscriber("sys-reader") as one:
            await county.lock("sys-reader")
            await until(lambda: one.connection.is_closed, 2)
            await county.announce(TOWNS)
            assert await other.hear() == [(TOWNS, 1)]


class TestEndedTokens:
    """What ends a system's tokens ends what they opened: a rotation without overlap, a key taken away."""

    async def test_the_connection_is_closed_within_a_second_and_the_next_goes_on(self, county):
        async with county.subscriber("sys-reader") as reader:
            await county.announce(TOWNS)
            assert await reader.hear() == [(TOWNS, 1)]
            began = time.monotonic()
            await county.register("sys-reader", not_before=datetime.now(UTC))
            await until(lambda: reader.connection.is_closed, 2, 0.01)
            assert time.monotonic() - began < 1
        await county.announce(TOWNS)
        async with county.subscriber("sys-reader") as reader:
            assert await reader.hear() == [(TOWNS, 2)]

    async def test_what_a_later_token_opened_stays_and_so_do_others(self, county):
        async with county.subscriber("sys-reader") as old, county.subscriber("sys-other") as other:
            ended = datetime.now(UTC)
            async with county.subscriber("sys-reader") as new:
                await county.register("sys-reader", not_before=ended)
                await until(lambda: old.connection.is_closed, 2)
                await county.announce(TOWNS)
                assert await new.hear() == await other.hear() == [(TOWNS, 1)]

    async def test_a_token_that_ends_while_it_is_let_in_opens_nothing(self, county, monkeypatch):
        records, token = county.world.parts.records, county.token("sys-reader")
        decided = records.decided

        async def slowly(told):
            await decided(told)
            await county.register("sys-reader", not_before=datetime.now(UTC))

        monkeypatch.setattr(records, "decided", slowly)
        with pytest.raises(NatsError):
            await events.connect(county.world.bus.url, "sys-reader", token)

    async def test_closing_is_tried_until_it_is_done(self, county, monkeypatch):
        connections = county.world.parts.keeper._connections
        close, failed = connections.close, []

        async def once(ends):
            if not failed:
                failed.append(ends)
                raise NatsError
            await close(ends)

        monkeypatch.setattr(connections, "close", once)
        async with county.subscriber("sys-reader") as reader:
            await county.register("sys-reader", not_before=datetime.now(UTC))
            await until(lambda: reader.connection.is_closed, 4)

    async def test_silence_of_every_server_is_no_answer(self, county, monkeypatch):
        monkeypatch.setattr(connections, "LIST", "zhengshu.dispatch.nobody")
        with pytest.raises(NatsError):
            await county.world.parts.keeper._connections.close({"sys-reader": math.inf})

    async def test_more_than_a_page_is_looked_through(self, county, monkeypatch):
        monkeypatch.setattr(connections, "PAGE", 1)
        async with county.subscriber("sys-other"), county.subscriber("sys-reader") as reader:
            await county.register("sys-reader", not_before=datetime.now(UTC))
            await until(lambda: reader.connection.is_closed, 3)


async def quiet(_error):
    """Keep nats-py from logging what a test expects."""


async def recorded(county):
    found = [Envelope.model_validate(each) for each in await county.world.records()]
    return found if len(found) == 2 else None


async def paused(county):
    return (await county.consumer("sys-reader")).get("paused")


class TestEncryption:
    """Where the node says so, nobody from outside comes in without TLS."""

    async def test_a_plain_connection_is_refused_and_counted(self, county, monkeypatch):
        world = county.world
        monkeypatch.setattr(world.parts.callout, "_tls", True)
        with pytest.raises(NatsError):
            await events.connect(world.bus.url, "sys-reader", county.token("sys-reader"))
        world.parts.records.flush_counts()

        async def counted():
            told = [each["data"] for each in await world.records()]
            return [each for each in told if each.get("rule") == "tls-required"]

        assert await until(counted)

    @pytest.mark.parametrize("told", [None, {}, {"version": "1.3", "cipher": "x"}])
    def test_the_server_says_whether_it_is_encrypted(self, told):
        question = {
            "user_nkey": "U",
            "server_id": {"id": "N"},
            "client_info": {"host": "203.0.113.7"},
            "connect_opts": {"auth_token": "t"},
        } | ({} if told is None else {"client_tls": told})
        body = base64.urlsafe_b64encode(json.dumps({"nats": question}).encode())
        knock = callout._read(b"x." + body.rstrip(b"=") + b".y")
        assert (knock.address, knock.encrypted) == ("203.0.113.7", bool(told))
