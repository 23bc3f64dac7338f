"""Every request through the real pipeline: sockets, NATS and all; only the services are stand-ins."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from support.gateway_harness import (
    DATASET,
    READER,
    client,
    dataset,
    item,
    say,
    stream,
)
from support.until import until
from zhengshu_chassis import auth
from zhengshu_chassis.rows import BadQuery, parse
from zhengshu_contracts.base import Envelope
from zhengshu_contracts.identity import Identity, Principal
from zhengshu_contracts.limits import ItemMask, StepMask
from zhengshu_contracts.policy import (
    DatasetGrants,
    GrantPolicy,
    client_key,
    dataset_key,
)
from zhengshu_contracts.roles import Action
from zhengshu_contracts.subjects import EVENTS
from zhengshu_contracts.vocabulary import (
    GrantState,
    Mode,
    PrincipalKind,
)
from zhengshu_gateway import records

ROWS = f"/v1/datasets/{DATASET}/rows"
EXPORTS = f"/v1/datasets/{DATASET}/exports"
BATCHES = f"/v1/datasets/{DATASET}/batches"
FILE = f"/v1/open/datasets/{DATASET}/files/csv"
PROBLEM = "application/problem+json"


async def events(node):
    """The records on ACCESS, each read as the event its type names."""
    envelopes = [Envelope.model_validate(each) for each in await node.records()]
    return [EVENTS[each.type].model_validate(each.data) for each in envelopes]


async def ended(node):
    """Wait for the last access's ending."""

    async def found():
        return [each for each in await events(node) if hasattr(each, "outcome")]

    return (await until(found))[-1]


def grant(**members):
    now = datetime.now(UTC)
    plain = {
        "id": "g-1",
        "holder": READER,
        "items": ("amount",),
        "modes": tuple(Mode),
        "purpose": "核对",
        "starts": now - timedelta(days=1),
        "ends": now + timedelta(days=1),
        "state": GrantState.ACTIVE,
        "filter": "town=eq.凤山镇",
    }
    return GrantPolicy(**(plain | members))


@pytest.fixture
async def granted(node):
    await node.put(dataset_key("sharing", DATASET), DatasetGrants(id=DATASET, grants=(grant(),)))
    yield node
    await node.put(dataset_key("sharing", DATASET), None)


class TestRead:
    async def test_passes_with_its_view_and_its_record(self, node):
        node.services["catalog"].answers[f"GET {ROWS}"] = say(
            200, [{"town": "凤山镇"}], zhengshu_rows="1", zhengshu_version="1.7"
        )
        response = await node.get(f"{ROWS}?limit=5", "sys-reader")
        assert response.json() == [{"town": "凤山镇"}]
        (seen,) = node.services["catalog"].asked(ROWS)
        assert seen.query == "limit=5"
        identity = seen.identity
        assert (identity.view.columns, identity.view.key) == (("town",), ("town",))
        assert (identity.action, identity.mode) == (Action.DATASET_QUERY, Mode.QUERY)
        assert identity.principal.organization == READER
        told = await ended(node)
        assert (told.rows, told.version, told.outcome) == (1, "1.7", "complete")
        assert told.bytes == len(response.content)
        (decided,) = (each for each in await events(node) if hasattr(each, "allowed"))
        record = response.headers["zhengshu-record"]
        assert decided.record == told.record == identity.record == record
        assert (decided.columns, decided.rule, decided.client) == (
            ("town",),
            "unconditional",
            "sys-reader",
        )

    async def test_is_recorded_before_the_service_hears_of_it(self, node):
        found = []

        async def answer(seen, send):
            found.extend(await events(node))
            await say(200, [])(seen, send)

        node.services["catalog"].answers[f"GET {ROWS}"] = answer
        await node.get(ROWS, "sys-reader")
        assert [each.allowed for each in found] == [True]

    async def test_a_grant_reaches_the_service_as_columns_and_rows(self, granted):
        await granted.get(f"{ROWS}?select=town,amount", "sys-reader")
        (seen,) = granted.services["catalog"].seen
        assert seen.identity.view.columns == ("town", "amount")
        assert (seen.identity.view.filter, seen.identity.grant) == ("town=eq.凤山镇", "g-1")
        told = (await events(granted))[0]
        assert (told.grant, told.filtered) == ("g-1", True)

    async def test_the_provider_sees_its_own(self, node):
        await node.get(ROWS, "sys-provider")
        (seen,) = node.services["catalog"].seen
        assert seen.identity.view.columns == ("town", "amount", "sample")


