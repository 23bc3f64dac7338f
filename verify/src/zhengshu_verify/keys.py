"""Ed25519 keys as JWK (RFC 8037), named by their thumbprint (RFC 7638). Reads no file."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Jwk = Mapping[str, Any]


class InvalidKey(ValueError):
    """A text is not the key it should be."""


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(jwk: Jwk, member: str) -> bytes:
    text = jwk.get(member)
    if not isinstance(text, str):
        raise InvalidKey(f"the key has no member {member}")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise InvalidKey(f"member {member} is not base64url") from error


def generate() -> Ed25519PrivateKey:
    """Make a new private key."""
    return Ed25519PrivateKey.generate()


def thumbprint(key: Ed25519PublicKey) -> str:
    """Name a public key by what it is (RFC 7638), so that a name never moves to another key."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": _encode(key.public_bytes_raw())}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return _encode(hashlib.sha256(text.encode()).digest())


def public_jwk(key: Ed25519PublicKey) -> dict[str, str]:
    """Export a public key; `kid` is its thumbprint."""
    x = _encode(key.public_bytes_raw())
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": thumbprint(key), "use": "sig"}


def private_jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    """Export a private key, for a secret store."""
    return public_jwk(key.public_key()) | {"d": _encode(key.private_bytes_raw())}


def jwk_set(keys: Iterable[Ed25519PublicKey]) -> dict[str, list[dict[str, str]]]:
    """Export public keys as a JWK set."""
    return {"keys": [public_jwk(key) for key in keys]}


def load_public(jwk: Jwk | str) -> Ed25519PublicKey:
    """Import a public key from a JWK or its text; a `kid` that is not its thumbprint is refused."""
    if isinstance(jwk, str):
        jwk = _object(jwk)
    if (jwk.get("kty"), jwk.get("crv")) != ("OKP", "Ed25519"):
        raise InvalidKey("only Ed25519 keys are accepted")
    try:
        key = Ed25519PublicKey.from_public_bytes(_decode(jwk, "x"))
    except ValueError as error:
        raise InvalidKey("an Ed25519 key has 32 bytes") from error
    if jwk.get("kid", thumbprint(key)) != thumbprint(key):
        raise InvalidKey("the key's name is not its thumbprint")
    return key


def load_private(jwk: Jwk | str) -> Ed25519PrivateKey:
    """Import a private key from a JWK or its JSON text; both halves must belong together."""
    if isinstance(jwk, str):
        jwk = _object(jwk)
    try:
        key = Ed25519PrivateKey.from_private_bytes(_decode(jwk, "d"))
    except ValueError as error:
        raise InvalidKey("an Ed25519 key has 32 bytes") from error
    if thumbprint(load_public(jwk)) != thumbprint(key.public_key()):
        raise InvalidKey("public and private half do not belong together")
    return key


def load_set(jwks: Mapping[str, Any]) -> dict[str, Ed25519PublicKey]:
    """Import a JWK set by key name; keys of other kinds are passed over, as RFC 7517 asks."""
    ours = [jwk for jwk in jwks.get("keys", []) if jwk.get("crv") == "Ed25519"]
    return {thumbprint(key): key for key in map(load_public, ours)}


def _object(text: str) -> Jwk:
    try:
        jwk = json.loads(text)
    except ValueError as error:
        raise InvalidKey("the key is not JSON") from error
    if not isinstance(jwk, dict):
        raise InvalidKey("the key is not a JSON object")
    return jwk
