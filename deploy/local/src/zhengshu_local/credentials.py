"""Secrets of one node: made once, kept in one file that only its owner can read.

Knows how secrets are made, not what they protect.
"""

import base64
import binascii
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

FILE = "secrets.json"


def text() -> str:
    """256 random bits, safe in URLs and configuration files."""
    return secrets.token_urlsafe(32)


def ed25519() -> dict[str, str]:
    """Make a key pair, each half the text of a JWK."""
    # Heavy, needed once: the supervisor that stays in memory does without it.
    from zhengshu_verify import keys  # noqa: PLC0415

    key = keys.generate()
    return {
        "private": json.dumps(keys.private_jwk(key)),
        "public": json.dumps(keys.public_jwk(key.public_key())),
    }


def account() -> dict[str, str]:
    """Make a NATS account key: the seed for whoever signs, the public nkey for the server."""
    # As in `ed25519`.
    from zhengshu_verify import keys  # noqa: PLC0415

    key = keys.generate()
    return {
        "seed": _nkey(bytes([18 << 3, 0]), key.private_bytes_raw()),
        "public": _nkey(b"\0", key.public_key().public_bytes_raw()),
    }


def _nkey(kind: bytes, key: bytes) -> str:
    body = kind + key
    checksum = binascii.crc_hqx(body, 0).to_bytes(2, "little")
    return base64.b32encode(body + checksum).decode().rstrip("=")


def client(prefix: str) -> Callable[[], dict[str, str]]:
    """Make credentials of a client that is known before the node first runs."""

    def make() -> dict[str, str]:
        name = base64.b32encode(secrets.token_bytes(10)).decode().lower()
        return {"client_id": f"{prefix}-{name}", "client_secret": text()}

    return make


# Kind -> name -> how it is made. A name added later is made at the next start.
MAKERS: dict[str, dict[str, Callable[[], object]]] = {
    "databases": dict.fromkeys(
        [
            "postgres",
            *(
                f"{service}_{role}"
                for service in ("catalog", "sharing", "opening", "audit", "commission")
                for role in ("owner", "app")
            ),
            "catalog_rows",
            "catalog_reader",
        ],
        text,
    ),
    "nats": dict.fromkeys(
        ["catalog", "sharing", "opening", "audit", "gateway", "operator", "routes"], text
    ),
    "internal": dict.fromkeys(["catalog", "sharing", "opening", "audit"], text),
    "hmac": dict.fromkeys(["commission", "desk", "rows", "cursor"], text),
    "sessions": {"portal": text},
    "ed25519": dict.fromkeys(
        ["gateway_tokens", "catalog_receipts", "audit_checkpoint", "commission_witness"], ed25519
    ),
    "nkeys": {"integrators": account},
    "clients": {"officer": client("off"), "opening": client("sys")},
}


class Secrets:
    """The secrets of one node, by kind and name."""

    def __init__(self, values: dict[str, dict[str, object]]) -> None:
        self._values = values

    def __call__(self, kind: str, name: str) -> str:
        """Return one plain secret."""
        return str(self._values[kind][name])

    def pair(self, kind: str, name: str) -> dict[str, str]:
        """Return a key pair or a client's credentials."""
        value = self._values[kind][name]
        if not isinstance(value, dict):
            raise KeyError(f"{kind}.{name} is one value")
        return value

    def group(self, kind: str) -> dict[str, str]:
        """Return all plain secrets of a kind."""
        return {name: str(value) for name, value in self._values[kind].items()}

    def __repr__(self) -> str:
        return "Secrets(…)"


def load(directory: Path) -> Secrets:
    """Read the node's secrets, making those that do not exist yet."""
    path = directory / FILE
    values = json.loads(path.read_text()) if path.exists() else {}
    made = complete(values)
    if made != values:
        store(path, made)
    return Secrets(made)


def complete(values: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """Add what is missing; never change what is there."""
    return {
        kind: {name: make() for name, make in makers.items() if name not in values.get(kind, {})}
        | values.get(kind, {})
        for kind, makers in MAKERS.items()
    }


def store(path: Path, values: dict[str, dict[str, object]]) -> None:
    """Write the file as a whole, readable by its owner alone from its first byte."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        json.dump(values, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