class TestRefusal:
    async def test_names_article_and_next_step_and_is_recorded(self, node):
        response = await node.get(f"{ROWS}?select=amount", "sys-reader")
        assert (response.status_code, response.headers["content-type"]) == (403, PROBLEM)
        problem = response.json()
        assert problem["type"] == "/problems/items-conditional"
        assert "第十五条" in problem["basis"]
        assert "/v1/applications" in problem["next"]
        assert node.services["catalog"].seen == []
        (told,) = await events(node)
        assert (told.allowed, told.rule) == (False, "items-conditional")
        assert told.record == response.headers["zhengshu-record"]

    @pytest.mark.parametrize(
        ("path", "caller", "status", "slug"),
        [
            (ROWS, None, 401, "token-missing"),
            (ROWS, "off-competent", 403, "role-not-admitted"),
            (ROWS, "sys-nobody", 401, "client-unknown"),
            ("/v1/datasets/303084122704-000009/rows", "sys-reader", 404, "dataset-unknown"),
            (f"{ROWS}?select=sample", "sys-reader", 403, "items-withheld"),
            (f"{ROWS}?select=ghost", "sys-reader", 403, "items-unknown"),
            ("/v1/organizations", None, 401, "token-missing"),
            ("/v1/systems", "sys-reader", 403, "role-not-admitted"),
            ("/internal/dispatches/x", "off-competent", 404, "no-such-path"),
            ("/v1/datasets/..%2f..%2finternal/rows", "sys-reader", 404, "no-such-path"),
            ("/v1//organizations", "sys-reader", 404, "no-such-path"),
            ("/", None, 404, "no-such-path"),
        ],
    )
    async def test_has_one_shape(self, node, path, caller, status, slug):
        response = await node.get(path, caller)
        assert (response.status_code, response.json()["type"]) == (status, f"/problems/{slug}")
        assert response.headers["content-type"] == PROBLEM
        assert all(not service.seen for service in node.services.values())

    async def test_a_method_that_does_not_exist(self, node):
        response = await node.http.delete(ROWS, headers=node.bearer("sys-reader"))
        assert (response.status_code, response.headers["allow"]) == (405, "GET")

    async def test_a_locked_client_is_out_as_soon_as_the_policy_says_so(self, node):
        key = client_key("catalog", "sys-locked")
        await node.put(key, client("sys-locked", READER))
        assert (await node.get(ROWS, "sys-locked")).status_code == 200
        await node.put(key, client("sys-locked", READER, locked=True))
        response = await node.get(ROWS, "sys-locked")
        assert (response.status_code, response.json()["type"]) == (403, "/problems/client-locked")

    async def test_an_unreadable_policy_record_is_no_record(self, node):
        js = node.operator.jetstream()
        honest = dataset(item("town"), id="303084122704-000002").model_dump(mode="json")
        key = f"$KV.policy.{dataset_key('catalog', honest['id'])}"
        path = f"/v1/datasets/{honest['id']}/rows"
        for record, status in [(honest, 200), (honest | {"state": "open"}, 404)]:
            ack = await js.publish(key, json.dumps(record).encode())
            await until(lambda ack=ack: node.parts.feed.known.applied >= ack.seq)
            assert (await node.get(path, "sys-reader")).status_code == status


class TestOutsideHeaders:
    async def test_nothing_that_claims_an_identity_passes(self, node):
        forged = auth.seal(
            Identity(
                principal=Principal(id="x", kind=PrincipalKind.GATEWAY),
                action=Action.INTERNAL,
                expires=datetime.now(UTC) + timedelta(hours=1),
            ),
            b"guess",
        )
        await node.get(
            ROWS,
            "sys-reader",
            zhengshu_identity=forged,
            x_forwarded_for="10.0.0.1",
            forwarded="for=10.0.0.1",
            connection="keep-alive, x-odd",
            x_odd="1",
            cookie="a=b",
            prefer="count=exact",
        )
        (seen,) = node.services["catalog"].seen
        assert seen.identity.principal.id == "sys-reader"
        assert seen.headers["prefer"] == "count=exact"
        outside = {"authorization", "x-forwarded-for", "forwarded", "x-odd", "cookie"}
        assert not outside & set(seen.headers)

    async def test_the_trace_goes_on(self, node):
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        await node.get(ROWS, "sys-reader", traceparent=f"00-{trace}-00f067aa0ba902b7-01")
        assert node.services["catalog"].seen[0].headers["traceparent"].split("-")[1] == trace
        assert (await events(node))[0].trace == trace


