"""Integrators on a real NATS server, let in by a real gateway: what they hear, and what they cannot do."""

import asyncio
import time

import pytest
from nats.aio.client import Client
from support.integrators import AID, SURVEY, TOWNS, WATER
from support.until import until
from zhengshu import events
from zhengshu_contracts.base import Envelope
from zhengshu_contracts.vocabulary import EntryState, Mode, ServiceRegistrationState
from zhengshu_gateway.integrators import durables
from zhengshu_gateway.integrators.durables import NotDone

DEPARTMENTS = "zhengshu.dataset.departments.>"
NOBODY = "zhengshu.dataset.nobody.>"
AID_GRANTED = f"zhengshu.dataset.granted.{AID}.>"
EVENT = "zhengshu.dataset.departments.x.updated.v1"


class TestHearing:
    """What reaches whom, in which order."""

    async def test_everything_of_a_department_dataset_in_order_and_nothing_withheld(self, county):
        for name in (TOWNS, SURVEY, AID, TOWNS, WATER):
            await county.announce(name, 20)
        async with county.subscriber("sys-reader") as reader:
            heard = await reader.hear()
            await county.announce(TOWNS)
            heard += await reader.hear()
        assert [version for name, version in heard if name == TOWNS] == list(range(1, 42))
        assert {name for name, _ in heard} == {TOWNS, WATER}

    async def test_no_gap_across_reconnects_and_downtime(self, county):
        heard = []
        for _ in range(4):
            await county.announce(TOWNS, 7)
            async with county.subscriber("sys-reader") as reader:
                (first, *_rest) = await reader.fetch(5)
                heard.append(first.event.data["version"])
                await reader.ack(first)  # and goes away without acknowledging the others
        async with county.subscriber("sys-reader") as reader:
            heard += [version for _, version in await reader.hear()]
        assert heard == list(range(1, 29))

    async def test_events_published_while_nobody_listens_are_kept(self, county):
        async with county.subscriber("sys-reader") as reader:
            await reader.hear()
        await county.announce(TOWNS, 3)
        async with county.subscriber("sys-reader") as reader:
            assert await reader.hear() == [(TOWNS, 1), (TOWNS, 2), (TOWNS, 3)]

    async def test_each_system_has_its_own_position(self, county):
        await county.announce(TOWNS, 2)
        async with county.subscriber("sys-reader") as one, county.subscriber("sys-other") as two:
            assert await one.hear() == await two.hear() == [(TOWNS, 1), (TOWNS, 2)]

    async def test_an_enterprise_hears_of_its_own_data_alone(self, county):
        await county.announce(TOWNS)
        await county.announce(WATER)
        async with county.subscriber("sys-water") as water:
            assert await water.hear() == [(WATER, 1)]

    async def test_a_provider_hears_of_its_own_conditional_data_but_of_nothing_withheld(
        self, county
    ):
        for name in (AID, SURVEY):
            await county.announce(name)
        async with county.subscriber("sys-provider") as provider:
            assert await provider.hear() == [(AID, 1)]

    async def test_who_may_hear_nothing_hears_nothing(self, county):
        """A consumer without filters would hear all of EVENTS."""
        await county.announce(TOWNS)
        async with county.subscriber("sys-competent") as competent:
            assert await competent.hear() == []
        assert await county.filters("sys-competent") == {NOBODY}

    async def test_no_event_holds_a_row(self, county):
        await county.announce(TOWNS)
        async with county.subscriber("sys-reader") as reader:
            (delivery,) = await reader.fetch()
        assert set(delivery.event.data) == {
            *("audience", "dataset", "epoch", "version", "batch", "mode", "digest"),
            *("inserted", "updated", "deleted", "rows"),
        }

    async def test_department_events_are_told_whatever_the_dataset_s_state(self, county):
        """They hold no rows; the rows are decided at each read. Granted ones are not told."""
        await county.grant(Mode.SUBSCRIBE)
        for name in (TOWNS, AID):
            await county.put(name, registration=ServiceRegistrationState.WITHDRAWN)
        async with county.subscriber("sys-reader") as reader:
            await county.announce(TOWNS)
            await county.announce(AID)
            assert await reader.hear() == [(TOWNS, 1)]


