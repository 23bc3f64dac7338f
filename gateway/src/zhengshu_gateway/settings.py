"""What the gateway is told from outside: whom it forwards to, its keys, its limits."""

import socket
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator
from zhengshu_chassis.settings import BusSettings, prefixed

from zhengshu_gateway.limits import Rate


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
    portal_url: str | None = None
    """The portal's public address, where officers sign in; without it nobody can."""
    integrators_tls: bool = False
    """Refuse integrators whose connection to NATS is not TLS; the servers take it from deployables."""
    integrators_key: SecretStr
    """Seed of the account nkey (`SA…`) with which integrators are vouched for to NATS."""
    accepted_keys: tuple[dict[str, Any], ...] = ()
    """Public JWKs of an issuer that is being changed over: published, and tokens of theirs accepted."""
    published_keys: tuple[dict[str, Any], ...] = ()
    """Public JWKs of others (receipts, ledger): published alone."""

    oidc_issuer: str | None = None
    """An OIDC issuer outside whose tokens are believed too, exactly as its tokens name it."""
    oidc_audience: str | None = None
    """Audience of its access tokens for this node; without it none are accepted."""
    oidc_client_claim: str = "sub"
    """Claim of an access token that names whom catalog has registered for it."""
    oidc_client_id: str | None = None
    """This node as a client of the issuer: officers sign in there then, not with passwords of ours."""
    oidc_client_secret: SecretStr | None = None
    oidc_officer_claim: str = "sub"
    """Claim of an ID token that names the officer."""
    oidc_scope: str = "openid"
    oidc_algorithms: tuple[Literal["RS256", "ES256", "EdDSA"], ...] = ("RS256", "ES256", "EdDSA")
    oidc_ca: str | None = None
    """Certificate (PEM) of the authority that vouches for the issuer's address, if no public one does."""
    oidc_refresh: float = 300.0
    """Seconds after which its keys are fetched anew."""
    oidc_retry: float = 10.0
    """Least seconds between two attempts to fetch them, whatever is asked."""
    oidc_keys_last: float = 3600.0
    """Seconds that its keys are good for while it does not answer; then nobody is let in by them."""

    unconditional: Literal["direct", "registered"] = "direct"
    """Whether unconditional items are read at once (the county Measures) or once the use was registered
    (Decree 809 Art. 21); set in sharing likewise."""
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
    bare_rate: float = 20.0
    """Requests for tokens, sign-ins and keys per second and address."""
    bare_burst: int = 200
    failed_rate: float = 5.0
    """Requests per second and address whose proof is no good, after a first `failed_burst`: beyond, those
    whose token has not been seen before are refused unread."""
    failed_burst: int = 100
    query_rate: float = 2000.0
    """Queries per second and client, on average; `…_at_once`: how many may run at the same time."""
    query_at_once: int = 128
    mismatch_rate: float = 1.0
    """Verifications per second and client that do not match, after a first `mismatch_burst`: beyond, it
    verifies nothing more for a while, so that nobody finds a value out by guessing."""
    mismatch_burst: int = 1000
    share: int = 4
    """Queries and other short requests of one client that one service works on at the same time; its others
    wait their turn, so that everybody else's are answered meanwhile."""
    bulk_rate: float = 5.0
    """Exports, change feeds and files per second and client."""
    bulk_at_once: int = 4
    push_rate: float = 50.0
    """Pushes per second and client."""
    push_at_once: int = 4
    subscribe_rate: float = 1.0
    """Connections to NATS per second and client, after a first `subscribe_burst`: each is recorded."""
    subscribe_burst: int = 60
    control_rate: float = 200.0
    """Everything else per second and client."""
    control_at_once: int = 64
    answers_interval: float = 5.0
    """Seconds between two looks for what the Commission said unasked and whose call-back was lost."""
    municipal_interval: float = 5.0
    """Seconds between two looks at the municipal catalogue."""
    commission_parallel: int = 4
    """Dispatches of one owner on their way at once."""
    stream_replicas: int = 1
    """On how many servers of a NATS cluster each stream is kept; read by `migrate` alone."""
    replica: str = Field(default_factory=lambda: socket.gethostname().split(".")[0])
    """Name of this replica, for its lease."""

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if self.oidc_client_id and (not self.oidc_issuer or self.oidc_client_secret is None):
            raise ValueError("sign-in outside needs oidc_issuer and oidc_client_secret")
        if self.oidc_audience and self.oidc_audience == self.oidc_client_id:
            raise ValueError("an ID token must not pass for an access token: other audience needed")
        return self

    def rates(self) -> dict[str, Rate]:
        """Return the limits of each class."""
        return {
            "anonymous": Rate(self.anonymous_rate, self.anonymous_burst, self.anonymous_burst),
            "bare": Rate(self.bare_rate, self.bare_burst, self.bare_burst),
            "failed": Rate(self.failed_rate, self.failed_burst, self.failed_burst),
            "query": Rate(self.query_rate, int(self.query_rate * 10), self.query_at_once),
            "bulk": Rate(self.bulk_rate, int(self.bulk_rate * 10), self.bulk_at_once),
            "push": Rate(self.push_rate, int(self.push_rate * 10), self.push_at_once),
            "mismatch": Rate(self.mismatch_rate, self.mismatch_burst, self.mismatch_burst),
            "subscribe": Rate(self.subscribe_rate, self.subscribe_burst, self.subscribe_burst),
            "control": Rate(self.control_rate, int(self.control_rate * 10), self.control_at_once),
        }

    def upstream(self, service: str) -> tuple[str, SecretStr]:
        """Return a service's address and key."""
        return getattr(self, f"{service}_url"), getattr(self, f"{service}_key")
