"""What must reach the counterpart: offered until it is done, answered once."""

import asyncio
from datetime import UTC, datetime

import orjson
import pytest
from httpx import AsyncClient
from support.tiny.tables import NoteRow
from support.until import until
from zhengshu_chassis import db, dispatch
from zhengshu_chassis.bus import Bus
from zhengshu_chassis.dispatch import Dispatches, _offer, offer_for_ever
from zhengshu_chassis.leader import leading
from zhengshu_contracts.commission import Callback, DecisionAnswer, OpinionRequestAnswer
from zhengshu_contracts.dispatch import AttemptOutcome, DispatchState
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import Outcome, PrincipalKind

PAUSE = "SELECT round(extract(epoch FROM next_offer_at - clock_timestamp())) FROM dispatches"


@pytest.fixture
async def database(tiny):
    made = db.connect(tiny.url(), "test")
    yield made
    await made.engine.dispose()


@pytest.fixture
def gateway(client: AsyncClient, sealed) -> AsyncClient:
    """The gateway's own calls."""
    client.headers.update(
        sealed(Action.INTERNAL, client="gateway", kind=PrincipalKind.GATEWAY, roles=frozenset())
    )
    return client


async def opened(database, kind: str = "application", **options) -> str:
    async with database.sessions.begin() as session:
        return Dispatches(session).open(kind, "part-1", {"part": "part-1"}, **options)


