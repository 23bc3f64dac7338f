"""What the gateway is told from outside: whom it forwards to, its keys, its limits."""

import socket
from typing import Any

from pydantic import Field, SecretStr
from zhengshu_chassis.settings import BusSettings, prefixed


class GatewaySettings(BusSettings):
    """Names of services, each with its address and the key under which callers are vouched for."""

    model_config = prefixed("ZHENGSHU_GATEWAY_")

    catalog_url: str
    catalog_key: SecretStr
    sharing_url: str
    sharing_key: SecretStr
    opening_url: str
    opening_key: SecretStr
    audit_url: str
    audit_key: SecretStr

    commission_url: str
    commission_key: SecretStr
    """Key of the national header signature, both ways."""
    requester: str = "350123000000"
    """This node's requester id at the municipal platform."""

    issuer: str
    """Issuer of access tokens: this node's public address."""
    token_key: SecretStr
    """Private Ed25519 key of the issuer: a JWK, or PEM."""
    token_life: int = 900
    integrators_key: SecretStr
    """Seed of the account nkey (`SA…`) with which integrators are vouched for to NATS."""
    accepted_keys: tuple[dict[str, Any], ...] = ()
    """Public JWKs of an issuer that is being changed over: published, and tokens of theirs accepted."""
    published_keys: tuple[dict[str, Any], ...] = ()
    """Public JWKs of others (receipts, ledger): published alone."""

    stale_limit: float = 5.0
    """Greatest age in seconds of a writer's policy records that a decision may rest on."""
    identity_limit: float = 900.0
    """Greatest age in seconds of catalog's or opening's record of *who* calls, where no rows are decided.

    As long as a token lives, which these records' owners must vouch for anew: so with catalog away the
    other services still answer what they own, and nobody keeps a role longer than a token.
    """
    cache_bytes: int = 64 << 20
    """Most bytes of pages kept; 0 keeps none."""
    cache_page: int = 128 << 10
    """Largest page kept."""
    upstream_patience: float = 60.0
    """Longest silence of a service in seconds."""
    push_patience: float = 3600.0
    """Seconds from the first byte of a pushed batch to its answer: checks and merge stand between."""
    anonymous_rate: float = 20.0
    """Anonymous requests per second and address, on average."""
    anonymous_burst: int = 200
    municipal_interval: float = 5.0
    """Seconds between two looks at the municipal catalogue."""
    commission_parallel: int = 4
    """Dispatches of one owner on their way at once."""
    stream_replicas: int = 1
    """On how many servers of a NATS cluster each stream is kept; read by `migrate` alone."""
    replica: str = Field(default_factory=lambda: socket.gethostname().split(".")[0])
    """Name of this replica, for its lease."""

    def upstream(self, service: str) -> tuple[str, SecretStr]:
        """Return a service's address and key."""
        return getattr(self, f"{service}_url"), getattr(self, f"{service}_key")
