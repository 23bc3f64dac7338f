"""Access tokens: issued for client credentials, verified on every request. Ed25519 and nothing else.

Tokens say which client calls; what a client is and may do comes from the policy, never from here.
"""

import asyncio
import base64
import binascii
import hashlib
import time
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import OKPAlgorithm
from zhengshu_chassis import ids
from zhengshu_chassis.errors import DomainError

from zhengshu_gateway.errors import TokenInvalid, UpstreamAway
from zhengshu_gateway.exchange import Exchange
from zhengshu_gateway.feed import Feed
from zhengshu_gateway.known import owner
from zhengshu_gateway.settings import GatewaySettings
from zhengshu_gateway.upstreams import Upstreams

AUDIENCE = "zhengshu"
ALGORITHM = "EdDSA"
TYPE = "at+jwt"
CLAIMS = ["iss", "sub", "aud", "iat", "exp", "jti"]
REMEMBERED = 10_000
LARGEST = 8192
SETTLING = 3.0
"""Seconds a new client's record may take to arrive before its first token."""

Keys = dict[str, Ed25519PublicKey]


class Tokens:
    """Signs with one key, accepts several."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._issuer = settings.issuer
        self.life = settings.token_life
        self._private = private_key(settings.token_key.get_secret_value())
        own = public_jwk(self._private.public_key())
        self._kid = own["kid"]
        accepted = [own, *(named(each) for each in settings.accepted_keys)]
        self._keys: Keys = {each["kid"]: _public_key(each) for each in accepted}
        self.published = accepted + [named(each) for each in settings.published_keys]
        self._seen: dict[str, tuple[str, float]] = {}

    def issue(self, client: str) -> str:
        """Return a new token of a client."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "sub": client,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + self.life,
            "jti": ids.new("t"),
        }
        headers = {"kid": self._kid, "typ": TYPE}
        return jwt.encode(claims, self._private, algorithm=ALGORITHM, headers=headers)

    def client(self, token: str) -> str:
        """Return the client that a genuine, live token names, or raise TokenInvalid."""
        known = self._seen.get(token)
        if known is None:
            known = self._verify(token)
            if len(self._seen) >= REMEMBERED:
                self._seen.clear()
            self._seen[token] = known
        if known[1] <= time.time():
            raise TokenInvalid("令牌已过期")
        return known[0]

    def ends(self, token: str) -> float:
        """Return when a token ends that `client` has just accepted (seconds since 1970)."""
        return self._seen[token][1]

    def _verify(self, token: str) -> tuple[str, float]:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") != TYPE or header.get("alg") != ALGORITHM:
                raise TokenInvalid
            claims = jwt.decode(
                token,
                self._keys[str(header.get("kid"))],
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=self._issuer,
                options={"require": CLAIMS, "strict_aud": True},
            )
        except (jwt.InvalidTokenError, KeyError, ValueError) as error:
            raise TokenInvalid from error
        return str(claims["sub"]), float(claims["exp"])


class TokenError(Exception):
    """An error of RFC 6749, section 5.2."""

    def __init__(self, error: str, title: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.title = title
        self.status = status


class TokenDesk:
    """`POST /oauth2/token` and `GET /.well-known/jwks.json`."""

    def __init__(self, tokens: Tokens, upstreams: Upstreams, feed: Feed) -> None:
        self._tokens = tokens
        self._upstreams = upstreams
        self._feed = feed

    async def issue(self, exchange: Exchange) -> None:
        """Answer a token request."""
        try:
            client = await self._authenticated(*await _request(exchange))
        except TokenError as error:
            await _refuse(exchange, error)
            return
        exchange.client = client
        answer = {
            "access_token": self._tokens.issue(client),
            "token_type": "Bearer",
            "expires_in": self._tokens.life,
        }
        await exchange.json(200, answer, cache_control="no-store", pragma="no-cache")

    async def keys(self, exchange: Exchange) -> None:
        """Publish the keys that tokens are verified with."""
        answer = {"keys": self._tokens.published}
        await exchange.json(200, answer, cache_control="public, max-age=300")

    async def _authenticated(self, client: str, secret: str) -> str:
        """Return the client whose secret this is, once the gateway knows what it may do."""
        body = {"client_id": client, "client_secret": secret}
        path = "/internal/credentials/verification"
        try:
            reply = await self._upstreams.ask(owner(client), "POST", path, body)
        except UpstreamAway as error:
            raise _away() from error
        if reply.status >= 500:
            raise _away()
        if not reply.ok or reply.json().get("client_id") != client:
            raise TokenError("invalid_client", "客户端标识或密钥不正确", 401)
        if not await self._settled(client):
            raise _away()
        if self._feed.known.clients[client].locked:
            raise TokenError("invalid_client", "客户端已停用", 401)
        return client

    async def _settled(self, client: str) -> bool:
        """Wait for a newly registered client's record, so that its first request is not refused."""
        deadline = time.monotonic() + SETTLING
        while client not in self._feed.known.clients:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.05)
        return True


