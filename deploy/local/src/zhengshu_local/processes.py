"""Child processes and ports: start, log, stop, find what an earlier run left behind.

Knows nothing of what the processes are for.
"""

import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

LOG_LIMIT = 20 * 1024 * 1024


class CannotStart(Exception):
    """Something on this machine keeps the node from starting; the text tells a person what."""


@dataclass
class Process:
    """One child process whose output goes to a file, so that it outlives a dying supervisor."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    uid: int | None = None  # an unprivileged id to drop to
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        rotate(self.log)
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(
                self.command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self.uid,
                group=self.uid,
                extra_groups=None if self.uid is None else [],
            )

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._child.pid if self._child is not None and self.running() else None

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs or before it was started."""
        return self._child.poll() if self._child is not None else None

    def running(self) -> bool:
        """Tell whether it was started and has not ended."""
        return self._child is not None and self._child.poll() is None

    def stop(self, patience: float = 20.0) -> None:
        """Ask it to end and wait; kill it only when it does not."""
        if self._child is None or not self.running():
            return
        self._child.send_signal(self.stop_signal)
        try:
            self._child.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL, at once."""
        if self._child is not None and self.running():
            self._child.kill()
            self._child.wait()

    def tail(self, lines: int = 12) -> str:
        """Return the last lines of its log, for a person who asks why it died."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def rotate(log: Path) -> None:
    """Keep one older generation of a log that has grown large."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))


def free_port() -> int:
    """Ask the system for a free TCP port on 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_taken(port: int) -> bool:
    """Tell whether something else has the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def answers(port: int) -> bool:
    """Tell whether something accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def started_at(pid: int) -> float | None:
    """When the process with this id began, or None if there is none (ids are reused)."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def end(pid: int, with_signal: signal.Signals, patience: float = 20.0) -> None:
    """End a process that is not our child: signal once, wait, then SIGKILL."""
    try:
        process = psutil.Process(pid)
        process.send_signal(with_signal)
        process.wait(patience)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(5)
    except psutil.NoSuchProcess:
        return
