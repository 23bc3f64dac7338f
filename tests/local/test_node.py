"""The supervisor: starts, keeps running, stops; names a taken port; a second start is harmless."""

import os
import signal
import socket
import stat
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest
from support.servers import free_base
from typer.testing import CliRunner
from zhengshu_local import cli, deployables, node
from zhengshu_local.credentials import load
from zhengshu_local.deployables import Deployable
from zhengshu_local.node import AlreadyRunning, Node, is_running, read_state
from zhengshu_local.processes import CannotStart, Process
from zhengshu_local.supervisor import Recovery, Supervisor

STUB = Deployable("stub", 0, database=False, nats=False)


@pytest.fixture
def stubbed(monkeypatch):
    """Replace the deployables by one that does nothing; PostgreSQL and NATS stay real."""
    folder = str(Path(__file__).parent / "stub")
    monkeypatch.setenv("PYTHONPATH", folder)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(deployables, "DEPLOYABLES", (STUB,))
    monkeypatch.setitem(deployables.PORTS, "stub", 0)
    monkeypatch.setattr(Node, "_databases", lambda self: None)
    monkeypatch.setattr(Node, "_streams", lambda self: None)
    monkeypatch.setattr(Node, "_seed", lambda self: None)


@pytest.fixture
def made(tmp_path, stubbed, monkeypatch):
    """A node that is not started; its reports are kept in `said`."""
    said = []
    one = Node(tmp_path / "run", free_base(), report=said.append)
    one.said = said
    monkeypatch.setenv("ZHENGSHU_LOCAL_DIR", str(one.directory))
    monkeypatch.setenv("ZHENGSHU_LOCAL_PORT", str(one.layout.port_base))
    yield one
    one.stop()


def word(running):
    with urllib.request.urlopen(f"{running.url('stub')}/health/ready", timeout=5) as answer:
        return answer.read().decode()


def test_starts_everything_measures_and_stops(made):
    seconds = made.start()
    assert set(made.processes) == {"postgres", "nats", "stub"}
    assert read_state(made.directory)["seconds"] == seconds
    assert any("全部就绪" in line for line in made.said)
    pids = [process.pid for process in made.processes.values()]
    made.stop()
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not is_running(made.directory)


def test_a_start_counts_from_when_the_command_began(made):
    seconds = made.start(since=time.time() - 1000)
    assert seconds >= 1000
    assert any(f"全部就绪，用时 {seconds} 秒" in line for line in made.said)


def test_a_taken_port_is_named_and_nothing_is_started(made):
    port = made.layout.port("nats")
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(CannotStart, match=rf"{port}（nats）.*ZHENGSHU_LOCAL_PORT"):
            made.start()
    assert made.processes == {}
    assert not (made.directory / "postgres" / "data").exists()


def test_a_second_up_says_what_runs_and_changes_nothing(made):
    made.start()
    before = {name: process.pid for name, process in made.processes.items()}
    done = CliRunner().invoke(cli.app, ["up"])
    assert done.exit_code == 0
    assert "已在运行" in done.output
    assert f"127.0.0.1:{made.layout.port('postgres')}" in done.output
    with pytest.raises(AlreadyRunning):
        Node(made.directory, made.layout.port_base, report=made.said.append).start()
    assert before == {name: process.pid for name, process in made.processes.items()}


def test_down_of_a_node_that_does_not_run_is_harmless(made):
    done = CliRunner().invoke(cli.app, ["down"])
    assert (done.exit_code, "没有运行" in done.output) == (0, True)


def test_what_dies_is_reported_and_restarted(made):
    made.start()
    watch = Supervisor(made, made.said.append).watch
    first = made.processes["stub"].pid
    made.kill("stub")
    watch(100.0)
    assert any("stub 已退出（-9），1 秒后" in line for line in made.said)
    watch(100.5)
    assert not made.processes["stub"].running()
    watch(101.0)
    made.wait_ready("stub", patience=10)
    assert made.processes["stub"].pid not in {None, first}


def test_pauses_grow_and_start_anew_after_a_steady_time():
    recovery = Recovery()
    assert [recovery.died(now) for now in (0, 2, 5, 10)] == [1, 2, 4, 8]
    assert recovery.died(1000) == 1


def test_a_restart_with_settings_for_one_run(made):
    made.start()
    made.restart("stub", {"ZHENGSHU_STUB_WORD": "hello"})
    assert word(made) == "hello"
    made.restart("stub")
    assert word(made) == ""
    with pytest.raises(CannotStart, match="this stub is broken"):
        made.restart("stub", {"ZHENGSHU_STUB_BROKEN": "1"})


def test_nats_can_be_taken_away_and_brought_back(made):
    made.start()
    made.stop_nats()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", made.layout.port("nats"))) != 0
    made.start_nats()
    assert made.processes["nats"].running()


def test_leftovers_of_a_killed_supervisor_are_ended_first(made):
    made.start()
    made._release()  # as the death of its process does
    after = Node(made.directory, made.layout.port_base, report=made.said.append)
    try:
        after.start()
        assert not any(process.running() for process in made.processes.values())
        assert all(f"遗留的 {name}" in "".join(made.said) for name in after.processes)
    finally:
        after.stop()


def test_secrets_are_made_once_and_closed_to_others(tmp_path):
    first, second = load(tmp_path), load(tmp_path)
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert first("databases", "catalog_app") == second("databases", "catalog_app")
    assert first.pair("clients", "officer") == second.pair("clients", "officer")
    assert first("databases", "catalog_app") not in repr(first)


def test_a_process_does_not_inherit_settings_of_others(monkeypatch):
    monkeypatch.setenv("ZHENGSHU_AUDIT_DATABASE_URL", "x")
    assert not [name for name in node.inherited() if name.startswith("ZHENGSHU_")]


STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""


def test_one_that_will_not_end_is_killed(tmp_path):
    one = Process("stubborn", [sys.executable, "-c", STUBBORN], os.environ, tmp_path / "log")
    one.start()
    while "up" not in one.tail():
        time.sleep(0.02)
    one.stop(patience=0.2)
    assert one.exit_code == -signal.SIGKILL
