"""One node on this machine: starts, stops, kills and restarts its processes.

Knows the order and how to tell that something is ready; keeping it running is the supervisor's.
Everything here blocks: from a test's event loop call it through `asyncio.to_thread`.
"""

import fcntl
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from zhengshu_local import seed
from zhengshu_local.credentials import Secrets, load
from zhengshu_local.deployables import Layout, named, present
from zhengshu_local.nats import Nats
from zhengshu_local.postgres import Postgres
from zhengshu_local.processes import CannotStart, Process, end, port_taken, started_at

DEFAULT_PORT = 18080
TARGET_SECONDS = 25
READY_PATIENCE = 60.0
SERVERS = {"postgres": "PostgreSQL", "nats": "NATS"}

Report = Callable[[str], None]


class AlreadyRunning(CannotStart):
    """Another supervisor has this folder."""


class Node:
    """A node in one folder, on ports that follow one base."""

    def __init__(
        self, directory: Path, port_base: int = DEFAULT_PORT, *, report: Report = print
    ) -> None:
        self.directory = directory.absolute()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.secrets: Secrets = load(self.directory)
        self.layout = Layout(self.directory, port_base, self.secrets)
        self.report = report
        self.postgres = Postgres(
            directory=self.directory / "postgres",
            port=self.layout.port("postgres"),
            password=self.secrets("databases", "postgres"),
            log=self.log("postgres"),
        )
        self.nats = Nats(
            directory=self.directory / "nats",
            port=self.layout.port("nats"),
            passwords=self.secrets.group("nats"),
            issuer=self.secrets.pair("nkeys", "integrators")["public"],
            log=self.log("nats"),
        )
        self.processes: dict[str, Process] = {}
        self._lock: IO[str] | None = None
        self._began = 0.0

    def log(self, name: str) -> Path:
        """Return where a process writes its log."""
        return self.directory / "logs" / f"{name}.log"

    def url(self, name: str) -> str:
        """Return the base URL of a deployable."""
        return self.nats.url if name == "nats" else self.layout.url(name)

    def env(self, name: str) -> dict[str, str]:
        """Return the settings of a deployable, without what it inherits."""
        return named(name).environment(self.layout)

    def start(self, since: float | None = None) -> float:
        """Start everything and return after how many seconds all of it was ready.

        `since` is when the person's command began (seconds of the epoch); without it, now.
        """
        self._began = time.monotonic() - (time.time() - since if since else 0)
        try:
            self._take()
            self._start_all()
        except BaseException:
            self.stop()
            raise
        seconds = round(time.monotonic() - self._began, 1)
        self.remember(seconds=seconds)
        self.report(f"全部就绪，用时 {seconds} 秒（目标：不超过 {TARGET_SECONDS} 秒）")
        return seconds

    def stop(self) -> None:
        """Stop everything that this object started, last started first."""
        if self._lock is None:
            return
        for name in reversed(self.processes):
            if self.processes[name].running():
                self.processes[name].stop()
                self.report(f"已停止 {name}")
        self.processes.clear()
        self.remember()
        self._release()

    def kill(self, name: str) -> None:
        """SIGKILL one process."""
        self.processes[name].kill()

    def stop_one(self, name: str) -> None:
        """Stop one process and leave it stopped."""
        self.processes[name].stop()

    def restart(self, name: str, extra_env: Mapping[str, str] | None = None) -> None:
        """Start a process again, stopped or not, and wait; settings given hold for this run."""
        self.relaunch(name, extra_env)
        if name not in SERVERS:
            self.wait_ready(name)

    def relaunch(self, name: str, extra_env: Mapping[str, str] | None = None) -> None:
        """Start a process again without waiting for a deployable to be ready."""
        if name in self.processes:
            self.processes[name].stop()
        if name in SERVERS:
            self._start_server(name)
        else:
            self._launch(name, extra_env or {})
        self.remember()

    def stop_nats(self) -> None:
        """Take NATS away."""
        self.stop_one("nats")

    def start_nats(self) -> None:
        """Bring NATS back."""
        self.restart("nats")

    def ready(self, name: str) -> bool:
        """Ask a deployable whether it can do its work."""
        connection = http.client.HTTPConnection("127.0.0.1", self.layout.port(name), timeout=3)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wait_ready(self, name: str, patience: float = READY_PATIENCE) -> None:
        """Wait until a deployable is ready; say why when it will not be."""
        deadline = time.monotonic() + patience
        process = self.processes[name]
        while not self.ready(name):
            if not process.running():
                code = process.exit_code
                raise CannotStart(f"{name} 已退出（{code}），日志末尾：\n{process.tail()}")
            if time.monotonic() > deadline:
                raise CannotStart(f"{name} 未就绪，日志末尾：\n{process.tail()}")
            time.sleep(0.15)

    def run(
        self,
        name: str,
        *arguments: str,
        stdin: str = "",
        extra_env: Mapping[str, str] | None = None,
    ) -> str:
        """Run a command of a deployable to its end and return what it printed."""
        command = [sys.executable, "-m", named(name).module, *arguments]
        return complete(command, inherited() | self.env(name) | dict(extra_env or {}), stdin)

    def remember(self, **more: object) -> None:
        """Write down what runs, for `status`, `down` and a supervisor that comes after a crash."""
        pids = {name: one.pid for name, one in self.processes.items()}
        children = {name: [pid, started_at(pid)] for name, pid in pids.items() if pid is not None}
        state = {"supervisor": os.getpid(), "port_base": self.layout.port_base}
        kept = {key: value for key, value in read_state(self.directory).items() if key == "seconds"}
        draft = self.directory / "node.json.new"
        draft.write_text(json.dumps(kept | state | {"children": children} | more, indent=1))
        draft.replace(self.directory / "node.json")

    def _take(self) -> None:
        self._lock = try_lock(self.directory)
        if self._lock is None:
            raise AlreadyRunning(f"{self.directory} 中的节点已在运行")
        end_leftovers(self.directory, self.report)
        self.postgres.end_leftover()
        self._require_ports()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
        self._lock = None

    def _require_ports(self) -> None:
        names = [*(one.name for one in present()), *SERVERS]
        for name in names:
            if port_taken(self.layout.port(name)):
                raise CannotStart(
                    f"端口 {self.layout.port(name)}（{name}）已被别的程序占用，什么都没有启动。"
                    f"请用 ZHENGSHU_LOCAL_PORT 换一个起始端口（现为 {self.layout.port_base}），"
                    f"例如 ZHENGSHU_LOCAL_PORT={self.layout.port_base + 1000}"
                )

    def _start_all(self) -> None:
        with ThreadPoolExecutor() as together:
            list(together.map(self._start_server, SERVERS))
        self.processes = {name: self.processes[name] for name in SERVERS}
        self.remember()
        with ThreadPoolExecutor() as together:
            for step in [together.submit(self._databases), together.submit(self._streams)]:
                step.result()
        self._seed()
        for one in present():
            self._launch(one.name, {})
        self.remember()
        for one in present():
            self.wait_ready(one.name)
            self.report(f"{one.name} 就绪 {self.url(one.name)}（{self._elapsed()}）")

    def _elapsed(self) -> str:
        return f"第 {time.monotonic() - self._began:.1f} 秒"

    def _start_server(self, name: str) -> None:
        server = self.postgres if name == "postgres" else self.nats
        self.processes[name] = server.process
        server.start()
        self.report(f"{SERVERS[name]} 就绪 127.0.0.1:{server.port}（{self._elapsed()}）")

    def _launch(self, name: str, extra_env: Mapping[str, str]) -> None:
        process = Process(
            name=name,
            command=[sys.executable, "-m", named(name).module, "all"],
            environment=inherited() | self.env(name) | dict(extra_env),
            log=self.log(name),
        )
        process.start()
        # A restarted process keeps its place: places are the order of stopping.
        self.processes[name] = process

    def _databases(self) -> None:
        given = {"superuser": self.postgres.url(), "passwords": self.secrets.group("databases")}
        command = [sys.executable, "-m", "zhengshu_local.databases"]
        done = complete(command, inherited(), json.dumps(given))
        self.report(f"数据库{done.strip().splitlines()[-1]}（{self._elapsed()}）")

    def _streams(self) -> None:
        if not named("gateway").exists():
            return
        operator = {
            "ZHENGSHU_GATEWAY_NATS_USER": "operator",
            "ZHENGSHU_GATEWAY_NATS_PASSWORD": self.secrets("nats", "operator"),
        }
        self.run("gateway", "migrate", extra_env=operator)
        self.report(f"消息流就绪（{self._elapsed()}）")

    def _seed(self) -> None:
        if not named("catalog").exists():
            return
        self.run("catalog", "seed", stdin=json.dumps(seed.document(self.secrets)))
        self.report(f"{seed.COMPETENT['name']}及其工作人员已登记（{self._elapsed()}）")


