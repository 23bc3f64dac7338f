"""The real process, killed by `kill -9` at each named point and started again: nothing lost or doubled."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from support.until import until
from zhengshu_local.processes import Process, free_port

TESTS = Path(__file__).parents[1]
KEY = {"Idempotency-Key": "k-1"}


class Node:
    """The tiny service as a process."""

    def __init__(self, process: Process, port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"

    async def ready(self) -> dict[str, str]:
        async def state() -> dict[str, str] | None:
            try:
                async with httpx.AsyncClient() as http:
                    answer = (await http.get(f"{self.url}/health/ready")).json()
            except httpx.TransportError:
                return None
            return answer if answer["status"] == "ready" else None

        return await until(state, patience=20)

    async def write(self, headers: dict[str, str]) -> int | None:
        """Ask for a note; None when the process died before it answered."""
        try:
            async with httpx.AsyncClient(timeout=10) as http:
                answer = await http.post(
                    f"{self.url}/v1/notes", json={"text": "一"}, headers=headers | KEY
                )
        except httpx.TransportError:
            return None
        return answer.status_code


@pytest.fixture
def start(with_bus, tmp_path) -> Iterator[Callable[..., Node]]:
    """Starts the tiny service; whatever still runs at the end is stopped."""
    started: list[Node] = []

    def begin(mode: str = "all", failpoints: str = "") -> Node:
        port = free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(TESTS),
            "ZHENGSHU_FAILPOINTS": failpoints,
            "TINY_PORT": str(port),
            "TINY_DATABASE_URL": with_bus.database_url.get_secret_value(),
            "TINY_INTERNAL_KEY": with_bus.internal_key.get_secret_value(),
            "TINY_NATS_URL": with_bus.nats_url,
            "TINY_NATS_USER": with_bus.nats_user,
            "TINY_NATS_PASSWORD": with_bus.nats_password.get_secret_value(),
        }
        command = [sys.executable, "-m", "support.tiny", mode]
        process = Process("tiny", command, environment, tmp_path / "tiny.log")
        process.start()
        started.append(Node(process, port))
        return started[-1]

    yield begin
    for node in started:
        node.process.stop()


@pytest.mark.parametrize(
    "point", ["relay.scanned", "relay.published", "consumer.handled", "consumer.committed"]
)
async def test_killed_and_started_again_there_is_one_of_everything(start, tiny, bus, sealed, point):
    doomed = start(failpoints=point)
    await doomed.ready()
    assert await doomed.write(sealed()) in {201, None}
    assert await until(lambda: doomed.process.exit_code) == -9

    again = start()
    await again.ready()
    assert await again.write(sealed()) == 201

    connection = await tiny.connect()
    await until(lambda: connection.fetchval("SELECT count(*) = 1 FROM seen"))
    await until(
        lambda: connection.fetchval("SELECT bool_and(published_at IS NOT NULL) FROM outbox")
    )
    for table in ("notes", "outbox", "inbox", "seen"):
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 1, table
    await connection.close()
    operator = await bus.connect()
    info = await operator.jetstream().stream_info("EVENTS")
    consumer = await operator.jetstream().consumer_info("EVENTS", "audit")
    await operator.close()
    assert info.state.messages == 1
    assert (consumer.num_ack_pending, consumer.num_pending) == (0, 0)


async def test_serve_and_work_are_two_processes(start, tiny, bus, sealed):
    serving = start("serve")
    assert await serving.ready()
    assert await serving.write(sealed()) == 201
    connection = await tiny.connect()
    assert await connection.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL") == 1
    working = start("work")
    assert await working.ready()
    assert await working.write(sealed()) == 404
    await until(lambda: connection.fetchval("SELECT count(*) = 1 FROM seen"))
    await connection.close()


async def test_it_ends_when_asked_to(start):
    node = start()
    await node.ready()
    node.process.stop(patience=8)
    assert node.process.exit_code in {0, -15}
    assert "crashed" not in node.process.tail(30)


async def test_without_nats_it_serves_and_the_event_follows(start, tiny, bus, sealed):
    bus.server.stop()
    node = start()

    async def degraded() -> bool:
        try:
            async with httpx.AsyncClient() as http:
                answer = await http.get(f"{node.url}/health/ready")
        except httpx.TransportError:
            return False
        assert answer.status_code == 200
        return answer.json() == {"status": "degraded", "database": "up", "nats": "down"}

    try:
        await until(degraded, patience=20)
        assert await node.write(sealed()) == 201
    finally:
        bus.server.start()
    connection = await tiny.connect()
    await until(lambda: connection.fetchval("SELECT count(*) = 1 FROM seen"), patience=20)
    await connection.close()
