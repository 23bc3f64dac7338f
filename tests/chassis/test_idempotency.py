"""The same key: one effect, one answer."""

import asyncio

import asyncpg
from httpx import AsyncClient
from zhengshu_contracts.vocabulary import Role

KEY = {"Idempotency-Key": "k-1"}


async def notes(tiny) -> int:
    connection = await tiny.connect()
    try:
        return await connection.fetchval("SELECT count(*) FROM notes")
    finally:
        await connection.close()


async def test_a_repeat_gets_the_same_answer(client: AsyncClient, tiny):
    first = await client.post("/v1/notes", json={"text": "一"}, headers=KEY)
    again = await client.post("/v1/notes", json={"text": "一"}, headers=KEY)
    assert (again.status_code, again.content) == (201, first.content)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert await notes(tiny) == 1


async def test_another_body_is_refused(client: AsyncClient, tiny):
    await client.post("/v1/notes", json={"text": "一"}, headers=KEY)
    for body, query in (({"text": "二"}, ""), ({"text": "一"}, "?x=1")):
        answer = await client.post(f"/v1/notes{query}", json=body, headers=KEY)
        assert answer.json()["type"] == "/problems/idempotency-key-reused"
    assert await notes(tiny) == 1


async def test_keys_of_different_clients_have_nothing_to_do_with_each_other(
    client: AsyncClient, tiny, sealed
):
    await client.post("/v1/notes", json={"text": "一"}, headers=KEY)
    other = sealed(client="off-2") | KEY
    answer = await client.post("/v1/notes", json={"text": "二"}, headers=other)
    assert answer.status_code == 201


async def test_who_may_no_longer_ask_gets_no_stored_answer(client: AsyncClient, tiny, sealed):
    await client.post("/v1/notes", json={"text": "一"}, headers=KEY)
    demoted = sealed(roles=frozenset({Role.AUDITOR})) | KEY
    answer = await client.post("/v1/notes", json={"text": "一"}, headers=demoted)
    assert answer.status_code == 403


async def test_a_refusal_is_not_kept(client: AsyncClient, tiny):
    answer = await client.post("/v1/notes", json={"text": "一", "then": "crash"}, headers=KEY)
    assert answer.status_code == 500
    answer = await client.post("/v1/notes", json={"text": "一"}, headers=KEY)
    assert answer.status_code == 201


async def test_at_once_there_is_one_effect(client: AsyncClient, tiny):
    asked = (client.post("/v1/notes", json={"text": "一"}, headers=KEY) for _ in range(8))
    answers = await asyncio.gather(*asked)
    assert await notes(tiny) == 1
    bodies = {answer.content for answer in answers if answer.status_code == 201}
    assert len(bodies) == 1
    others = [answer for answer in answers if answer.status_code != 201]
    assert all(a.json()["type"] == "/problems/idempotency-in-progress" for a in others)


async def test_a_key_in_progress_is_refused(client: AsyncClient, tiny):
    connection = await tiny.connect()
    name = "idempotency\noff-1\nPOST /v1/notes\nk-1"
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)
        answer = await client.post("/v1/notes", json={"text": "一"}, headers=KEY)
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/idempotency-in-progress"
    assert (await client.post("/v1/notes", json={"text": "一"}, headers=KEY)).status_code == 201
    await connection.close()


async def test_an_answer_with_a_secret_is_not_kept(client: AsyncClient, tiny):
    body = {"text": "一", "then": "show-once"}
    first = await client.post("/v1/notes", json=body, headers=KEY)
    assert first.status_code == 201
    again = await client.post("/v1/notes", json=body, headers=KEY)
    assert again.json()["type"] == "/problems/idempotency-answer-withheld"
    connection: asyncpg.Connection = await tiny.connect()
    assert await connection.fetchval("SELECT body FROM idempotency") is None
    await connection.close()


async def test_unusable_keys_are_refused(client: AsyncClient, tiny):
    for key in ("", "x" * 201):
        answer = await client.post(
            "/v1/notes", json={"text": "一"}, headers={"Idempotency-Key": key}
        )
        assert answer.status_code == 422


async def test_a_large_streamed_body_by_hand(client: AsyncClient, tiny):
    async def rows():
        for number in range(100):
            yield f"row {number}\n".encode()

    first = await client.post("/v1/notes/lines", content=rows(), headers=KEY)
    assert first.json() == {"lines": 100}
    again = await client.post("/v1/notes/lines", content=rows(), headers=KEY)
    assert again.headers["idempotency-replayed"] == "true"
    answer = await client.post("/v1/notes/lines", content=b"other\n", headers=KEY)
    assert answer.json()["type"] == "/problems/idempotency-key-reused"