class TestGrants:
    """Rights change while a subscriber listens."""

    async def test_granted_events_come_after_the_grant_and_stop_after_its_revocation(self, county):
        async with county.subscriber("sys-reader") as reader:
            await county.announce(AID)
            assert await reader.hear() == []
            await county.grant(Mode.SUBSCRIBE)
            await county.until_filters("sys-reader", DEPARTMENTS, AID_GRANTED)
            await county.announce(AID)
            assert await reader.hear() == [(AID, 2)]
            await county.grant(Mode.SUBSCRIBE, state="revoked")
            await county.until_filters("sys-reader", DEPARTMENTS)
            await county.announce(AID)
            await county.announce(TOWNS)
            assert await reader.hear() == [(TOWNS, 1)]

    async def test_what_was_not_acknowledged_is_not_redelivered_after_revocation(self, county):
        await county.grant(Mode.SUBSCRIBE)
        async with county.subscriber("sys-reader") as reader:
            await county.announce(TOWNS)
            await county.announce(AID, 3)
            await county.announce(TOWNS)
            assert len(await reader.hear(ack=False)) == 5
            await county.grant()
            await county.until_filters("sys-reader", DEPARTMENTS)
            assert await reader.hear() == [(TOWNS, 1), (TOWNS, 2)]
        await until(lambda: settled(county), 2)

    async def test_one_that_cannot_be_narrowed_keeps_no_other_from_it(self, county, monkeypatch):
        consumers, stuck = county.world.parts.keeper._durables, []
        bring = consumers.bring

        async def fails_for_the_first(system, *told):
            stuck.append(system)
            if system == stuck[0]:
                raise NotDone("no")
            await bring(system, *told)

        await county.grant(Mode.SUBSCRIBE)
        async with county.subscriber("sys-reader"), county.subscriber("sys-other"):
            with monkeypatch.context() as patch:
                patch.setattr(consumers, "bring", fails_for_the_first)
                await county.grant()
                await until(lambda: stuck, 3)
                (other,) = {"sys-reader", "sys-other"} - {stuck[0]}
                await county.until_filters(other, DEPARTMENTS)

    async def test_a_grant_of_another_mode_opens_nothing(self, county):
        await county.grant(Mode.QUERY, Mode.EXPORT)
        async with county.subscriber("sys-reader"):
            assert await county.filters("sys-reader") == {DEPARTMENTS}

    async def test_rights_follow_within_a_second(self, county):
        async with county.subscriber("sys-reader"):
            began = time.monotonic()
            await county.grant(Mode.SUBSCRIBE)
            await county.until_filters("sys-reader", DEPARTMENTS, AID_GRANTED)
            assert time.monotonic() - began < 1

    async def test_a_grant_ends_by_time_alone(self, county):
        await county.grant(Mode.SUBSCRIBE, days=1.5 / 86400)
        async with county.subscriber("sys-reader"):
            await county.until_filters("sys-reader", DEPARTMENTS, AID_GRANTED)
            await asyncio.sleep(1.5)
            await county.until_filters("sys-reader", DEPARTMENTS)

    @pytest.mark.parametrize(
        "members",
        [
            {"suspended": True},
            {"registration": ServiceRegistrationState.WITHDRAWN},
            {"state": EntryState.RETIRED},
        ],
        ids=["suspended", "unregistered", "retired"],
    )
    async def test_granted_events_stop_with_the_dataset(self, county, members):
        await county.grant(Mode.SUBSCRIBE)
        async with county.subscriber("sys-reader"):
            await county.until_filters("sys-reader", DEPARTMENTS, AID_GRANTED)
            await county.put(AID, **members)
            await county.until_filters("sys-reader", DEPARTMENTS)

    async def test_a_subscriber_need_not_be_connected_for_its_rights_to_end(self, county):
        await county.grant(Mode.SUBSCRIBE)
        async with county.subscriber("sys-reader") as reader:
            await county.announce(AID, 2)
            await reader.hear(ack=False)
        await county.grant()
        await county.until_filters("sys-reader", DEPARTMENTS)
        async with county.subscriber("sys-reader") as reader:
            assert await reader.hear() == []