class TestRecord:
    async def test_none_no_row(self, node):
        """Without a stream that takes records nothing leaves, refusals included."""
        js = node.operator.jetstream()
        info = await js.stream_info("ACCESS")
        await js.delete_stream("ACCESS")
        try:
            for path in (ROWS, f"{ROWS}?select=amount"):
                response = await node.get(path, "sys-reader")
                assert response.status_code == 503
                assert response.json()["type"] == "/problems/record-unavailable"
                assert response.headers["retry-after"]
        finally:
            await js.add_stream(info.config)
        assert node.services["catalog"].seen == []
        assert (await node.get(ROWS, "sys-reader")).status_code == 200

    async def test_endings_that_no_stream_takes_are_kept_up_to_a_bound(self, node, monkeypatch):
        monkeypatch.setattr(records, "BACKLOG", 3)
        kept = records.Records(node.parts.records._bus)
        for number in range(5):
            kept.note(b"%d" % number)
        assert [envelope for envelope, _ in kept._queue] == [b"2", b"3", b"4"]

    async def test_many_at_once_share_messages(self, node):
        answers = await asyncio.gather(*(node.get(ROWS, "sys-reader") for _ in range(60)))
        assert {each.status_code for each in answers} == {200}
        await until(lambda: _all_ended(node, 60))
        state = (await node.operator.jetstream().stream_info("ACCESS")).state
        assert state.messages < 120  # any sharing at all: how much depends on the load
        assert len({each["id"] for each in await node.records()}) == 120


async def _all_ended(node, count):
    return len([each for each in await events(node) if hasattr(each, "outcome")]) == count


class TestPush:
    async def test_streams_through_whole(self, node):
        body = b"x" * 20_000_000
        response = await node.http.post(
            BATCHES,
            content=body,
            headers=node.bearer("sys-provider") | {"Content-Type": "text/csv"},
        )
        assert response.status_code == 200
        (seen,) = node.services["catalog"].seen
        assert seen.body == body
        assert seen.headers["content-length"] == str(len(body))
        assert seen.identity.action is Action.DATASET_PUSH

    async def test_without_length_too(self, node):
        async def parts():
            for _ in range(10):
                yield b"y" * 1000

        response = await node.http.post(
            BATCHES, content=parts(), headers=node.bearer("sys-provider")
        )
        assert response.status_code == 200
        assert len(node.services["catalog"].seen[0].body) == 10_000

    async def test_only_the_provider(self, node):
        response = await node.http.post(BATCHES, content=b"x", headers=node.bearer("sys-reader"))
        assert (response.status_code, response.json()["type"]) == (403, "/problems/not-provider")


class TestService:
    async def test_its_refusals_pass_unchanged(self, node):
        problem = {"type": "/problems/rows-query-invalid", "status": 400}
        node.services["catalog"].answers[f"GET {ROWS}"] = say(400, problem, content_type=PROBLEM)
        response = await node.get(ROWS, "sys-reader")
        assert (response.status_code, response.json()) == (400, problem)
        assert (await ended(node)).outcome == "failed"

    async def test_one_that_hangs_up_is_a_bad_gateway(self, node):
        async def answer(seen, send):
            raise ConnectionResetError

        node.services["catalog"].answers[f"GET {ROWS}"] = answer
        response = await node.get(ROWS, "sys-reader")
        assert response.status_code in {500, 502}
        assert (await ended(node)).outcome == "failed"

    async def test_an_answer_that_breaks_off_is_seen_to_be_incomplete(self, node):
        async def answer(seen, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"part", "more_body": True})
            await asyncio.sleep(0.1)

        node.services["catalog"].answers[f"GET {EXPORTS}"] = answer
        with pytest.raises(httpx.RemoteProtocolError):
            await node.get(EXPORTS, "sys-reader")
        assert (await ended(node)).outcome == "failed"


