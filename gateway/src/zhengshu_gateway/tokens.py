"""Access tokens: issued for client credentials, verified on every request. Ed25519 and nothing else.

Tokens say which client calls; what a client is and may do comes from the policy, never from here.
"""

import base64
import hashlib
import time
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import OKPAlgorithm
from zhengshu_chassis import ids

from zhengshu_gateway.errors import TokenInvalid
from zhengshu_gateway.settings import GatewaySettings

AUDIENCE = "zhengshu"
ALGORITHM = "EdDSA"
TYPE = "at+jwt"
CLAIMS = ["iss", "sub", "aud", "iat", "exp", "jti"]
REMEMBERED = 10_000

Keys = dict[str, Ed25519PublicKey]
Seen = tuple[str, float, float]
"""Whom a verified token names, when it ends and when it was issued (seconds since 1970)."""


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
        self._seen: dict[str, Seen] = {}

    def issue(self, client: str, proven: float | None = None) -> str:
        """Return a new token of a client that began to prove itself at a time (seconds since 1970).

        It counts as issued then: what ends a client's tokens meanwhile ends this one, too.
        """
        now = time.time() if proven is None else proven
        claims = {
            "iss": self._issuer,
            "sub": client,
            "aud": AUDIENCE,
            "iat": now,
            "exp": int(now) + self.life,
            "jti": ids.new("t"),
        }
        headers = {"kid": self._kid, "typ": TYPE}
        return jwt.encode(claims, self._private, algorithm=ALGORITHM, headers=headers)

    def seal(self, claims: dict[str, str], kind: str, life: int) -> str:
        """Return claims under the issuer's key, of a kind that is no access token."""
        told = claims | {"exp": int(time.time()) + life}
        headers = {"kid": self._kid, "typ": kind}
        return jwt.encode(told, self._private, algorithm=ALGORITHM, headers=headers)

    def unseal(self, sealed: str, kind: str) -> dict[str, str]:
        """Return the claims of a genuine, live seal of this kind, or raise TokenInvalid."""
        try:
            if jwt.get_unverified_header(sealed).get("typ") != kind:
                raise TokenInvalid
            own = self._keys[self._kid]
            claims: dict[str, str] = jwt.decode(
                sealed, own, algorithms=[ALGORITHM], options={"require": ["exp"]}
            )
        except (jwt.InvalidTokenError, ValueError) as error:
            raise TokenInvalid from error
        return claims

    def client(self, token: str) -> str:
        """Return the client that a genuine, live token names, or raise TokenInvalid."""
        known = self._seen.get(token)
        if known is None:
            known = self.remember(token, self._verify(token))
        if known[1] <= time.time():
            raise TokenInvalid("令牌已过期")
        return known[0]

    def issued(self, token: str) -> float:
        """Return when a token was issued that `client` has just accepted (seconds since 1970)."""
        return self._seen[token][2]

    def knows(self, token: str) -> bool:
        """Tell whether a token was seen before."""
        return token in self._seen

    def remember(self, token: str, verified: Seen) -> Seen:
        """Keep what a verified token says, so that it need not be verified again."""
        if len(self._seen) >= REMEMBERED:
            self._seen.clear()
        self._seen[token] = verified
        return verified

    def ends(self, token: str) -> float:
        """Return when an accepted token ends (seconds since 1970); 0 when it is not remembered any more."""
        known = self._seen.get(token)
        return known[1] if known is not None else 0.0

    def _verify(self, token: str) -> Seen:
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
        return str(claims["sub"]), float(claims["exp"]), float(claims["iat"])


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
