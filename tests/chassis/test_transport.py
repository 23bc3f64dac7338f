"""What a server writes in one turn of its event loop leaves together, in order, and is not lost."""

import asyncio

from zhengshu_chassis.transport import Together


class Wire:
    def __init__(self):
        self.sent, self.closed = [], False

    def write(self, data):
        self.sent.append(data)

    def close(self):
        self.closed = True

    def is_closing(self):
        return self.closed


async def test_head_and_body_are_one_write_and_later_parts_their_own():
    wire = Wire()
    transport = Together(wire, asyncio.get_running_loop())
    transport.write(b"head ")
    transport.write(b"body")
    assert wire.sent == []
    await asyncio.sleep(0)
    transport.write(b"more")
    await asyncio.sleep(0)
    assert wire.sent == [b"head body", b"more"]


async def test_closing_sends_what_waits():
    wire = Wire()
    transport = Together(wire, asyncio.get_running_loop())
    transport.write(b"last")
    transport.close()
    assert (wire.sent, transport.is_closing()) == ([b"last"], True)
    await asyncio.sleep(0)
    assert wire.sent == [b"last"]
