"""How often, how many at once, how much a day, for what, and how slowly: one caller does not hurt another."""

import asyncio
from urllib.parse import quote, urlsplit

import httpx
import pytest
from support.gateway_harness import DATASET, say, stream
from support.until import until
from zhengshu_chassis import signature
from zhengshu_contracts.limits import Quota
from zhengshu_contracts.policy import DatasetGrants, dataset_key
from zhengshu_contracts.vocabulary import Mode
from zhengshu_gateway import exchange, quotas
from zhengshu_gateway.errors import RecordUnavailable
from zhengshu_gateway.facts import Usage
from zhengshu_gateway.limits import Rate
from zhengshu_gateway.quotas import today

from .test_pipeline import BATCHES, EXPORTS, ROWS, grant

AMOUNT = f"{ROWS}?select=amount"


@pytest.fixture
async def world(node):
    """A node whose counts begin at nothing."""
    parts = node.parts
    parts.quotas._used.clear()
    parts.pages._kept.clear()
    parts.pipeline.limits._buckets.clear()
    yield node
    parts.quotas._used.clear()
    parts.pipeline.limits._buckets.clear()
    await node.put(dataset_key("sharing", DATASET), None)


async def give(node, *grants):
    await node.put(dataset_key("sharing", DATASET), DatasetGrants(id=DATASET, grants=grants))


def slug(response):
    return response.status_code, response.json()["type"].rsplit("/", 1)[-1]


class TestRate:
    async def test_each_client_has_its_own_of_each_class(self, world, monkeypatch):
        monkeypatch.setitem(world.parts.pipeline.limits.rates, "query", Rate(0.01, 2, 9))
        answers = [await world.get(ROWS, "sys-reader") for _ in range(3)]
        assert [each.status_code for each in answers] == [200, 200, 429]
        assert answers[0].headers["ratelimit"].startswith('"query";r=1;')
        assert answers[0].headers["ratelimit-policy"] == '"query";q=2;w=200'
        assert slug(answers[2]) == (429, "rate-exceeded")
        assert int(answers[2].headers["retry-after"]) > 1
        assert answers[2].headers["ratelimit"].startswith('"query";r=0;')
        assert (await world.get(ROWS, "sys-provider")).status_code == 200
        assert (await world.get(EXPORTS, "sys-reader")).status_code == 200
        assert (await world.get("/v1/organizations", "sys-reader")).status_code == 200

    async def test_no_more_at_once_than_allowed(self, world, monkeypatch):
        monkeypatch.setitem(world.parts.pipeline.limits.rates, "bulk", Rate(100, 100, 2))
        world.services["catalog"].answers[f"GET {EXPORTS}"] = stream(20, pause=0.05)
        running = [asyncio.create_task(world.get(EXPORTS, "sys-reader")) for _ in range(2)]
        await until(lambda: len(world.services["catalog"].asked(EXPORTS)) == 2)
        assert slug(await world.get(EXPORTS, "sys-reader")) == (429, "concurrency-exceeded")
        assert (await world.get(ROWS, "sys-reader")).status_code == 200
        assert {each.status_code for each in await asyncio.gather(*running)} == {200}
        assert (await world.get(EXPORTS, "sys-reader")).status_code == 200


class TestGuessing:
    async def test_who_verifies_what_does_not_match_again_and_again_is_held_off(
        self, world, monkeypatch
    ):
        monkeypatch.setitem(world.parts.pipeline.limits.rates, "mismatch", Rate(0.01, 2, 2))
        catalog, path = world.services["catalog"], f"/v1/datasets/{DATASET}/verification"

        async def verify(matches, caller="sys-reader"):
            told = say(200, {"matches": matches}, zhengshu_rows=str(int(matches)))
            catalog.answers[f"POST {path}"] = told
            return (await world.http.post(path, headers=world.bearer(caller))).status_code

        answers = [await verify(matches) for matches in (True, False, True, False, True)]
        assert answers == [200, 200, 200, 200, 429]
        assert await verify(False, "sys-provider") == 200
        assert (await world.get(ROWS, "sys-reader")).status_code == 200


