"""Commit before the answer: what the client is told is what the database holds."""

import asyncio

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import TimeoutError as PoolTimeout
from zhengshu_chassis.db import connect


async def test_a_created_note_is_there_when_the_answer_comes(client: AsyncClient, tiny):
    answer = await client.post("/v1/notes", json={"text": "一"})
    assert answer.status_code == 201
    connection = await tiny.connect()
    assert await connection.fetchval("SELECT count(*) FROM notes") == 1
    await connection.close()


async def test_a_failing_commit_is_a_named_refusal_and_never_201(client: AsyncClient, tiny):
    assert (await client.post("/v1/notes", json={"text": "一"})).status_code == 201
    answer = await client.post("/v1/notes", json={"text": "一"})
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/note-exists"


async def test_a_wrong_answer_is_not_committed(client: AsyncClient, tiny):
    answer = await client.post("/v1/notes", json={"text": "一", "then": "answer-wrongly"})
    assert answer.status_code == 500
    connection = await tiny.connect()
    assert await connection.fetchval("SELECT count(*) FROM notes") == 0
    await connection.close()


async def test_a_read_cannot_write(client: AsyncClient, tiny, reader):
    answer = await client.get("/v1/notes/by/mistake", headers=reader)
    assert answer.status_code == 500
    connection = await tiny.connect()
    assert await connection.fetchval("SELECT count(*) FROM notes") == 0
    await connection.close()


async def test_reads_and_writes_share_connections_without_harm(client: AsyncClient, tiny, reader):
    for number in range(12):
        written = await client.post("/v1/notes", json={"text": f"{number}"})
        assert written.status_code == 201
        note = written.json()["id"]
        reads = (client.get(f"/v1/notes/{note}", headers=reader) for _ in range(6))
        assert {answer.status_code for answer in await asyncio.gather(*reads)} == {200}


async def test_who_waits_for_a_connection_waits_for_so_long_and_no_longer(tiny):
    database = connect(tiny.url(), "test", pool_size=1, pool_timeout=0.05)
    async with asyncio.timeout(2), database.engine.connect(), database.engine.connect():
        with pytest.raises(PoolTimeout):
            await database.engine.connect()
    await database.engine.dispose()