class TestRevocation:
    async def test_cuts_a_running_export(self, granted):
        granted.services["catalog"].answers[f"GET {EXPORTS}"] = stream(400, pause=0.02)
        received = 0

        async def read():
            nonlocal received
            path = f"{EXPORTS}?select=amount"
            async with granted.http.stream(
                "GET", path, headers=granted.bearer("sys-reader")
            ) as got:
                async for chunk in got.aiter_bytes():
                    received += len(chunk)

        reading = asyncio.create_task(read())
        await until(lambda: received > 3000)
        dead = DatasetGrants(id=DATASET, grants=(grant(state=GrantState.REVOKED),))
        await granted.put(dataset_key("sharing", DATASET), dead)
        applied = received
        with pytest.raises(httpx.RemoteProtocolError):
            await reading
        assert received <= applied + 3000
        assert (await ended(granted)).outcome == "cut"

    async def test_a_mask_that_comes_meanwhile_cuts_what_goes_on_without_it(self, granted):
        granted.services["catalog"].answers[f"GET {EXPORTS}"] = stream(400, pause=0.02)
        reading = asyncio.create_task(granted.get(f"{EXPORTS}?select=amount", "sys-reader"))
        await until(lambda: granted.services["catalog"].asked(EXPORTS))
        masked = grant(masks=(ItemMask(item="amount", mask=StepMask(width=100)),))
        await granted.put(
            dataset_key("sharing", DATASET), DatasetGrants(id=DATASET, grants=(masked,))
        )
        with pytest.raises(httpx.RemoteProtocolError):
            await reading

    async def test_who_becomes_somebody_else_is_cut(self, granted):
        """An enterprise reads nothing of what it read as a department."""
        granted.services["catalog"].answers[f"GET {EXPORTS}"] = stream(400, pause=0.02)
        reading = asyncio.create_task(granted.get(EXPORTS, "sys-reader"))
        await until(lambda: granted.services["catalog"].asked(EXPORTS))
        key = client_key("catalog", "sys-reader")
        await granted.put(key, client("sys-reader", READER, "public_service_enterprise"))
        with pytest.raises(httpx.RemoteProtocolError):
            await reading
        await granted.put(key, client("sys-reader", READER))

    async def test_a_token_that_is_ended_cuts_what_it_opened(self, granted):
        granted.services["catalog"].answers[f"GET {EXPORTS}"] = stream(400, pause=0.02)
        reading = asyncio.create_task(granted.get(EXPORTS, "sys-reader"))
        await until(lambda: granted.services["catalog"].asked(EXPORTS))
        key, ended_now = client_key("catalog", "sys-reader"), datetime.now(UTC)
        await granted.put(key, client("sys-reader", READER, not_before=ended_now))
        with pytest.raises(httpx.RemoteProtocolError):
            await reading
        await granted.put(key, client("sys-reader", READER))

    async def test_a_wider_right_that_comes_meanwhile_cuts_nothing(self, granted):
        await granted.put(dataset_key("sharing", DATASET), None)

        async def answer(seen, send):
            wider = DatasetGrants(id=DATASET, grants=(grant(),))
            await granted.put(dataset_key("sharing", DATASET), wider)
            await say(200, [])(seen, send)

        granted.services["catalog"].answers[f"GET {ROWS}"] = answer
        assert (await granted.get(ROWS, "sys-reader")).status_code == 200

    async def test_a_right_that_falls_before_the_first_byte_lets_none_out(self, granted):
        async def answer(seen, send):
            await granted.put(dataset_key("sharing", DATASET), None)
            await say(200, [{"amount": 1}])(seen, send)

        granted.services["catalog"].answers[f"GET {ROWS}"] = answer
        response = await granted.get(f"{ROWS}?select=amount", "sys-reader")
        assert (response.status_code, response.json()["type"]) == (
            503,
            "/problems/decision-changed",
        )

    async def test_leaves_others_running(self, granted):
        granted.services["catalog"].answers[f"GET {EXPORTS}"] = stream(30, pause=0.02)
        reading = asyncio.create_task(granted.get(EXPORTS, "sys-provider"))
        await asyncio.sleep(0.1)
        await granted.put(dataset_key("sharing", DATASET), None)
        assert len((await reading).content) == 30_000

    async def test_a_caller_who_hangs_up_is_noticed(self, node):
        node.services["catalog"].answers[f"GET {EXPORTS}"] = stream(400, size=100_000, pause=0.01)
        headers = node.bearer("sys-provider")
        async with (
            httpx.AsyncClient(base_url=node.url) as http,
            http.stream("GET", EXPORTS, headers=headers) as got,
        ):
            async for _ in got.aiter_bytes():
                break
        told = await ended(node)
        assert (told.outcome, told.bytes < 40_000_000) == ("cut", True)


async def test_ten_thousand_filters_reach_the_service_that_refuses_them(node):
    """They pass the real HTTP server, are recorded like any read, and cost the gateway little."""
    asked = "&".join(["a=eq."] * 10_000)

    async def refuse(seen, send):
        try:
            parse(seen.query)
        except BadQuery as refusal:
            await say(refusal.status, {"code": refusal.code})(seen, send)

    node.services["catalog"].answers[f"GET {ROWS}"] = refuse
    response = await node.get(f"{ROWS}?{asked}", "sys-reader")
    assert (response.status_code, response.json()["code"]) == (400, "PGRST100")
    assert node.services["catalog"].seen[0].query == asked
    selected = await node.get(f"{ROWS}?select=town&{asked}", "sys-reader")
    assert selected.status_code == 400
