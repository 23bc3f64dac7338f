"""What waits for a person can be listed, tried again, and is counted."""

import asyncio

import pytest
from support.tiny.api import NoteWritten
from support.tiny.consumers import consumers
from support.tiny.main import build
from zhengshu_chassis import db, parked, parked_cli
from zhengshu_chassis.dispatch import Dispatches, DispatchRow
from zhengshu_chassis.telemetry import DEAD_LETTERS_KEPT, DISPATCHES_PARKED, DISPATCHES_WAITING
from zhengshu_contracts.base import Envelope
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import Role

DISPATCHES, LETTERS = "/v1/dispatches/audit", "/v1/dead-letters/audit"


@pytest.fixture
async def database(tiny):
    made = db.connect(tiny.url(), "test")
    yield made
    await made.engine.dispose()


@pytest.fixture
def reads(sealed):
    return sealed(Action.PARKED_READ, roles=frozenset({Role.OPERATOR}))


@pytest.fixture
def retries(sealed):
    return sealed(Action.PARKED_RETRY, roles=frozenset({Role.OPERATOR}))


async def held(database, state: str = "parked") -> str:
    async with database.sessions.begin() as session:
        dispatch_id = Dispatches(session).open("application", "part-1", {"secret": "x"})
        await session.flush()
        row = await session.get(DispatchRow, dispatch_id)
        row.state, row.reason = state, "格式不符"
    return dispatch_id


async def buried(tiny, text: str, event: str | None = None) -> str:
    envelope = Envelope.wrap(NoteWritten(note=1, text=text), source="audit", about="1")
    payload = envelope.model_dump_json().encode() if event is None else b"{"
    connection = await tiny.connect()
    await connection.execute(
        "INSERT INTO dead_letters (consumer, event_id, subject, payload, error)"
        " VALUES ('audit:EVENTS', $1, $2, $3, 'RuntimeError')",
        event or envelope.id,
        envelope.type,
        payload,
    )
    await connection.close()
    return event or envelope.id


async def seen(tiny) -> list[str]:
    connection = await tiny.connect()
    try:
        return [row["text"] for row in await connection.fetch("SELECT text FROM seen ORDER BY id")]
    finally:
        await connection.close()


class TestDispatches:
    async def test_an_operator_sees_why_but_not_what_and_tries_again(
        self, client, database, reads, retries
    ):
        dispatch_id = await held(database)
        (told,) = (await client.get(DISPATCHES, headers=reads)).json()["dispatches"]
        assert (told["id"], told["reason"], "payload" in told) == (dispatch_id, "格式不符", False)
        path = f"{DISPATCHES}/{dispatch_id}/retry"
        assert (await client.post(path, headers=retries)).json()["state"] == "due"
        again = await client.post(path, headers=retries)
        assert again.json()["type"] == "/problems/dispatch-not-parked"
        assert (await client.get(DISPATCHES, headers=reads)).json()["dispatches"] == []
        due = await client.get(DISPATCHES, headers=reads, params={"state": "due"})
        assert [each["id"] for each in due.json()["dispatches"]] == [dispatch_id]

    async def test_nobody_else_retries(self, client, database, sealed):
        path = f"{DISPATCHES}/{await held(database)}/retry"
        for role in set(Role) - {Role.OPERATOR}:
            headers = sealed(Action.PARKED_RETRY, roles=frozenset({role}))
            assert (await client.post(path, headers=headers)).status_code == 403, role


class TestDeadLetters:
    async def test_one_is_handled_after_all_and_once(self, client, tiny, reads, retries):
        event = await buried(tiny, "late")
        (told,) = (await client.get(LETTERS, headers=reads)).json()["letters"]
        assert (told["stream"], told["event"]) == ("EVENTS", event)
        path = f"{LETTERS}/EVENTS/{event}/retry"
        assert (await client.post(path, headers=retries)).status_code == 200
        assert await seen(tiny) == ["late"]
        missing = await client.post(path, headers=retries)
        assert missing.json()["type"] == "/problems/dead-letter-not-found"

    @pytest.mark.parametrize("event", [None, "7"])
    async def test_what_still_fails_stays(self, client, tiny, reads, retries, event):
        event = await buried(tiny, "poison", event)
        answer = await client.post(f"{LETTERS}/EVENTS/{event}/retry", headers=retries)
        assert answer.json()["type"] == "/problems/dead-letter-fails"
        assert len((await client.get(LETTERS, headers=reads)).json()["letters"]) == 1
        assert await seen(tiny) == []

    async def test_lists_go_on(self, tiny, database, monkeypatch):
        monkeypatch.setattr(parked, "SHOWN", 2)
        events = sorted([await buried(tiny, "x") for _ in range(3)])
        async with database.reads.begin() as session:
            first = await parked.dead_letters(session, None)
            rest = await parked.dead_letters(session, first.next)
        assert [each.event for each in (*first.letters, *rest.letters)] == events


async def test_both_are_counted(tiny, database):
    await held(database)
    await buried(tiny, "x")
    task = asyncio.create_task(parked.count_for_ever(database))
    await asyncio.sleep(0.3)
    task.cancel()
    assert (DISPATCHES_PARKED._value.get(), DEAD_LETTERS_KEPT._value.get()) == (1, 1)


async def test_how_long_the_oldest_waits_for_the_counterpart_is_told(tiny, database):
    connection = await tiny.connect()
    async with database.sessions.begin() as session:
        for _ in range(2):
            Dispatches(session).open("application", "part-1", {})
    await connection.execute(
        "UPDATE dispatches SET created_at = now() - interval '2 hours'"
        " WHERE id = (SELECT min(id) FROM dispatches)"
    )
    for state, least, most in (("due", 7200, 7300), ("accepted", 0, 0)):
        await connection.execute("UPDATE dispatches SET state = $1", state)
        task = asyncio.create_task(parked.count_for_ever(database))
        await asyncio.sleep(0.3)
        task.cancel()
        assert least <= DISPATCHES_WAITING._value.get() <= most
    await connection.close()


async def test_the_command_lists_and_retries(tiny, database, settings, capsys):
    dispatch_id, event = await held(database), await buried(tiny, "late")
    assert await parked_cli.show(settings, []) == 0
    told = capsys.readouterr().out
    assert dispatch_id in told
    assert f"EVENTS/{event}" in told
    assert await parked_cli.again(build, settings, [f"EVENTS/{event}"]) == 0
    assert await parked_cli.again(build, settings, [dispatch_id]) == 0
    assert await parked_cli.again(build, settings, [dispatch_id]) == 1
    capsys.readouterr()
    await parked_cli.show(settings, [])
    assert capsys.readouterr().out == ""
    assert await seen(tiny) == ["late"]
    assert consumers.name == "audit"
