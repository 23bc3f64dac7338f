"""What a process is told from outside: environment variables alone, frozen, checked at start.

Nothing secret has a default. A service subclasses one of the three and sets its prefix by `prefixed`.
"""

import os
from enum import StrEnum
from typing import Any, Self, TypeVar, cast

from pydantic import Field, SecretStr, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

S = TypeVar("S", bound=BaseSettings)


class Mode(StrEnum):
    """What a process does: the API, the background work, or both (one machine)."""

    SERVE = "serve"
    WORK = "work"
    ALL = "all"

    @property
    def serves(self) -> bool:
        """Whether the API is answered."""
        return self is not Mode.WORK

    @property
    def works(self) -> bool:
        """Whether background work runs."""
        return self is not Mode.SERVE


def prefixed(prefix: str) -> SettingsConfigDict:
    """Return the configuration of a settings class whose variables start with `prefix`."""
    return SettingsConfigDict(
        env_prefix=prefix,
        frozen=True,
        extra="forbid",
        env_file=None,
        # What pydantic would show of a bad deployment's input are secrets on their way into a log.
        hide_input_in_errors=True,
    )


class ProcessSettings(BaseSettings):
    """A process that listens on a port."""

    model_config = prefixed("ZHENGSHU_")

    host: str = "127.0.0.1"
    port: int
    log_level: str = "INFO"
    mode: Mode = Mode.ALL
    metrics_port: int | None = None
    """Where metrics are told instead of on `port`, so that whoever reaches the API cannot read them."""
    max_body: int = 1 << 20
    """Largest body in bytes that is read whole; streamed routes set their own."""

    @model_validator(mode="after")
    def _no_empty_secret(self) -> Self:
        """Refuse a secret that holds nothing: whatever it should seal would be open to all."""
        empty = [
            name
            for name in type(self).model_fields
            if isinstance(secret := getattr(self, name), SecretStr)
            and not secret.get_secret_value()
        ]
        if empty:
            message = f"empty secrets: {', '.join(empty)}"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _no_unknown_variables(self) -> Self:
        """Refuse a mistyped variable: pydantic-settings reads only the names it knows."""
        prefix = str(self.model_config.get("env_prefix", "")).upper()
        known = {f"{prefix}{name}".upper() for name in type(self).model_fields}
        present = {name.upper() for name in os.environ if name.upper().startswith(prefix)}
        unknown = sorted(present - known)
        if unknown and prefix != "ZHENGSHU_":
            message = f"unknown settings: {', '.join(unknown)}"
            raise ValueError(message)
        return self


class BusSettings(ProcessSettings):
    """A process that speaks to NATS."""

    nats_url: str
    nats_user: str
    nats_password: SecretStr


class DatabaseSettings(ProcessSettings):
    """A process with a database of its own."""

    database_url: SecretStr
    """`postgresql://user:password@host:port/database` of the serving role."""
    migration_url: SecretStr | None = None
    """The same of the owning role; read by `migrate` alone."""
    pool_size: int = Field(default=4, ge=1)
    pool_timeout: float = 5.0
    """Seconds a request waits for a connection before it answers 503."""


class ServiceSettings(DatabaseSettings, BusSettings):
    """A service: database, NATS, and reached only with the internal token."""

    internal_key: SecretStr
    offer_ceiling: float = 60.0
    """Longest pause in seconds between two offers of a dispatch."""


def for_documents(kind: type[S]) -> S:
    """Return settings that can build an application but reach nothing: for generating documents."""
    required = {name: field for name, field in kind.model_fields.items() if field.is_required()}
    values = {name: _placeholder(field) for name, field in required.items()}
    return cast("S", kind.model_construct(**values))


def _placeholder(field: FieldInfo) -> Any:
    """Return a value of the field's type that means nothing."""
    if field.annotation is SecretStr:
        return SecretStr("only-for-documents")
    return 0 if field.annotation in {int, float} else "only-for-documents"
