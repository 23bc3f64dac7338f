"""What makes an organisation, an officer and a credential valid. Knows no HTTP, SQL or NATS."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from stdnum.cn import uscc
from zhengshu_contracts.roles import assignable
from zhengshu_contracts.vocabulary import OrganizationKind, PrincipalKind, Role

from zhengshu_catalog.organizations.errors import CodeInvalid, CredentialsWrong, RolesNotAssignable


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


def check_secret(client: Client | None, secret: str) -> None:
    """Refuse a client that is unknown or locked, or whose secret is another, all alike."""
    known = client.digest if client else bytes(32)
    right = hmac.compare_digest(known, digest(secret))
    if client is None or client.locked or not right:
        raise CredentialsWrong
