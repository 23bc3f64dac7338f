"""What makes an organisation, an officer and a credential valid. Knows no HTTP, SQL or NATS."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from stdnum.cn import uscc
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import assignable, may_assign
from zhengshu_contracts.vocabulary import OrganizationKind, PrincipalKind, Role

from zhengshu_catalog.organizations.errors import (
    CodeInvalid,
    CredentialsWrong,
    OwnLock,
    RolesNotAssignable,
    RolesNotYours,
)


@dataclass(frozen=True, slots=True)
class Client:
    """A system or an officer as a caller: everything that decides whether it may call."""

    id: str
    kind: PrincipalKind
    organization: str
    organization_kind: OrganizationKind
    roles: tuple[Role, ...]
    locked: bool
    opening: bool
    digest: bytes
    """SHA-256 of its secret; the secret has 256 random bits, so a slow hash would add nothing."""
    previous: bytes | None = None
    """Of the secret before, which is good for a while yet, so that nobody has to change both ends at once."""
    previous_until: datetime | None = None
    lock_reason: str | None = None
    not_before: datetime | None = None
    """Access tokens issued earlier are good no more."""
    locked_by: str | None = None
    """Client that locked it, or the vendor whose time ran out."""
    lent: tuple[Role, ...] = ()
    """Roles of those it stands in for, beside its own."""
    standing_in_for: tuple[str, ...] = ()

    @property
    def held(self) -> tuple[Role, ...]:
        """Every role it may act in right now."""
        return (*self.roles, *self.lent)


def reaches(by: Principal, organization: str) -> bool:
    """Tell whether somebody manages an organisation: the node's administrator each, others their own."""
    return Role.ADMINISTRATOR in by.roles or by.organization == organization


def check_manages(by: Principal, roles: Iterable[Role]) -> None:
    """Refuse who may not give these roles: nobody makes, or takes over, an account above their own."""
    if not may_assign(by.roles, roles):
        raise RolesNotYours


def check_code(code: str) -> None:
    """Refuse a unified social credit code whose check digit is wrong (GB 32100)."""
    if not uscc.is_valid(code):
        raise CodeInvalid(code)


def check_roles(roles: Iterable[Role], kind: OrganizationKind) -> None:
    """Refuse roles that may not be held together, or not in such an organisation."""
    if not assignable(roles, kind):
        raise RolesNotAssignable


def digest(secret: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def check_secret(client: Client | None, secret: str, *, at: datetime) -> None:
    """Refuse a client that is unknown or locked, or whose secret is another, all alike."""
    known = client.digest if client else bytes(32)
    right = hmac.compare_digest(known, digest(secret))
    if client and client.previous and client.previous_until and at < client.previous_until:
        right |= hmac.compare_digest(client.previous, digest(secret))
    if client is None or client.locked or not right:
        raise CredentialsWrong


def lock(client: Client, reason: str, *, by: str) -> Client:
    """Lock a client; nobody locks themselves out."""
    if client.id == by:
        raise OwnLock
    return replace(client, locked=True, lock_reason=reason, locked_by=by)


def unlock(client: Client) -> Client:
    """Let a client call again."""
    return replace(client, locked=False, lock_reason=None, locked_by=None)


def reissue(client: Client, secret: str, *, overlap: timedelta, at: datetime) -> Client:
    """Give a client another secret; the old one is good until the overlap is over."""
    return replace(
        client, digest=digest(secret), previous=client.digest, previous_until=at + overlap
    )


def end_tokens(client: Client, at: datetime) -> Client:
    """End every access token that a client was issued before."""
    return replace(client, not_before=max(at, client.not_before or at))