async def attempt(gateway: AsyncClient, dispatch_id: str, outcome: str, **members) -> dict:
    answer = await gateway.post(
        f"/internal/dispatches/{dispatch_id}/attempts", json={"outcome": outcome} | members
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def decision(ref: str | None, callback_id: str = "c-1") -> dict:
    answer = DecisionAnswer(part="part-1", outcome=Outcome.AGREE)
    made = Callback(id=callback_id, ref=ref, issued_at=datetime.now(UTC), answer=answer)
    return made.model_dump(mode="json")


def question(ref: str) -> dict:
    answer = OpinionRequestAnswer(part="part-1")
    made = Callback(id="q-1", ref=ref, issued_at=datetime.now(UTC), answer=answer)
    return made.model_dump(mode="json")


async def called_back(gateway: AsyncClient, callback: dict) -> str:
    answer = await gateway.post("/internal/callbacks", json=callback)
    assert answer.status_code == 200, answer.text
    return answer.json()["outcome"]


async def told(tiny) -> list[str]:
    """What the hooks and handlers of the tiny service wrote down, in order."""
    connection = await tiny.connect()
    try:
        return [row["text"] for row in await connection.fetch("SELECT text FROM seen ORDER BY id")]
    finally:
        await connection.close()


async def state(gateway: AsyncClient, dispatch_id: str) -> DispatchState:
    return (await gateway.get(f"/internal/dispatches/{dispatch_id}")).json()["state"]


async def test_what_is_opened_can_be_read(gateway, database):
    found = await gateway.get(f"/internal/dispatches/{await opened(database)}")
    assert found.json()["payload"] == {"part": "part-1"}
    assert found.json()["state"] == DispatchState.DUE
    assert (await gateway.get("/internal/dispatches/nothing")).status_code == 404


async def test_it_belongs_to_the_transaction(gateway, database):
    async with database.sessions() as session:
        dispatch_id = Dispatches(session).open("application", "part-1", {})
        await session.flush()
        await session.rollback()
    assert (await gateway.get(f"/internal/dispatches/{dispatch_id}")).status_code == 404


async def test_only_the_gateway_gets_in(client, database):
    answer = await client.get(f"/internal/dispatches/{await opened(database)}")
    assert answer.status_code == 403


async def test_accepted_once_then_answered(gateway, database, tiny):
    dispatch_id = await opened(database)
    after = await attempt(gateway, dispatch_id, AttemptOutcome.FAILED, reason="timeout")
    assert (after["state"], after["attempts"]) == (DispatchState.DUE, 1)
    after = await attempt(gateway, dispatch_id, AttemptOutcome.ACCEPTED, acceptance="N-1")
    assert (after["state"], after["acceptance"]) == (DispatchState.ACCEPTED, "N-1")
    await attempt(gateway, dispatch_id, AttemptOutcome.ACCEPTED, acceptance="N-1")
    assert await told(tiny) == ["accepted N-1"]
    assert await called_back(gateway, decision(dispatch_id)) == "applied"
    assert await state(gateway, dispatch_id) == DispatchState.ANSWERED
    assert await told(tiny) == ["accepted N-1", "decided"]


async def test_an_answer_twice_has_one_effect(gateway, database, tiny):
    callback = decision(await opened(database))
    outcomes = await asyncio.gather(*(called_back(gateway, callback) for _ in range(5)))
    assert sorted(outcomes) == ["applied"] + ["no-effect"] * 4
    assert (await told(tiny)).count("decided") == 1


async def test_an_answer_that_overtakes_its_acceptance(gateway, database, tiny):
    dispatch_id = await opened(database)
    assert await called_back(gateway, decision(dispatch_id)) == "applied"
    late = await attempt(gateway, dispatch_id, AttemptOutcome.ACCEPTED, acceptance="N-1")
    assert (late["state"], late["acceptance"]) == (DispatchState.ANSWERED, "N-1")
    assert await told(tiny) == ["accepted None", "decided"]


async def test_an_answer_that_overtakes_may_tell_the_number(gateway, database, tiny):
    dispatch_id = await opened(database)
    assert await called_back(gateway, decision(dispatch_id) | {"number": "N-2"}) == "applied"
    assert await told(tiny) == ["accepted N-2", "decided"]


async def test_an_answer_about_something_else_leaves_it_open(gateway, database):
    """A counterpart that mixes up references answers nothing that waits for its own answer."""
    dispatch_id = await opened(database)
    astray = decision(dispatch_id)
    astray["answer"]["part"] = "part-2"
    assert await called_back(gateway, astray) == "applied"
    assert await state(gateway, dispatch_id) == DispatchState.DUE


async def test_an_answer_about_nothing_that_is_here_is_taken_without_effect(gateway, database):
    """Otherwise the counterpart would send it for ever."""
    dispatch_id = await opened(database)
    lost = decision(dispatch_id)
    lost["answer"]["part"] = "unknown"
    assert await called_back(gateway, lost) == "no-effect"
    assert await state(gateway, dispatch_id) == DispatchState.DUE


async def test_a_question_back_leaves_it_open(gateway, database):
    dispatch_id = await opened(database)
    await attempt(gateway, dispatch_id, AttemptOutcome.ACCEPTED)
    assert await called_back(gateway, question(dispatch_id)) == "applied"
    assert await state(gateway, dispatch_id) == DispatchState.ACCEPTED


async def test_a_late_answer_has_no_effect_and_still_closes(gateway, database, tiny):
    dispatch_id = await opened(database)
    async with database.sessions.begin() as session:
        session.add(NoteRow(text="withdrawn", owner="part-1"))
    assert await called_back(gateway, decision(dispatch_id)) == "no-effect"
    assert await state(gateway, dispatch_id) == DispatchState.ANSWERED


async def test_an_answer_nobody_applies_is_refused(gateway):
    answer = {"kind": "service_withdrawal", "dataset": "d", "reason": "x"}
    callback = decision(None) | {"answer": answer}
    refused = await gateway.post("/internal/callbacks", json=callback)
    assert refused.json()["type"] == "/problems/callback-unknown"


async def test_refused_for_good_it_is_parked_until_somebody_retries(gateway, database, tiny):
    dispatch_id = await opened(database)
    await attempt(gateway, dispatch_id, AttemptOutcome.REJECTED, reason="格式不符")
    assert await told(tiny) == ["parked 格式不符"]
    listed = (await gateway.get("/internal/dispatches", params={"state": "parked"})).json()
    assert [each["id"] for each in listed["dispatches"]] == [dispatch_id]
    async with database.sessions.begin() as session:
        assert (await dispatch.retry(session, dispatch_id)).state is DispatchState.DUE
    assert await state(gateway, dispatch_id) == DispatchState.DUE


async def test_cancelled_it_is_offered_no_more(gateway, database):
    dispatch_id = await opened(database)
    async with database.sessions.begin() as session:
        await Dispatches(session).cancel("part-1", "application")
    assert await state(gateway, dispatch_id) == DispatchState.ANSWERED


async def test_offers_come_at_once_and_again_until_it_is_done(
    tiny, database, with_bus, bus, gateway
):
    node = Bus.of(with_bus, "test")
    node.start()
    await node.ready()
    heard: list[dict] = []
    listener = await bus.connect()

    async def hear(message) -> None:
        heard.append(orjson.loads(message.data))

    await listener.subscribe("zhengshu.dispatch.audit", cb=hear)
    async with leading(tiny.url(), "test") as lead:
        wake = await lead.listen("dispatches")
        offers = offer_for_ever("audit", database, node, wake, ceiling=0.3)
        task = asyncio.create_task(offers)
        await asyncio.sleep(0.2)
        dispatch_id = await opened(database)
        await until(lambda: heard, patience=0.5, pause=0.01)
        await until(lambda: len(heard) >= 3, patience=2)
        assert {each["id"] for each in heard} == {dispatch_id}
        await called_back(gateway, decision(dispatch_id))
        await asyncio.sleep(0.1)
        heard.clear()
        await asyncio.sleep(1)
        assert heard == []
        task.cancel()
        await asyncio.wait({task})
    await listener.close()
    await node.close()


async def test_what_stays_unanswered_is_offered_ever_less_often(tiny, database):
    await opened(database)
    connection = await tiny.connect()
    pauses = []
    for _ in range(8):
        assert len(await _offer(database, 60)) == 1
        assert await _offer(database, 60) == []
        pauses.append(await connection.fetchval(PAUSE))
        await connection.execute("UPDATE dispatches SET next_offer_at = clock_timestamp()")
    await connection.close()
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_a_notice_is_done_when_it_is_accepted(tiny, database, gateway):
    dispatch_id = await opened(database, expects_answer=False)
    await attempt(gateway, dispatch_id, AttemptOutcome.ACCEPTED)
    connection = await tiny.connect()
    open_ones = await connection.fetchval(
        "SELECT count(*) FROM dispatches WHERE state = 'due' OR state = 'accepted' AND expects_answer"
    )
    await connection.close()
    assert open_ones == 0
