"""Heads that are slow, endless or many: the connection is given up, and others are not hurt."""

import asyncio
from contextlib import suppress

import pytest
import uvicorn
from support.until import until
from zhengshu_chassis import server
from zhengshu_chassis.server import PatientProtocol


@pytest.fixture
async def port():
    async def app(scope, receive, send):
        await receive()
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
        )
        await send({"type": "http.response.body", "body": b"ok"})

    config = uvicorn.Config(
        app, port=0, http=PatientProtocol, lifespan="off", log_config=None, timeout_keep_alive=1
    )
    running = uvicorn.Server(config)
    running.install_signal_handlers = lambda: None
    task = asyncio.create_task(running._serve())
    await until(lambda: running.started)
    yield running.servers[0].sockets[0].getsockname()[1]
    running.should_exit = True
    await task
    assert not PatientProtocol.connected


async def said(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Everything the server says to these bytes until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = b""

    async def listen() -> None:
        nonlocal heard
        while piece := await reader.read(4096):
            heard += piece

    listening = asyncio.create_task(listen())
    with suppress(ConnectionError):
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
    with suppress(ConnectionError):
        await asyncio.wait_for(listening, 5)
    writer.close()
    return heard


WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def test_a_head_in_pieces_is_taken_while_it_hurries(port):
    answer = await said(port, WHOLE[:9], WHOLE[9:], WHOLE, pause=0.02)
    assert answer.count(b"200 OK") == 2


@pytest.mark.parametrize("before", [b"", WHOLE])
async def test_a_head_that_does_not_end_is_given_up(port, before, monkeypatch):
    monkeypatch.setattr(server, "HEAD", 0.1)
    answer = await said(port, before, *[b"GET / HTTP/1.1\r\nX: "], *[b"y"] * 10, pause=0.05)
    assert answer.count(b"200 OK") == (before == WHOLE)


async def test_silence_is_given_up_like_an_idle_connection(port):
    assert await said(port) == b""


async def test_endless_headers_fill_no_memory(port):
    answer = await said(port, b"GET / HTTP/1.1\r\n", *[b"X: " + b"y" * 9000 + b"\r\n"] * 10)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")


async def test_one_address_has_so_many_connections(port, monkeypatch):
    monkeypatch.setattr(server, "EACH", 2)
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
    await asyncio.sleep(0.05)
    assert await said(port, WHOLE) == b""
    for _, writer in held:
        writer.close()
    await asyncio.sleep(0.05)
    assert b"200 OK" in await said(port, WHOLE)
