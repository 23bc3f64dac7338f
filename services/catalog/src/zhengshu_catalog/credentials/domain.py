"""What makes a key fit, an assertion believable, a signature genuine. Knows no HTTP, SQL or NATS."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from zhengshu_chassis import signature

from zhengshu_catalog.credentials.errors import KeyUnfit
from zhengshu_catalog.organizations.errors import CredentialsWrong

KINDS = {"OKP": ("EdDSA",), "EC": ("ES256",), "RSA": ("RS256", "PS256")}
CURVES = {"OKP": "Ed25519", "EC": "P-256"}
THUMBED = {"OKP": ("crv", "kty", "x"), "EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}
CLAIMS = ["iss", "sub", "aud", "exp", "jti"]
LONGEST = timedelta(minutes=10)
"""An assertion that lives longer than this is refused, so that spent ones need not be kept for long."""


@dataclass(frozen=True, slots=True)
class Spent:
    """A proof that counts once, and when it would be too old anyway."""

    id: str
    ends: datetime


def fit_keys(given: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the keys by kid, each with its one algorithm; KeyUnfit for any that is not fit."""
    return dict(_fit(index, jwk) for index, jwk in enumerate(given))


def _fit(index: int, jwk: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    kind = str(jwk.get("kty"))
    allowed = KINDS.get(kind, ())
    algorithm = str(jwk.get("alg", allowed[0] if allowed else ""))
    if algorithm not in allowed or jwk.get("crv") != CURVES.get(kind):
        raise KeyUnfit(index, "密钥种类或算法不受支持")
    if {"d", "p", "q", "k"} & set(jwk):
        raise KeyUnfit(index, "提交的是私钥")
    public = {name: jwk.get(name) for name in THUMBED[kind]}
    try:
        key = jwt.PyJWK(public, algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise KeyUnfit(index, "公钥无法读取") from error
    if isinstance(key, RSAPublicKey) and key.key_size < 2048:
        raise KeyUnfit(index, "RSA 公钥不足 2048 位")
    kid = str(jwk.get("kid") or _thumbprint(public))
    return kid, public | {"alg": algorithm, "kid": kid}


def _thumbprint(public: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(orjson.dumps(public, option=orjson.OPT_SORT_KEYS)).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def claimed(assertion: str) -> str:
    """Return whom an assertion says it is from, before anything of it is believed."""
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise CredentialsWrong from error
    return str(claims.get("sub"))


def check_assertion(
    assertion: str,
    *,
    client: str,
    keys: Sequence[Mapping[str, Any]],
    audiences: Sequence[str],
    at: datetime,
) -> Spent:
    """Return what must not have been spent yet, or refuse with CredentialsWrong.

    The algorithm is the registered key's, whatever the assertion's header says.
    """
    try:
        header = jwt.get_unverified_header(assertion)
        (jwk,) = [key for key in keys if header.get("kid") in (None, key["kid"])][:1]
        claims = jwt.decode(
            assertion,
            jwt.PyJWK(dict(jwk), jwk["alg"]).key,
            algorithms=[jwk["alg"]],
            audience=list(audiences),
            issuer=client,
            options={"require": CLAIMS},
        )
        ends = datetime.fromtimestamp(claims["exp"], UTC)
    except (jwt.InvalidTokenError, ValueError, OverflowError) as error:
        raise CredentialsWrong from error
    alone = isinstance(claims["aud"], str) or len(claims["aud"]) == 1
    if claims["sub"] != client or not alone or ends - at > LONGEST:
        raise CredentialsWrong
    return Spent(f"jti:{client}:{_digest(str(claims['jti']))}", ends)


def header_key(secret: bytes, client: str, generation: int) -> str:
    """Return the key with which a client signs headers: made again when needed, kept nowhere."""
    text = f"national header signature/{client}/{generation}".encode()
    return base64.urlsafe_b64encode(hmac.digest(secret, text, "sha256")).decode().rstrip("=")


def check_signature(
    keys: Sequence[str], client: str, headers: Mapping[str, str], at: datetime
) -> Spent:
    """Return what must not have been spent yet, or refuse with CredentialsWrong: by each of the keys."""
    if client not in {_signer(key, headers, at) for key in keys}:
        raise CredentialsWrong
    ends = at + timedelta(seconds=2 * signature.TOLERANCE)
    return Spent(f"sign:{client}:{_digest(headers[signature.SIGN])}", ends)


def _signer(key: str, headers: Mapping[str, str], at: datetime) -> str | None:
    try:
        return signature.verify(key.encode(), headers, now=at.timestamp())
    except signature.BadSignature:
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
