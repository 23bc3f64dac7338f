"""The internal token `Zhengshu-Identity`: who calls and what was decided, sealed by the gateway.

`base64url(json).base64url(hmac-sha256(key, json))`, good for seconds. Services check it on every route
and look the action up in the role matrix again; a route without a guard fails an architecture test.
"""

import base64
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends
from fastapi.dependencies.models import Dependant
from pydantic import SecretStr, ValidationError
from starlette.requests import HTTPConnection, Request
from zhengshu_contracts.identity import Identity
from zhengshu_contracts.roles import Action, admitted

from zhengshu_chassis.errors import Forbidden, Unauthorized

HEADER = "Zhengshu-Identity"


class NoIdentity(Unauthorized):
    """The internal token is missing, forged or expired."""

    slug = "no-identity"
    title = "缺少有效的内部身份"


class NotAdmitted(Forbidden):
    """The caller's roles do not include this action."""

    slug = "not-admitted"
    title = "所持角色不能进行此操作"


def seal(identity: Identity, key: SecretStr | bytes) -> str:
    """Return the token of an identity."""
    text = identity.model_dump_json(exclude_none=True).encode()
    return f"{_encode(text)}.{_encode(_mac(text, key))}"


def unseal(token: str, key: SecretStr | bytes, *, now: datetime | None = None) -> Identity:
    """Return the identity of a genuine, live token, or raise NoIdentity."""
    payload, _, mac = token.partition(".")
    try:
        text, sent = _decode(payload), _decode(mac)
        if not hmac.compare_digest(sent, _mac(text, key)):
            raise NoIdentity
        identity = Identity.model_validate_json(text)
    except (ValueError, ValidationError) as error:
        raise NoIdentity from error
    if identity.expires <= (now or datetime.now(UTC)):
        raise NoIdentity
    return identity


def identify(connection: HTTPConnection) -> Identity:
    """Return who sent this request, checked once; for plain ASGI endpoints too."""
    known = getattr(connection.state, "identity", None)
    if isinstance(known, Identity):
        return known
    key = connection.app.state.resources.settings.internal_key
    identity = unseal(connection.headers.get(HEADER, ""), key)
    connection.state.identity = identity
    return identity


async def caller(request: Request) -> Identity:
    """Return who calls, without asking what they may: only for routes open to every identity."""
    return identify(request)


class Guard:
    """A dependency that lets through what the gateway decided and the role matrix confirms."""

    def __init__(self, *actions: Action) -> None:
        self.actions = frozenset(actions)

    async def __call__(self, request: Request) -> Identity:
        """Check the request: what FastAPI calls."""
        return self.check(request)

    def check(self, connection: HTTPConnection) -> Identity:
        """Return the identity, or raise NoIdentity or NotAdmitted."""
        identity = identify(connection)
        principal = identity.principal
        expected = identity.action in self.actions
        if not expected or not admitted(identity.action, principal.kind, principal.roles):
            raise NotAdmitted(f"此操作需要的权限:{'、'.join(sorted(self.actions))}")
        return identity


def allowed(*actions: Action) -> Any:
    """Return the guard of a route, for `Annotated[Identity, allowed(Action.X)]` or `dependencies=[…]`."""
    return Depends(Guard(*actions))


Caller = Annotated[Identity, Depends(caller)]


def guards(dependant: Dependant) -> Iterator[Guard]:
    """Yield every guard a route depends on, however deep."""
    if isinstance(dependant.call, Guard):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from guards(inner)


def _mac(text: bytes, key: SecretStr | bytes) -> bytes:
    secret = key.get_secret_value().encode() if isinstance(key, SecretStr) else key
    return hmac.digest(secret, text, "sha256")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
