"""The table of what runs on one machine: ports, databases, and each one's environment.

Adding a deployable or a setting is one line here. Knows names of settings, not their meaning.
"""

import importlib.util
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from zhengshu_local.credentials import Secrets

POSTGRES_OFFSET = 10
NATS_OFFSET = 11
PUBLISHED = ("catalog_receipts", "audit_checkpoint", "commission_witness")
"""Public keys that anyone needs to check receipts and the ledger."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where one node lives: its folder, its first port, its secrets."""

    directory: Path
    port_base: int
    secrets: Secrets

    def port(self, name: str) -> int:
        """Return the port of a deployable or server."""
        return self.port_base + PORTS[name]

    def url(self, name: str) -> str:
        """Return the base URL of a deployable."""
        return f"http://127.0.0.1:{self.port(name)}"

    def database_url(self, database: str, role: str) -> str:
        """Return the URL of one database as one role."""
        return f"{self.server_url(role)}/{database}"

    def server_url(self, role: str) -> str:
        """Return the URL of the database server as one role."""
        password = self.secrets("databases", role)
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port('postgres')}"

    @property
    def nats_url(self) -> str:
        """Where NATS listens."""
        return f"nats://127.0.0.1:{self.port('nats')}"

    def folder(self, name: str) -> str:
        """Return a folder for files (object store, spools) of one deployable."""
        return str(self.directory / "files" / name)


Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Deployable:
    """One process: its name, its port, what it needs, and settings that only it has."""

    name: str
    offset: int
    database: bool = True
    nats: bool = True
    special: Callable[[Layout], Environment] = field(default=lambda _: {})

    @property
    def module(self) -> str:
        """The package that `python -m` runs."""
        return f"zhengshu_{self.name}"

    def exists(self) -> bool:
        """Tell whether the package can be run."""
        found = importlib.util.find_spec(self.module)
        return found is not None and importlib.util.find_spec(f"{self.module}.__main__") is not None

    def environment(self, layout: Layout) -> dict[str, str]:
        """All settings of this deployable, named with its prefix."""
        settings = {"HOST": "127.0.0.1", "PORT": str(layout.port(self.name))}
        settings["LOG_LEVEL"] = os.environ.get("ZHENGSHU_LOCAL_LOG_LEVEL", "INFO")
        if self.database:
            settings["DATABASE_URL"] = layout.database_url(self.name, f"{self.name}_app")
        if self.nats:
            settings["NATS_URL"] = layout.nats_url
            settings["NATS_USER"] = self.name
            settings["NATS_PASSWORD"] = layout.secrets("nats", self.name)
        settings |= self.special(layout)
        return {f"ZHENGSHU_{self.name.upper()}_{key}": value for key, value in settings.items()}


def internal(name: str, layout: Layout) -> dict[str, str]:
    """The key under which the gateway vouches for callers to one service."""
    return {"INTERNAL_KEY": layout.secrets("internal", name)}


def catalog(layout: Layout) -> Environment:
    """Settings of catalog, which serves rows as a role that only reads."""
    return internal("catalog", layout) | {
        "READER_URL": layout.database_url("catalog", "catalog_reader"),
        "RECEIPT_KEY": layout.secrets.pair("ed25519", "catalog_receipts")["private"],
        "ROW_ID_KEY": layout.secrets("hmac", "rows"),
        "CURSOR_KEY": layout.secrets("hmac", "cursor"),
        "STORE_URL": f"file://{layout.folder('catalog')}",
    }


def sharing(layout: Layout) -> Environment:
    """Settings of sharing, which keeps the attachments of cases."""
    store = f"file://{layout.folder('sharing')}"
    return internal("sharing", layout) | {"STORE_URL": store}


def opening(layout: Layout) -> Environment:
    """Settings of opening, which reads through the gateway as a system of its own."""
    system = layout.secrets.pair("clients", "opening")
    return internal("opening", layout) | {
        "GATEWAY_URL": layout.url("gateway"),
        "CLIENT_ID": system["client_id"],
        "CLIENT_SECRET": system["client_secret"],
        "STORE_URL": f"file://{layout.folder('opening')}",
        "PUBLIC_URL": layout.url("gateway"),
    }


def audit(layout: Layout) -> Environment:
    """Settings of audit."""
    return internal("audit", layout) | {
        "CHECKPOINT_KEY": layout.secrets.pair("ed25519", "audit_checkpoint")["private"],
        "WITNESS_KEY": layout.secrets.pair("ed25519", "commission_witness")["public"],
    }


def commission(layout: Layout) -> Environment:
    """Settings of the municipal platform's stand-in."""
    return {
        "GATEWAY_URL": layout.url("gateway"),
        "SHARED_KEY": layout.secrets("hmac", "commission"),
        "DESK_TOKEN": layout.secrets("hmac", "desk"),
        "LEDGER_KEY": layout.secrets.pair("ed25519", "audit_checkpoint")["public"],
        "WITNESS_KEY": layout.secrets.pair("ed25519", "commission_witness")["private"],
    }


def gateway(layout: Layout) -> Environment:
    """Settings of the gateway: whom it forwards to, under which keys."""
    services = ("catalog", "sharing", "opening", "audit")
    keys = {f"{name.upper()}_KEY": layout.secrets("internal", name) for name in services}
    urls = {f"{name.upper()}_URL": layout.url(name) for name in (*services, "commission")}
    published = [layout.secrets.pair("ed25519", name)["public"] for name in PUBLISHED]
    return {
        **keys,
        **urls,
        "ISSUER": layout.url("gateway"),
        "PORTAL_URL": layout.url("portal"),
        "TOKEN_KEY": layout.secrets.pair("ed25519", "gateway_tokens")["private"],
        "INTEGRATORS_KEY": layout.secrets.pair("nkeys", "integrators")["seed"],
        "COMMISSION_KEY": layout.secrets("hmac", "commission"),
        "PUBLISHED_KEYS": f"[{','.join(published)}]",
    }


def portal(layout: Layout) -> Environment:
    """Settings of the portal, which knows the public API alone."""
    return {
        "GATEWAY_URL": layout.url("gateway"),
        "PUBLIC_URL": layout.url("gateway"),
    }


DEPLOYABLES = (
    Deployable("catalog", 3, special=catalog),
    Deployable("sharing", 4, special=sharing),
    Deployable("opening", 5, special=opening),
    Deployable("audit", 6, special=audit),
    Deployable("commission", 2, nats=False, special=commission),
    Deployable("gateway", 0, database=False, special=gateway),
    Deployable("portal", 1, database=False, nats=False, special=portal),
)
PORTS = {one.name: one.offset for one in DEPLOYABLES} | {
    "postgres": POSTGRES_OFFSET,
    "nats": NATS_OFFSET,
}


def present() -> list[Deployable]:
    """The deployables whose packages can be run, in starting order."""
    return [one for one in DEPLOYABLES if one.exists()]


def named(name: str) -> Deployable:
    """Find a deployable by its name."""
    return next(one for one in DEPLOYABLES if one.name == name)