class TestTurns:
    async def test_who_asks_much_at_once_waits_its_turn_and_nobody_else_does(self, world):
        catalog, go_on, most = world.services["catalog"], asyncio.Event(), 4

        async def slowly(seen, send):
            await go_on.wait()
            await say(200, [])(seen, send)

        catalog.answers[f"GET {ROWS}"] = catalog.answers["GET /v1/entries"] = slowly
        paths = [f"{ROWS}?limit={n}" for n in range(1, 10)] + ["/v1/entries"] * 3
        asking = [asyncio.create_task(world.get(path, "sys-reader")) for path in paths]
        await until(lambda: len(catalog.seen) == most)
        for service in ("organizations", "grants"):  # another client's; the same client's elsewhere
            caller = "sys-provider" if service == "organizations" else "sys-reader"
            assert (await world.get(f"/v1/{service}", caller)).status_code == 200
        assert len(catalog.seen) == most + 1
        asking.pop().cancel()
        go_on.set()
        assert {each.status_code for each in await asyncio.gather(*asking)} == {200}
        assert world.parts.pipeline.turns._room == {}

    async def test_a_right_that_falls_while_it_waits_lets_nothing_out(self, world):
        await give(world, grant())
        catalog, go_on = world.services["catalog"], asyncio.Event()

        async def slowly(seen, send):
            await go_on.wait()
            await say(200, [{"amount": 1}])(seen, send)

        catalog.answers[f"GET {ROWS}"] = slowly
        paths = [f"{AMOUNT}&limit={n}" for n in range(1, 8)]
        asking = [asyncio.create_task(world.get(path, "sys-reader")) for path in paths]
        await until(lambda: len(catalog.asked(ROWS)) == 4)
        await give(world)
        go_on.set()
        answers = await asyncio.gather(*asking)
        assert {slug(each) for each in answers} == {(503, "decision-changed")}


class TestFailures:
    async def test_bad_proofs_are_refused_unread_and_hurt_nobody_who_is_known(
        self, world, monkeypatch
    ):
        limits = world.parts.pipeline.limits
        monkeypatch.setitem(limits.rates, "failed", Rate(0.01, 3, 3))
        known = world.bearer("sys-reader")
        assert (await world.http.get(ROWS, headers=known)).status_code == 200
        bad = {"Authorization": "Bearer nonsense"}
        answers = [await world.http.get(ROWS, headers=bad) for _ in range(4)]
        assert [each.status_code for each in answers] == [401, 401, 401, 429]
        assert answers[3].headers["retry-after"]
        signed = await world.http.get(
            ROWS, headers={signature.SIGN: "x", signature.SERVICE: DATASET}
        )
        assert signed.status_code == 429
        assert world.services["catalog"].asked("/internal/credentials/signature") == []
        assert (await world.http.get(ROWS, headers=known)).status_code == 200
        assert (await world.get("/v1/open/datasets")).status_code == 200
        assert (await world.get("/.well-known/jwks.json")).status_code == 200

    async def test_tokens_and_sign_ins_have_a_rate_per_address(self, world, monkeypatch):
        monkeypatch.setitem(world.parts.pipeline.limits.rates, "bare", Rate(0.01, 2, 9))
        form = {"grant_type": "client_credentials", "client_id": "sys-x", "client_secret": "y"}
        answers = [await world.http.post("/oauth2/token", data=form) for _ in range(3)]
        assert [each.status_code for each in answers][2] == 429
        for method, path in (("POST", "/oauth2/sign-in"), ("POST", "/oauth2/password")):
            assert (await world.http.request(method, path)).status_code == 429
        assert (await world.get(ROWS, "sys-reader")).status_code == 200


