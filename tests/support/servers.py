"""PostgreSQL and NATS for tests: real servers on ports the system chose, one of each per worker."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nats
from nats.aio.client import Client
from pydantic import SecretStr
from zhengshu_chassis import bus
from zhengshu_contracts.subjects import BUCKETS, STREAMS
from zhengshu_local.credentials import Secrets, load
from zhengshu_local.nats import Nats
from zhengshu_local.node import Node
from zhengshu_local.postgres import Postgres
from zhengshu_local.processes import free_port, port_taken


@dataclass
class Bus:
    """The NATS server of a worker: connect as any deployable, or as the operator."""

    server: Nats
    integrators_key: str

    @property
    def url(self) -> str:
        return self.server.url

    def password(self, user: str) -> str:
        return self.server.passwords[user]

    def settings(self, user: str) -> dict[str, str]:
        """Settings fields of a service that connects as this user."""
        settings = {"nats_url": self.url, "nats_user": user, "nats_password": self.password(user)}
        key = {"integrators_key": self.integrators_key} if user == "gateway" else {}
        return settings | key

    async def connect(self, user: str = "operator", **options: object) -> Client:
        options = {"max_reconnect_attempts": 0, "allow_reconnect": False} | options
        return await nats.connect(self.url, user=user, password=self.password(user), **options)

    async def provision(self) -> None:
        """Make the streams anew: empty, without consumers."""
        client = await self.connect()
        stream = client.jetstream()
        for info in await stream.streams_info():
            await stream.delete_stream(info.config.name)
        await client.close()
        operator = bus.Bus(self.url, "operator", SecretStr(self.password("operator")), name="tests")
        operator.start()
        try:
            await operator.ready()
            await bus.provision(operator, STREAMS, BUCKETS)
        finally:
            await operator.close()


@contextmanager
def running_postgres(directory: Path, *, quick: bool = True) -> Iterator[Postgres]:
    """A server with an empty data directory; `quick` gives up durability, not behaviour."""
    server = Postgres(
        directory=directory,
        port=free_port(),
        password=secrets(directory)("databases", "postgres"),
        log=directory / "postgres.log",
        quick=quick,
    )
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def running_nats(directory: Path) -> Iterator[Bus]:
    """A server with an empty store."""
    server = Nats(
        directory=directory,
        port=free_port(),
        passwords=secrets(directory).group("nats"),
        issuer=(nkey := secrets(directory).pair("nkeys", "integrators"))["public"],
        log=directory / "nats.log",
    )
    server.start()
    try:
        yield Bus(server, nkey["seed"])
    finally:
        server.stop()


def secrets(directory: Path) -> Secrets:
    return load(directory)


def run(module: str, *arguments: str, environment: dict[str, str], stdin: str = "") -> str:
    """Run a deployable's command to its end and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=os.environ | environment,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def running_node(directory: Path) -> Iterator[Node]:
    """The whole node as real processes, in an empty folder."""
    node = Node(directory, free_base())
    node.start()
    try:
        yield node
    finally:
        node.stop()


def free_base() -> int:
    """A base port from which all ports of a node are free.

    Below the range from which the system takes the ports of outgoing connections, any of which
    could take one of ours between this look and the start.
    """
    first = os.getpid() * 16 % 12000
    for step in range(0, 12000, 16):
        base = 20000 + (first + step) % 12000
        if not any(map(port_taken, range(base, base + 16))):
            return base
    raise AssertionError("no free ports")
