"""The command as a person uses it: a background supervisor that outlives each command."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.servers import free_base
from zhengshu_local.node import end_leftovers, is_running, read_state
from zhengshu_local.processes import answers, started_at

STUB = str(Path(__file__).parent / "stub")


@pytest.fixture
def environment(tmp_path):
    given = {"ZHENGSHU_LOCAL_DIR": str(tmp_path), "ZHENGSHU_LOCAL_PORT": str(free_base())}
    yield os.environ | given | {"PYTHONPATH": STUB}
    if is_running(tmp_path):
        os.kill(read_state(tmp_path)["supervisor"], signal.SIGKILL)
    end_leftovers(tmp_path, lambda _: None)


def command(*arguments):
    return [sys.executable, "-c", "from zhengshu_local.cli import app; app()", *arguments]


def run(environment, *arguments):
    done = subprocess.run(
        command(*arguments), env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_up_status_up_down(environment, tmp_path):
    code, said = run(environment, "up")
    assert code == 0, said
    assert "stub 就绪" in said
    before = read_state(tmp_path)
    assert f"全部就绪，用时 {before['seconds']} 秒" in said
    code, said = run(environment, "up")
    assert (code, "已在运行" in said) == (0, True)
    assert read_state(tmp_path) == before
    code, said = run(environment, "status")
    assert (code, said.count("运行中")) == (0, 3)
    assert run(environment, "down") == (0, "节点已停止\n")
    assert not [name for name, (pid, _) in before["children"].items() if started_at(pid)]
    assert run(environment, "status")[0] == 1


def test_up_names_a_taken_port(environment, tmp_path):
    base = environment["ZHENGSHU_LOCAL_PORT"]
    other = subprocess.Popen(
        [sys.executable, "-m", "http.server", "-b", "127.0.0.1", base], stderr=subprocess.DEVNULL
    )
    try:
        wait(lambda: answers(int(base)))
        code, said = run(environment, "up")
        assert not is_running(tmp_path)
        assert (code, f"端口 {base}（stub）" in said) == (1, True), said
    finally:
        other.kill()
        other.wait()


def test_a_dead_process_comes_back(environment, tmp_path):
    assert run(environment, "up")[0] == 0
    pid, _ = read_state(tmp_path)["children"]["stub"]
    os.kill(pid, signal.SIGKILL)
    wait(lambda: read_state(tmp_path)["children"]["stub"][0] != pid)
    assert "stub 已退出（-9）" in (tmp_path / "logs" / "supervisor.log").read_text()


def test_foreground_prefixes_and_stops_on_ctrl_c(environment, tmp_path):
    child = subprocess.Popen(
        command("up", "--foreground"), env=environment, stdout=subprocess.PIPE, text=True
    )
    said = []
    for line in child.stdout:
        said.append(line)
        if "全部就绪" in line:
            time.sleep(0.5)
            child.send_signal(signal.SIGINT)
    assert child.wait(20) == 0
    child.stdout.close()
    assert any(line.startswith("  postgres | ") for line in said)
    assert "已停止 postgres\n" in said
    assert not is_running(tmp_path)


def wait(condition, patience=15):
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