def inherited() -> dict[str, str]:
    """What every process gets of our environment: not the settings of others."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("ZHENGSHU_")}
    # One malloc arena per process instead of eight per core keeps the idle node small.
    return ours | {"PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"}


def complete(command: list[str], environment: Mapping[str, str], stdin: str) -> str:
    """Run a command to its end; what it said is the error when it fails."""
    done = subprocess.run(
        command,
        env=dict(environment),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise CannotStart(f"{' '.join(command[1:])} 失败（{done.returncode}）：\n{said}")
    return done.stdout


def try_lock(directory: Path) -> IO[str] | None:
    """Take the folder for this process, or None when another process has it."""
    lock = (directory / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock


def is_running(directory: Path) -> bool:
    """Tell whether a supervisor has the folder."""
    if not (directory / "lock").exists():
        return False
    lock = try_lock(directory)
    if lock is None:
        return True
    lock.close()
    return False


def read_state(directory: Path) -> dict[str, Any]:
    """Read what the supervisor last wrote down."""
    try:
        state: dict[str, Any] = json.loads((directory / "node.json").read_text())
    except FileNotFoundError:
        return {}
    return state


def end_leftovers(directory: Path, report: Report) -> None:
    """End processes of a supervisor that was killed; an id in use by another is left alone."""
    children = read_state(directory).get("children", {})
    for name, (pid, began) in reversed(children.items()):
        if started_at(pid) == began:
            report(f"结束上次遗留的 {name}（{pid}）")
            end(pid, signal.SIGINT if name == "postgres" else signal.SIGTERM)
