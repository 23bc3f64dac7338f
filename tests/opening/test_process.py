"""The real process on real PostgreSQL and NATS: it hears, pulls, publishes, and survives a kill."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import asyncpg
import pytest
from opening.world import SCHOOLS, published, registered, updated
from support.servers import Bus
from zhengshu_contracts.base import Envelope
from zhengshu_local.processes import free_port

LISTING = f"""
    INSERT INTO listings (dataset, proposal, opening, items, licence, state)
    VALUES ('{SCHOOLS}', 'p-1', 'general',
            '[{{"name": "code", "title": "代码", "type": "C"}}]', '许可', 'building')
"""


class Gateway(BaseHTTPRequestHandler):
    """Grants tokens and exports one row."""

    exports = 0

    def do_POST(self) -> None:
        self._answer(json.dumps({"access_token": "t", "expires_in": 900}).encode())

    def do_GET(self) -> None:
        type(self).exports += 1
        self._answer(b'{"code": "3101"}\n', **{"Zhengshu-Version": "1.1"})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, body: bytes, **headers: str) -> None:
        self.send_response(200)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def gateway() -> Iterator[str]:
    Gateway.exports = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def process(environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        command = [sys.executable, "-m", "zhengshu_opening", "all"]
        running = subprocess.Popen(command, env=os.environ | environment, stdout=output)
        try:
            yield running
        finally:
            running.terminate()
            running.wait(15)


async def until(connection: asyncpg.Connection, query: str) -> None:
    for _ in range(300):
        if await connection.fetchval(query):
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"never: {query}")


async def test_a_kill_before_publication_loses_nothing_and_doubles_nothing(
    database, bus: Bus, gateway: str, tmp_path: Path
):
    own = await database("opening")
    settings = {
        "port": str(free_port()),
        "database_url": own.url,
        "internal_key": "key",
        "gateway_url": gateway,
        "client_id": "sys-opening",
        "client_secret": "secret",
        "store_url": f"file://{tmp_path}/store",
    } | bus.settings("opening")
    environment = {f"ZHENGSHU_OPENING_{name.upper()}": value for name, value in settings.items()}
    connection = await asyncpg.connect(own.superuser_url)
    await connection.execute(LISTING)
    client = await bus.connect()
    for event in (published(), registered(), updated()):
        envelope = Envelope.wrap(event, source="catalog", about=SCHOOLS)
        await client.jetstream().publish(envelope.type, envelope.model_dump_json().encode())

    armed = environment | {"ZHENGSHU_FAILPOINTS": "snapshot.built"}
    with process(armed, tmp_path / "log") as running:
        assert await asyncio.to_thread(running.wait, 30) == -signal.SIGKILL
    assert await connection.fetchval("SELECT state FROM listings") == "building"
    with process(environment, tmp_path / "log"):
        await until(connection, "SELECT count(*) = 0 FROM builds")
        await until(connection, "SELECT bool_and(published_at IS NOT NULL) FROM outbox")

    assert await connection.fetchval("SELECT state FROM listings") == "listed"
    assert await connection.fetchval("SELECT count(*) FROM snapshots") == 1
    assert Gateway.exports == 2
    files = [path.name for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert sorted(files) == ["data.csv", "data.json"]
    record = await client.jetstream().get_last_msg(
        "KV_policy", f"$KV.policy.opening.dataset.{SCHOOLS}"
    )
    assert json.loads(record.data)["state"] == "listed"
    subject = "zhengshu.opening.snapshot.published.v1"
    assert (await client.jetstream().get_last_msg("EVENTS", subject)).subject == subject
    await client.close()
    await connection.close()
