"""Keeps a node running: restarts what dies, with back-off, until it is told to stop.

`python -m zhengshu_local.supervisor` is the process behind `zhengshu-local up`.
"""

import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from zhengshu_local.node import DEFAULT_PORT, Node, Report
from zhengshu_local.processes import CannotStart, started_at

LONGEST_PAUSE = 30.0
STEADY = 60.0  # seconds without a death after which the back-off starts anew
INTERVAL = 0.5


@dataclass
class Recovery:
    """How often one process died lately, and when it may start again."""

    deaths: int = 0
    again_at: float = 0.0

    def died(self, now: float) -> float:
        """Note a death; return for how long to wait: 1, 2, 4 … seconds."""
        if now - self.again_at > STEADY:
            self.deaths = 0
        pause = min(2.0**self.deaths, LONGEST_PAUSE)
        self.deaths += 1
        self.again_at = now + pause
        return pause


class Supervisor:
    """Watches the processes of one node."""

    def __init__(self, node: Node, report: Report = print) -> None:
        self.node = node
        self.report = report
        self._recoveries = {name: Recovery() for name in node.processes}
        self._waiting: set[str] = set()

    def watch(self, now: float) -> None:
        """Look once at every process; report deaths, restart what has waited long enough."""
        for name, process in list(self.node.processes.items()):
            if name in self._waiting:
                self._restart_when_due(name, now)
            elif not process.running():
                pause = self._recoveries[name].died(now)
                self._waiting.add(name)
                self.report(f"{name} 已退出（{process.exit_code}），{pause:.0f} 秒后重新启动")

    def run(self) -> None:
        """Watch for ever; ended by the exception that a signal raises."""
        while True:
            self.watch(time.monotonic())
            time.sleep(INTERVAL)

    def _restart_when_due(self, name: str, now: float) -> None:
        if now < self._recoveries[name].again_at:
            return
        self._waiting.discard(name)
        try:
            self.node.relaunch(name)
        except CannotStart as problem:
            self.report(str(problem))
        else:
            self.report(f"{name} 已重新启动")


class Follower(threading.Thread):
    """Prints what the processes write to their logs, each line with the name before it."""

    def __init__(self, node: Node) -> None:
        super().__init__(daemon=True)
        self._folder = node.log("x").parent
        self._seen = {path: path.stat().st_size for path in self._folder.glob("*.log")}

    def run(self) -> None:
        """Look for new lines until the program ends."""
        while True:
            self.flush()
            time.sleep(0.3)

    def flush(self) -> None:
        """Print what is new."""
        for path in sorted(self._folder.glob("*.log")):
            seen = self._seen.get(path, 0)
            with path.open("rb") as log:
                log.seek(seen if seen <= path.stat().st_size else 0)
                whole, _, rest = log.read().rpartition(b"\n")
                self._seen[path] = log.tell() - len(rest)
            for line in whole.decode(errors="replace").splitlines():
                print(f"{path.stem:>10} | {line}", flush=True)


def told_to_stop(_signal: int, _frame: FrameType | None) -> None:
    """Turn a signal into the exception that Ctrl-C raises, wherever we are."""
    raise KeyboardInterrupt


def supervise(node: Node, *, follow: bool, since: float | None = None) -> int:
    """Start a node, keep it running until a signal comes, stop it; return the exit code."""
    signal.signal(signal.SIGTERM, told_to_stop)
    if follow:
        Follower(node).start()
    try:
        node.start(since)
        Supervisor(node, node.report).run()
    except KeyboardInterrupt:
        node.report("正在停止…")
    except CannotStart as problem:
        node.report(str(problem))
        return 1
    finally:
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, signal.SIG_IGN)  # a second Ctrl-C must not leave half a node
        node.stop()
    return 0


def say(line: str) -> None:
    """Report at once, also into a file."""
    print(line, flush=True)


def configured() -> tuple[Path, int]:
    """Where the node lives and its first port, from the environment."""
    directory = Path(os.environ.get("ZHENGSHU_LOCAL_DIR", ".run"))
    return directory, int(os.environ.get("ZHENGSHU_LOCAL_PORT", DEFAULT_PORT))


def began() -> float | None:
    """When the command that a person gave began: this process, or the one that started it."""
    told = os.environ.get("ZHENGSHU_LOCAL_BEGAN")
    return float(told) if told else started_at(os.getpid())


if __name__ == "__main__":
    sys.exit(supervise(Node(*configured(), report=say), follow=False, since=began()))