class TestQuota:
    async def test_calls_of_a_day(self, world):
        await give(world, grant(quota=Quota(calls=2)))
        answers = [await world.get(AMOUNT, "sys-reader") for _ in range(3)]
        assert [each.status_code for each in answers] == [200, 200, 429]
        assert slug(answers[2]) == (429, "quota-exhausted")
        assert "每日 2 次" in answers[2].json()["detail"]
        assert 0 < int(answers[2].headers["retry-after"]) <= 86_400
        record = answers[2].headers["zhengshu-record"]
        (told,) = (e["data"] for e in await world.records() if e["data"]["record"] == record)
        assert (told["allowed"], told["rule"], told["grant"]) == (False, "quota-exhausted", "g-1")
        # What needs no grant is not counted against one.
        assert (await world.get(f"{ROWS}?select=town", "sys-reader")).status_code == 200

    async def test_rows_are_set_aside_before_and_what_was_not_read_is_given_back(self, world):
        await give(world, grant(quota=Quota(rows=5)))
        catalog = world.services["catalog"]
        catalog.answers[f"GET {EXPORTS}"] = say(200, [], zhengshu_rows="3")
        assert (await world.get(f"{EXPORTS}?select=amount", "sys-reader")).status_code == 200
        assert catalog.seen[-1].identity.most == 5
        await until(lambda: world.parts.quotas.used("g-1") == (1, 3))
        catalog.answers[f"GET {ROWS}"] = say(200, [], zhengshu_rows="1")
        await world.get(f"{AMOUNT}&limit=1", "sys-reader")
        assert catalog.seen[-1].identity.most == 1
        catalog.answers[f"GET {ROWS}"] = say(200, [], zhengshu_rows="1")
        await world.get(AMOUNT, "sys-reader")
        assert catalog.seen[-1].identity.most == 1  # a page asks for more than is left
        assert slug(await world.get(AMOUNT, "sys-reader")) == (429, "quota-exhausted")
        catalog.answers.clear()
        assert (await world.get(f"{ROWS}?select=town", "sys-reader")).status_code == 200
        assert catalog.seen[-1].identity.most is None

    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
    async def test_an_answer_without_a_row_counts_as_one(self, world, method):
        """Else a quota of rows would bound no count of rows and no guess at their values."""
        await give(world, grant(quota=Quota(rows=2), modes=(Mode.QUERY, Mode.VERIFY)))
        catalog = world.services["catalog"]
        verify = f"/v1/datasets/{DATASET}/verification"
        path = verify if method == "POST" else f"{AMOUNT}&amount=gt.7&limit=0"
        catalog.answers[f"GET {ROWS}"] = say(200, [], zhengshu_rows="0", content_range="*/41352")
        catalog.answers[f"POST {verify}"] = say(200, {"matches": False}, zhengshu_rows="0")
        told = [
            await world.http.request(method, path, headers=world.bearer("sys-reader"))
            for _ in range(3)
        ]
        assert [each.status_code for each in told] == [200, 200, 429]

    async def test_what_the_caller_has_already_counts_as_none(self, world):
        await give(world, grant(quota=Quota(rows=2)))

        async def unchanged(_, send):
            await send({"type": "http.response.start", "status": 304, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        world.services["catalog"].answers[f"GET {ROWS}"] = unchanged
        for _ in range(3):
            assert (await world.get(AMOUNT, "sys-reader")).status_code == 304
        assert world.parts.quotas.used("g-1") == (3, 0)

    async def test_what_runs_at_once_shares_what_is_left(self, world):
        await give(world, grant(quota=Quota(rows=5)))
        catalog = world.services["catalog"]

        async def slow(seen, send):
            await asyncio.sleep(0.2)
            await say(200, [], zhengshu_rows=str(seen.identity.most))(seen, send)

        catalog.answers[f"GET {EXPORTS}"] = slow
        path = f"{EXPORTS}?select=amount"
        answers = await asyncio.gather(*(world.get(path, "sys-reader") for _ in range(4)))
        assert sorted(each.status_code for each in answers) == [200, 429, 429, 429]
        assert len(catalog.asked(EXPORTS)) == 1
        assert world.parts.quotas.used("g-1") == (1, 5)

    @pytest.mark.parametrize("told", [{}, {"zhengshu_rows": "6"}, {"zhengshu_rows": "many"}])
    async def test_an_answer_that_is_not_counted_or_larger_stays_inside(self, world, told):
        await give(world, grant(quota=Quota(rows=5)))
        world.services["catalog"].answers[f"GET {EXPORTS}"] = say(200, ["secret"], **told)
        response = await world.get(f"{EXPORTS}?select=amount", "sys-reader")
        assert slug(response) == (502, "upstream-broken")
        assert world.parts.quotas.used("g-1") == (0, 0)

    async def test_a_cut_answer_counts_as_announced(self, world):
        await give(world, grant(quota=Quota(rows=5)))

        async def breaks(_, send):
            head = [(b"zhengshu-rows", b"4")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": b"part", "more_body": True})

        world.services["catalog"].answers[f"GET {EXPORTS}"] = breaks
        with pytest.raises(httpx.RemoteProtocolError):
            await world.get(f"{EXPORTS}?select=amount", "sys-reader")
        await until(lambda: world.parts.quotas.used("g-1")[1] >= 4)

    async def test_a_record_that_is_not_taken_costs_nothing(self, world, monkeypatch):
        await give(world, grant(quota=Quota(calls=1, rows=5)))

        async def refused(_):
            raise RecordUnavailable

        with monkeypatch.context() as patch:
            patch.setattr(world.parts.records, "decided", refused)
            assert (await world.get(AMOUNT, "sys-reader")).status_code == 503
        assert world.parts.quotas.used("g-1") == (0, 0)

    async def test_an_explanation_tells_that_nothing_is_left(self, world):
        await give(world, grant(quota=Quota(calls=1)))
        await world.get(AMOUNT, "sys-reader")
        ask = {"dataset": DATASET, "items": ["amount"]}
        told = await world.http.post("/v1/decisions", json=ask, headers=world.bearer("sys-reader"))
        assert (told.json()["allowed"], told.json()["rule"]) == (False, "quota-exhausted")

    async def test_other_replicas_count_and_so_does_what_was_before_a_restart(self, world):
        await give(world, grant(quota=Quota(calls=3)))
        usage = world.parts.feed.known.usage
        usage["other"] = Usage("other", today(), {"g-1": (2, 0)})
        usage["old"] = Usage("old", "2020-01-01", {"g-1": (9, 0)})
        try:
            assert (await world.get(AMOUNT, "sys-reader")).status_code == 200
            assert (await world.get(AMOUNT, "sys-reader")).status_code == 429
        finally:
            usage.pop("other")
        own = world.parts.quotas._replica
        await until(lambda: own in usage and usage[own].used.get("g-1") == (1, 0))
        again = quotas.Quotas(world.parts.bus, world.parts.feed, own)
        assert again.used("g-1") == (1, 0)
        await until(lambda: "old" not in usage)

    async def test_a_new_day_begins_at_nothing(self, world, monkeypatch):
        await give(world, grant(quota=Quota(calls=1)))
        await world.get(AMOUNT, "sys-reader")
        monkeypatch.setattr(quotas, "today", lambda: "2100-01-01")
        assert (await world.get(AMOUNT, "sys-reader")).status_code == 200


class TestPurpose:
    async def test_is_checked_when_stated_and_chooses_the_grant(self, world):
        await give(world, grant(), grant(id="g-2", purpose="统计", filter=""))
        asked = {"核对": "g-1", "统计": "g-2"}
        for purpose, expected in asked.items():
            told = quote(purpose)
            response = await world.get(AMOUNT, "sys-reader", zhengshu_purpose=told)
            assert response.status_code == 200
            assert world.services["catalog"].seen[-1].identity.grant == expected
            record = response.headers["zhengshu-record"]
            told = [e["data"] for e in await world.records() if e["data"]["record"] == record]
            assert told[0]["purpose"] == purpose
        assert slug(await world.get(AMOUNT, "sys-reader")) == (403, "grant-not-named")
        response = await world.get(AMOUNT, "sys-reader", zhengshu_purpose=quote("营销"))
        assert slug(response) == (403, "purpose-not-granted")
        assert "统计(g-2)" in response.json()["next"]

    async def test_a_single_grant_is_the_default(self, world):
        await give(world, grant())
        assert (await world.get(AMOUNT, "sys-reader")).status_code == 200
        told = [each["data"] for each in await world.records() if "allowed" in each["data"]]
        assert [each["purpose"] for each in told] == ["核对"]

    @pytest.mark.parametrize("purpose", ["x" * 501, quote("核对\0"), quote("核\n对")])
    async def test_a_stated_purpose_is_a_line_of_text(self, world, purpose):
        response = await world.get(ROWS, "sys-reader", zhengshu_purpose=purpose)
        assert slug(response) == (422, "invalid")


class TestSlowAndLarge:
    async def test_a_body_that_stops_is_given_up(self, world, monkeypatch):
        monkeypatch.setattr(exchange, "PATIENCE", 0.3)
        token = world.bearer("sys-provider")["Authorization"]
        reader, writer = await self.connect(world)
        writer.write(
            f"POST {BATCHES} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
            "Content-Length: 1000\r\n\r\nabc".encode()
        )
        answer = await asyncio.wait_for(reader.read(200), 5)
        writer.close()
        assert answer.split(b"\r\n")[0].split()[1] in {b"408", b"502", b"503"}

    async def test_a_reader_that_stops_is_given_up(self, world, monkeypatch):
        monkeypatch.setattr(exchange, "PATIENCE", 0.3)
        world.services["catalog"].answers[f"GET {EXPORTS}"] = stream(400, 100_000, pause=0)
        token = world.bearer("sys-provider")["Authorization"]
        _, writer = await self.connect(world)
        writer.write(
            f"GET {EXPORTS} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n".encode()
        )

        async def cut():
            return [e for e in await world.records() if e["data"].get("outcome") == "cut"]

        await until(cut)
        writer.close()

    async def test_who_dribbles_a_body_is_given_up(self, world, monkeypatch):
        monkeypatch.setattr(exchange, "PATIENCE", 0.3)
        token = world.bearer("sys-provider")["Authorization"]
        reader, writer = await self.connect(world)
        writer.write(
            f"POST {BATCHES} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
            "Content-Length: 1000\r\n\r\n".encode()
        )
        answering = asyncio.create_task(reader.read(200))
        for _ in range(40):
            if answering.done():
                break
            writer.write(b"x")
            await asyncio.sleep(0.05)
        assert answering.done()
        writer.close()
        assert (await answering).split(b"\r\n")[0].split()[1] in {b"408", b"502", b"503"}

    async def test_who_dribbles_an_answer_is_given_up_and_who_reads_on_is_not(
        self, world, monkeypatch
    ):
        monkeypatch.setattr(exchange, "PATIENCE", 0.5)
        world.services["catalog"].answers[f"GET {EXPORTS}"] = stream(600, 100_000, pause=0)
        token = world.bearer("sys-provider")["Authorization"]
        reader, writer = await self.connect(world)
        writer.write(
            f"GET {EXPORTS} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n".encode()
        )
        monkeypatch.setattr(exchange, "SLOWEST", 10**9)

        async def cut():
            await reader.read(200_000)
            return [e for e in await world.records() if e["data"].get("outcome") == "cut"]

        await until(cut)
        writer.close()
        monkeypatch.setattr(exchange, "SLOWEST", 4096)
        assert (await world.get(EXPORTS, "sys-provider")).status_code == 200

    async def test_pushes_have_places_of_their_own(self, world, monkeypatch):
        monkeypatch.setitem(world.parts.pipeline.limits.rates, "push", Rate(100, 100, 1))
        with world.parts.pipeline.limits.running("push", "sys-provider"):
            pushed = await world.http.post(BATCHES, headers=world.bearer("sys-provider"), json=[])
            assert slug(pushed) == (429, "concurrency-exceeded")
            assert (await world.get("/v1/entries", "sys-provider")).status_code == 200

    async def test_headers_have_a_limit(self, world):
        response = await world.get(ROWS, "sys-reader", x_much="x" * 20_000)
        assert slug(response) == (431, "headers-too-large")

    async def connect(self, world):
        address = urlsplit(world.url)
        return await asyncio.open_connection(address.hostname, address.port, limit=1024)
