"""Requests that the application takes by their bytes: in turn, whole, and read as always when it cannot."""

import asyncio

import pytest
import uvicorn
from support.until import until
from zhengshu_chassis import repeats
from zhengshu_chassis.repeats import HEAD, head_of, protocol_of
from zhengshu_chassis.server import PatientProtocol

PAGE = b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n"
OTHER = b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n"


class App:
    """Answers by path; takes what is in `known` and answers it when told."""

    def __init__(self):
        self.known, self.offered, self.lines, self.shown, self.bodies = set(), [], [], [], []

    async def __call__(self, scope, receive, send):
        self.shown.append((scope["path"], scope["state"].get(HEAD)))
        early = scope["path"] == "/early"
        if not early:
            self.bodies.append(await whole(receive))
        body = scope["path"].encode()
        told = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": told})
        await send({"type": "http.response.body", "body": body})

    def again(self, head, line):
        self.offered.append(head)
        if head in self.known:
            self.lines.append(line)
        return head in self.known

    def answer(self):
        told = head_of(200, [(b"content-length", b"5")])
        return self.lines.pop(0).send(told, b"again")


async def whole(receive):
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


@pytest.fixture
async def running():
    app = App()
    config = uvicorn.Config(
        app, port=0, http=protocol_of(app), lifespan="off", log_config=None, timeout_keep_alive=1
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    task = asyncio.create_task(server._serve())
    await until(lambda: server.started)
    app.server, app.port = server, server.servers[0].sockets[0].getsockname()[1]
    yield app
    server.should_exit = True
    await task


@pytest.fixture
async def wire(running):
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    yield reader, writer
    writer.close()


async def answer(reader):
    """One answer: its head and its body."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    length = next(n for n in head.split(b"\r\n") if n.startswith(b"content-length"))
    return head, await reader.readexactly(int(length.split(b":")[1]))


async def test_one_that_is_known_is_answered_without_being_read(running, wire):
    reader, writer = wire
    running.known.add(PAGE)
    writer.write(PAGE)
    await until(lambda: running.lines)
    assert running.answer() is True
    head, body = await answer(reader)
    assert head.startswith(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ndate: ")
    assert (body, running.shown) == (b"again", [])


async def test_others_are_read_and_shown_as_they_came(running, wire):
    reader, writer = wire
    for head in (PAGE, OTHER):
        writer.write(head)
        await answer(reader)
    assert running.shown == [("/page", PAGE), ("/other", OTHER)]
    assert running.offered == [PAGE, OTHER]


async def test_what_comes_early_waits_its_turn(running, wire):
    reader, writer = wire
    running.known.add(PAGE)
    post = b"POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000
    writer.write(PAGE)
    await until(lambda: running.lines)
    writer.write(OTHER)
    writer.write(post)
    await asyncio.sleep(0.05)
    assert running.shown == []
    running.answer()
    assert [(await answer(reader))[1] for _ in range(3)] == [b"again", b"/other", b"/post"]
    assert running.bodies[-1] == b"x" * 300_000


async def test_one_that_cannot_be_answered_after_all_is_read(running, wire):
    reader, writer = wire
    running.known.add(PAGE)
    writer.write(PAGE)
    await until(lambda: running.lines)
    running.lines.pop().read()
    assert (await answer(reader))[1] == b"/page"


async def test_a_body_that_looks_like_a_request_is_none(running, wire):
    """Otherwise who shares a connection through a proxy could be given another's answers."""
    reader, writer = wire
    running.known.add(PAGE)
    writer.write(b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(PAGE))
    await answer(reader)
    writer.write(PAGE)
    writer.write(OTHER)
    assert (await answer(reader))[1] == b"/other"
    assert PAGE not in running.offered


@pytest.mark.parametrize("first", [OTHER[:9], b"GET /other HTTP/1.1\r\nHost: x\r\nX: "])
async def test_a_head_in_pieces_is_not_shown(running, wire, first):
    """A second piece may look like a head of its own."""
    reader, writer = wire
    writer.write(first)
    await asyncio.sleep(0.05)
    writer.write(OTHER[9:] if first == OTHER[:9] else PAGE)
    await answer(reader)
    assert running.shown == [("/other", None)]
    assert running.offered == []


@pytest.mark.parametrize(
    "head",
    [
        b"GET /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /page HTTP/1.0\r\nHost: x\r\n\r\n",
        PAGE + OTHER,
        b"POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_what_ends_the_connection_or_is_no_single_get_is_not_shown(running, wire, head):
    reader, writer = wire
    writer.write(head)
    await answer(reader)
    assert running.shown[0] == ("/page", None)


@pytest.mark.parametrize("said", [b"Content-Length: 64", b"Transfer-Encoding: chunked"])
async def test_a_get_with_a_body_is_not_shown(running, wire, said):
    """Taken by its head, its body would be read as the next request."""
    reader, writer = wire
    writer.write(PAGE[:-2] + said + b"\r\n\r\n")
    await until(lambda: running.shown)
    body = OTHER * 2
    writer.write(body if said.startswith(b"C") else b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
    assert (await answer(reader))[1] == b"/page"
    assert (running.shown, running.bodies) == ([("/page", None)], [body])


async def test_who_hung_up_is_told_of(running, wire):
    _, writer = wire
    running.known.add(PAGE)
    writer.write(PAGE)
    await until(lambda: running.lines)
    writer.transport.abort()
    await until(running.lines[0].transport.is_closing)
    assert running.answer() is False


async def test_the_server_ends_after_the_answer_that_is_under_way(running, wire):
    reader, writer = wire
    running.known.add(PAGE)
    writer.write(PAGE)
    await until(lambda: running.lines)
    running.server.should_exit = True
    await until(lambda: not running.server.servers[0].sockets)
    await asyncio.sleep(0.2)
    running.answer()
    assert (await answer(reader))[1] == b"again"
    assert await reader.read() == b""


async def test_a_connection_is_idle_from_its_last_repeat(running, wire, monkeypatch):
    reader, writer = wire
    running.known.add(PAGE)
    for _ in range(3):  # longer, together, than a connection may be idle
        writer.write(PAGE)
        await until(lambda: running.lines)
        running.answer()
        await answer(reader)
        await asyncio.sleep(0.5)
    assert await asyncio.wait_for(reader.read(), 3) == b""


def test_an_application_that_knows_none_is_served_as_always():
    assert protocol_of(object()) is PatientProtocol
    assert protocol_of(App()) is repeats.RepeatProtocol
