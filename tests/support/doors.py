"""Ports of this machine for a cluster's network: what leads to a Service's pods, and where pods listen."""

import asyncio
import contextlib
import random
import socket
import ssl
import struct
import threading

# How PostgreSQL's protocol asks for TLS.
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
# Below those that the system gives to outgoing connections: a pod that starts over finds its own free.
PORTS = random.Random().sample(range(15000, 32000), 2000)

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def port_of_a_pod() -> int:
    """Return a port that nobody else here is given."""
    while True:
        with socket.socket() as trial, contextlib.suppress(OSError):
            trial.bind(("127.0.0.1", port := PORTS.pop()))
            return port


class Doors(threading.Thread):
    """What kube-proxy does: passes each connection to a Service on to one of its pods, in turn."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._runner = asyncio.Runner()
        self._over = asyncio.Event()
        self._servers: list[asyncio.Server] = []
        self._open_ones: set[asyncio.Task[None]] = set()
        self._turn = 0
        self._loop = self._runner.get_loop()
        self.start()

    def run(self) -> None:
        """Serve until closed."""
        with self._runner:
            self._runner.run(self._serve())

    async def _serve(self) -> None:
        await self._over.wait()
        for server in self._servers:
            server.close()
        for task in self._open_ones:
            task.cancel()
        await asyncio.gather(*self._open_ones, return_exceptions=True)
        await asyncio.sleep(0)  # what was cut is closed in the loop's next turn

    def open(self, targets: list[int], postgres: ssl.SSLContext | None = None) -> int:
        """Return a new port that leads to these ports, whose list may grow; `postgres`: behind its TLS."""
        serving = self._open(targets, postgres)
        return asyncio.run_coroutine_threadsafe(serving, self._loop).result()

    def close(self) -> None:
        """Let everybody go."""
        self._loop.call_soon_threadsafe(self._over.set)
        self.join(10)

    async def _open(self, targets: list[int], postgres: ssl.SSLContext | None) -> int:
        async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._open_ones.add(task)
            task.add_done_callback(self._open_ones.discard)
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                async with _closing(writer):
                    if postgres is not None:
                        await _secured(reader, writer, postgres)
                    inside = await self._connect(targets)
                    async with _closing(inside[1]):
                        await asyncio.gather(_pump(reader, inside[1]), _pump(inside[0], writer))

        server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _connect(self, targets: list[int]) -> Ends:
        self._turn += 1
        for step in range(len(targets)):
            port = targets[(self._turn + step) % len(targets)]
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
        raise ConnectionRefusedError


async def _secured(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext
) -> None:
    """Agree on TLS as a PostgreSQL server does; whoever does not ask for it is cut off."""
    if await reader.readexactly(len(SSL_REQUEST)) != SSL_REQUEST:
        raise ConnectionRefusedError
    writer.write(b"S")
    await writer.start_tls(context)


@contextlib.asynccontextmanager
async def _closing(writer: asyncio.StreamWriter):
    """Close at the end; when it all ends, at once."""
    try:
        yield
    except asyncio.CancelledError:
        writer.transport.abort()
        raise
    finally:
        writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()