async def _request(exchange: Exchange) -> tuple[str, str]:
    """Return client id and secret of a client-credentials request: HTTP Basic or form, not both."""
    media = (exchange.header(b"content-type") or "").split(";")[0].strip().lower()
    if media != "application/x-www-form-urlencoded":
        raise TokenError("invalid_request", "请求体应为 application/x-www-form-urlencoded")
    try:
        form = dict(parse_qsl((await exchange.body(LARGEST)).decode(), max_num_fields=20))
    except (ValueError, DomainError) as error:
        raise TokenError("invalid_request", "请求体无法读取") from error
    if form.get("grant_type") != "client_credentials":
        raise TokenError("unsupported_grant_type", "只支持 client_credentials")
    basic = exchange.header(b"authorization")
    if basic and "client_secret" in form:
        raise TokenError("invalid_request", "客户端密钥只能用一种方式提交")
    client, secret = _basic(basic) if basic else (form.get("client_id"), form.get("client_secret"))
    if not client or not secret:
        raise TokenError("invalid_client", "缺少客户端标识或密钥", 401)
    return client, secret


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    client, found, secret = text.partition(":")
    if scheme.lower() != "basic" or not found:
        raise TokenError("invalid_client", "Authorization 头无法读取", 401)
    return unquote_plus(client), unquote_plus(secret)


async def _refuse(exchange: Exchange, error: TokenError) -> None:
    """Answer as RFC 6749 says, with the members of a problem beside."""
    body = {
        "error": error.error,
        "error_description": error.title,
        "type": f"/problems/{error.error.replace('_', '-')}",
        "title": error.title,
        "status": error.status,
    }
    more = {"www_authenticate": 'Basic realm="zhengshu"'} if error.status == 401 else {}
    more |= {"retry_after": "5"} if error.status == 503 else {}
    await exchange.json(error.status, body, cache_control="no-store", **more)


def _away() -> TokenError:
    return TokenError("temporarily_unavailable", "身份服务暂不可用,请稍后重试", 503)


def private_key(text: str) -> Ed25519PrivateKey:
    """Read a private key: a JWK, or PEM."""
    if text.lstrip().startswith("-----BEGIN"):
        key: Any = load_pem_private_key(text.encode(), None)
    else:
        key = OKPAlgorithm.from_jwk(text)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("the issuer's key must be a private Ed25519 key")
    return key


def public_jwk(key: Ed25519PublicKey) -> dict[str, Any]:
    """Return a public key as it is published, named by its thumbprint (RFC 7638)."""
    members = orjson.loads(OKPAlgorithm.to_jwk(key))
    return named({name: members[name] for name in ("kty", "crv", "x")})


def named(jwk: dict[str, Any]) -> dict[str, Any]:
    """Add a thumbprint as name, use and algorithm to a public JWK; a private one is refused."""
    if "d" in jwk or jwk.get("crv") != "Ed25519":
        raise ValueError("expected a public Ed25519 key")
    canonical = orjson.dumps({name: jwk[name] for name in ("crv", "kty", "x")})
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).decode().rstrip("=")
    return {"kid": thumbprint, "use": "sig", "alg": ALGORITHM} | jwk


def _public_key(jwk: dict[str, Any]) -> Ed25519PublicKey:
    key = OKPAlgorithm.from_jwk(jwk)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("expected a public Ed25519 key")
    return key