class TestPlainNats:
    """What `docs/events.md` tells whoever has no SDK: two connections, one listens, one pulls."""

    async def test_one_connection_listens_and_another_pulls(self, county):
        await county.announce(TOWNS, 3)
        url = county.world.bus.url.replace("//", f"//{county.token('sys-reader')}@")
        listening, pulling = Client(), Client()
        for connection in (listening, pulling):
            await connection.connect(url, allow_reconnect=False)
        inbox = await listening.subscribe("_INBOX.sys-reader.cli")
        await listening.flush()
        pull = "$JS.API.CONSUMER.MSG.NEXT.EVENTS.sys-reader"
        await pulling.publish(
            pull, b'{"batch": 10, "expires": 5000000000}', "_INBOX.sys-reader.cli"
        )
        for version in (1, 2, 3):
            message = await inbox.next_msg(timeout=2)
            assert Envelope.model_validate_json(message.data).sequence == version
            await message.ack()
        await listening.close()
        await pulling.close()
        await until(lambda: acknowledged(county, 3), 2)


class TestFurtherConsumers:
    """More filters than one consumer takes."""

    async def test_they_are_pulled_from_together_and_keep_each_dataset_s_order(
        self, county, monkeypatch
    ):
        monkeypatch.setattr(durables, "LARGEST", 1)
        async with county.subscriber("sys-reader") as reader:
            assert (await county.consumer("sys-reader-2"))["error"]["code"] == 404
            await county.grant(Mode.SUBSCRIBE)
            await until(lambda: exists(county, "sys-reader-2"), 2)
            assert await county.filters("sys-reader") == {DEPARTMENTS}
            assert await county.filters("sys-reader-2") == {AID_GRANTED}
            for _ in range(5):
                await county.announce(TOWNS, 2)
                await county.announce(AID, 2)
            heard = await reader.hear()
            for name in (TOWNS, AID):
                assert [version for each, version in heard if each == name] == list(range(1, 11))
            await county.grant()
            await county.until_filters("sys-reader-2", NOBODY)
            await county.announce(AID)
            await county.announce(TOWNS)
            assert await reader.hear() == [(TOWNS, 11)]


class TestClient:
    """The iterator of the SDK."""

    async def collect(self, county, count, token=None):
        heard = []
        tokens = token or (lambda: county.token("sys-reader"))
        stream = events.subscribe(county.world.bus.url, "sys-reader", tokens)
        async for event in stream:
            heard.append(event.data["version"])
            if len(heard) == count:
                break
        await stream.aclose()
        return heard

    async def test_it_goes_on_when_the_token_ends(self, county, monkeypatch):
        monkeypatch.setattr(county.world.parts.tokens, "life", 2)
        await county.announce(TOWNS, 2)
        collecting = asyncio.create_task(self.collect(county, 4))
        await asyncio.sleep(2.5)
        await county.announce(TOWNS, 2)
        assert await asyncio.wait_for(collecting, 10) == [1, 2, 3, 4]

    async def test_an_event_whose_effect_failed_comes_again(self, county):
        await county.announce(TOWNS, 3)
        assert await self.collect(county, 2) == [1, 2]  # leaves in the middle of the second
        assert await self.collect(county, 2) == [2, 3]


async def acknowledged(county, count):
    return (await county.consumer("sys-reader"))["ack_floor"]["consumer_seq"] == count


async def settled(county):
    told = await county.consumer("sys-reader")
    return (told["num_ack_pending"], told["num_pending"]) == (0, 0)


async def exists(county, name):
    return "config" in await county.consumer(name)
