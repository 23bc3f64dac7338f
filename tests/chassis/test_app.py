"""What every application has: health, metrics, one log line a request, a document; and the commands."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient, ConnectError
from support.tiny.main import build
from support.tiny.settings import TinySettings
from zhengshu_chassis.settings import for_documents
from zhengshu_local.processes import free_port

TESTS = Path(__file__).parents[1]


async def test_it_lives(client: AsyncClient):
    assert (await client.get("/health/live")).json() == {"status": "live"}


async def test_without_nats_it_serves_and_says_so(client: AsyncClient):
    answer = await client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {"status": "degraded", "database": "up", "nats": "down"}


async def test_without_its_database_it_is_not_ready(unreachable: AsyncClient):
    answer = await unreachable.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["database"] == "down"
    assert (await unreachable.get("/health/live")).status_code == 200


async def test_metrics_count_requests_by_route(client: AsyncClient, reader):
    await client.get("/v1/notes/9", headers=reader)
    metrics = (await client.get("/metrics")).text
    assert 'zhengshu_request_seconds_count{method="GET",route="/v1/notes/{note_id}"' in metrics
    for name in ("zhengshu_outbox_backlog", "zhengshu_consumer_lag", "zhengshu_dead_letters"):
        assert name in metrics


async def test_metrics_with_a_port_of_their_own_are_nowhere_else(settings):
    port = free_port()
    app = build(settings.model_copy(update={"metrics_port": port}))
    inside = AsyncClient(transport=ASGITransport(app=app), base_url="http://tiny")
    async with app.router.lifespan_context(app), inside, AsyncClient() as outside:
        assert (await inside.get("/metrics")).status_code == 404
        answer = await outside.get(f"http://127.0.0.1:{port}/metrics")
        assert "zhengshu_outbox_backlog" in answer.text
    async with AsyncClient() as outside:
        with pytest.raises(ConnectError):
            await outside.get(f"http://127.0.0.1:{port}/metrics")


async def test_one_line_a_request_and_nothing_that_was_sent(client: AsyncClient, reader, capsys):
    await client.get("/v1/notes/9", params={"name": "张三"}, headers=reader)
    await client.get("/health/live")
    [line] = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    assert next(iter(line)) == "event"
    expected = {"event": "request", "method": "GET", "path": "/v1/notes/9", "status": 404}
    assert line | expected | {"client": "off-1", "service": "audit"} == line
    assert "张三" not in json.dumps(line, ensure_ascii=False)


async def test_a_crash_is_logged_by_type_and_place_without_its_words(client: AsyncClient, capsys):
    await client.post("/v1/notes", json={"text": "一", "then": "crash"})
    output = capsys.readouterr().out
    assert '"type":"RuntimeError"' in output
    assert "api.py:" in output
    assert "secret detail" not in output


def document() -> dict:
    return build(for_documents(TinySettings)).openapi()


def test_the_document_shows_problems_as_what_they_are():
    told = document()
    responses = told["paths"]["/v1/notes"]["post"]["responses"]
    assert responses["409"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }
    assert responses["422"]["content"].keys() == {"application/problem+json"}
    assert "HTTPValidationError" not in json.dumps(told)
    assert "Problem" in told["components"]["schemas"]


def test_writes_show_the_idempotency_key_and_reads_do_not():
    paths = document()["paths"]
    assert _headers(paths["/v1/notes"]["post"]) == {"Idempotency-Key"}
    assert _headers(paths["/v1/notes/{note_id}"]["get"]) == set()


def _headers(operation: dict) -> set[str]:
    return {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}


def test_the_document_speaks_chinese():
    for path, operations in document()["paths"].items():
        for operation in operations.values():
            assert not operation["summary"].isascii(), path
            for response in operation["responses"].values():
                assert not response["description"].isascii(), path


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "support.tiny", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(TESTS)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_document_needs_no_settings():
    done = command("openapi")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["info"]["title"] == "便笺服务"


def test_missing_settings_stop_it_at_once():
    done = command("serve", TINY_NATS_PASSWORD="hunter2")
    assert done.returncode != 0
    assert "database_url" in done.stderr
    assert "hunter2" not in done.stderr


def test_migrating_needs_the_owner(with_bus):
    done = command("migrate", **_environment(with_bus))
    assert done.returncode != 0
    assert "migration_url" in done.stderr


def test_migrating_twice_is_harmless(with_bus, tiny):
    environment = _environment(with_bus) | {"TINY_MIGRATION_URL": tiny.url("tiny_owner")}
    for _ in range(2):
        done = command("migrate", **environment)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["serve", "more"]])
def test_a_wrong_command_is_explained(arguments):
    assert command(*arguments).returncode == 2


def test_a_service_adds_commands(settings):
    done = command("count", "a", "b", **_environment(settings))
    assert (done.returncode, done.stdout) == (3, "2\n")


def _environment(settings: TinySettings) -> dict[str, str]:
    return {
        "TINY_PORT": "1",
        "TINY_DATABASE_URL": settings.database_url.get_secret_value(),
        "TINY_INTERNAL_KEY": settings.internal_key.get_secret_value(),
        "TINY_NATS_URL": settings.nats_url,
        "TINY_NATS_USER": settings.nats_user,
        "TINY_NATS_PASSWORD": settings.nats_password.get_secret_value(),
    }
