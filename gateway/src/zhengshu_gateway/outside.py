"""An OIDC issuer outside: its keys, kept fresh within bounds, and what it signed. Knows no client.

Its keys decide the algorithm, never a token's header; without keys that are fresh enough nothing is believed.
"""

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NoReturn
from urllib.parse import urlsplit

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pyreqwest.client import Client
from pyreqwest.exceptions import RequestError
from pyreqwest.request import RequestBuilder
from zhengshu_chassis.telemetry import log

from zhengshu_gateway.errors import IssuerAway, TokenInvalid
from zhengshu_gateway.settings import GatewaySettings
from zhengshu_gateway.upstreams import client

WELL_KNOWN = "/.well-known/openid-configuration"
ALGORITHMS = {("RSA", None): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}
SHORTEST_RSA = 2048
PATIENCE = timedelta(seconds=5)
LEEWAY = 5
"""Seconds that the issuer's clock may be ahead of ours."""
REQUIRED = ["iss", "sub", "aud", "iat", "exp"]
Key = tuple[Any, str]
"""A public key and its one algorithm."""


class Outside:
    """The issuer of the settings. Its configuration and keys are fetched when first needed."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.issuer = settings.oidc_issuer or ""
        self._check(self.issuer)
        self._audience = settings.oidc_audience
        self._settings = settings
        self._client: Client = client(PATIENCE.total_seconds(), settings.oidc_ca)
        self._keys: dict[str, Key] = {}
        self._told: dict[str, Any] = {}
        self._fetched = self._tried = float("-inf")
        self._lock = asyncio.Lock()

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()

    def issued(self, token: str) -> bool:
        """Tell whether a token says that it is this issuer's; nothing of it is believed yet."""
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except (jwt.InvalidTokenError, ValueError):
            return False
        return bool(claims.get("iss") == self.issuer)

    async def access(self, token: str) -> dict[str, Any]:
        """Return the claims of a genuine, live access token for this node, or raise TokenInvalid."""
        if self._audience is None:
            raise TokenInvalid("本节点不接受该签发者的访问令牌")
        return await self._verified(token, self._audience)

    async def identity(self, token: str, nonce: str) -> dict[str, Any]:
        """Return the claims of the ID token that answers this nonce, or raise TokenInvalid."""
        asked_by = self._settings.oidc_client_id or ""
        claims = await self._verified(token, asked_by)
        alone = isinstance(claims["aud"], str) or len(claims["aud"]) == 1
        if claims.get("nonce") != nonce or claims.get("azp", alone and asked_by) != asked_by:
            raise TokenInvalid("身份令牌不是为本次登录签发")
        return claims

    async def place(self, name: str) -> str:
        """Return one of the issuer's addresses, or raise IssuerAway."""
        await self._refresh_if(not self._told)
        address = str(self._told.get(name, ""))
        if not address:
            raise IssuerAway
        return address

    async def exchange(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Return what the issuer gives for a code, or raise TokenInvalid."""
        secret = self._settings.oidc_client_secret
        request = self._client.post(await self.place("token_endpoint")).form(dict(form))
        if secret is not None:
            name = self._settings.oidc_client_id or ""
            request = request.basic_auth(name, secret.get_secret_value())
        status, told = await self._send(request)
        if status >= 500:
            raise IssuerAway
        if status != 200 or not isinstance(told, dict):
            raise TokenInvalid("授权码已失效或已使用")
        return told

    async def _verified(self, token: str, audience: str) -> dict[str, Any]:
        try:
            key, algorithm = await self._key(str(jwt.get_unverified_header(token).get("kid")))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=audience,
                issuer=self.issuer,
                leeway=LEEWAY,
                options={"require": REQUIRED},
            )
        except (jwt.InvalidTokenError, ValueError) as error:
            raise TokenInvalid("令牌已过期、不是发给本节点的,或不是该签发者签发") from error
        if claims["exp"] <= time.time():  # the leeway is for clocks that are ahead
            raise TokenInvalid("令牌已过期")
        return claims

    async def _key(self, kid: str) -> Key:
        """Return a key by its name. Names that are not known are asked for, but not at every request."""
        old = time.monotonic() - self._fetched > self._settings.oidc_refresh
        await self._refresh_if(kid not in self._keys or (old and not self._lock.locked()))
        if time.monotonic() - self._fetched > self._settings.oidc_keys_last:
            raise IssuerAway
        found = self._keys.get(kid)
        if found is None:
            raise TokenInvalid("令牌的签名密钥不是该签发者公布的")
        return found

    async def _refresh_if(self, needed: bool) -> None:
        if not needed:
            return
        asked = time.monotonic()
        async with self._lock:
            due = time.monotonic() - self._tried >= self._settings.oidc_retry
            if self._tried >= asked or not due:
                return
            self._tried = time.monotonic()
            try:
                self._told, self._keys = await self._fetch()
                self._fetched = time.monotonic()
            except (IssuerAway, ValueError) as error:
                log.warning("oidc.away", issuer=self.issuer, exc_info=error)

    async def _fetch(self) -> tuple[dict[str, Any], dict[str, Key]]:
        told = await self._get(self.issuer.rstrip("/") + WELL_KNOWN)
        if told.get("issuer") != self.issuer:
            _wrong("the configuration names another issuer")
        for name in ("jwks_uri", "token_endpoint", "authorization_endpoint"):
            if name in told:
                self._check(str(told[name]))
        published = await self._get(str(told.get("jwks_uri")))
        return told, usable(published, self._settings.oidc_algorithms)

    async def _get(self, url: str) -> dict[str, Any]:
        status, told = await self._send(self._client.get(url))
        if status != 200 or not isinstance(told, dict):
            raise IssuerAway
        return told

    async def _send(self, request: RequestBuilder) -> tuple[int, Any]:
        try:
            response = await request.timeout(PATIENCE).build().send()
            return response.status, orjson.loads(bytes(await response.bytes()))
        except orjson.JSONDecodeError:
            return response.status, None
        except RequestError as error:
            raise IssuerAway from error

    @staticmethod
    def _check(address: str) -> None:
        """Refuse an address that anybody on the way could answer for."""
        place = urlsplit(address)
        near = place.hostname in {"127.0.0.1", "::1", "localhost"}
        if place.scheme != "https" and not (place.scheme == "http" and near):
            _wrong(f"an OIDC issuer is reached by https: {address}")


def usable(published: Mapping[str, Any], algorithms: tuple[str, ...]) -> dict[str, Key]:
    """Return the keys by name that sign with an algorithm the node allows; others are passed over."""
    found = {}
    for jwk in published.get("keys", ()):
        algorithm = ALGORITHMS.get((jwk.get("kty"), jwk.get("crv")))
        fits = algorithm in algorithms and jwk.get("alg", algorithm) == algorithm
        if not fits or algorithm is None or jwk.get("use", "sig") != "sig" or not jwk.get("kid"):
            continue
        try:
            key = jwt.PyJWK(jwk, algorithm).key
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        if not isinstance(key, RSAPublicKey) or key.key_size >= SHORTEST_RSA:
            found[str(jwk["kid"])] = (key, algorithm)
    return found


def _wrong(why: str) -> NoReturn:
    raise ValueError(why)
