"""NATS keys and the JWTs signed with them: the dialect of the auth callout. Knows no policy.

An nkey is Base32 of a type byte, the key and a CRC-16; a NATS JWT is a JWT whose algorithm is
`ed25519-nkey` and whose issuer is the public nkey itself.
"""

import base64
import binascii
import time
import uuid
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SEED = 18 << 3
ACCOUNT = 0
HEADER = orjson.dumps({"typ": "JWT", "alg": "ed25519-nkey"})


class Issuer:
    """The account key that the server trusts to say who a user is (`auth_callout.issuer`)."""

    def __init__(self, seed: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(_unsealed(seed))
        self.public = nkey(ACCOUNT, self._key.public_key().public_bytes_raw())

    def sign(self, claims: dict[str, Any]) -> str:
        """Return a signed JWT with these claims."""
        told = {"jti": uuid.uuid4().hex, "iat": int(time.time()), "iss": self.public} | claims
        text = f"{_base64(HEADER)}.{_base64(orjson.dumps(told))}"
        return f"{text}.{_base64(self._key.sign(text.encode()))}"


def claims(token: bytes) -> dict[str, Any]:
    """Read a JWT's claims without asking who signed it; ValueError when it is none."""
    try:
        body = token.split(b".")[1]
        read = orjson.loads(base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4)))
    except (IndexError, ValueError) as error:
        raise ValueError("not a JWT") from error
    if not isinstance(read, dict):
        raise ValueError("a JWT's claims are an object")
    return read


def nkey(kind: int, key: bytes) -> str:
    """Return the text form of a public key."""
    body = bytes([kind]) + key
    return base64.b32encode(body + _checksum(body)).decode().rstrip("=")


def _unsealed(seed: str) -> bytes:
    """Return the private key in an account's seed (`SA…`)."""
    raw = base64.b32decode(seed + "=" * (-len(seed) % 8))
    body, checksum = raw[:-2], raw[-2:]
    if len(body) != 34 or checksum != _checksum(body) or body[0] != SEED or body[1] != ACCOUNT:
        raise ValueError("the issuer of integrators must be an account seed (SA…)")
    return body[2:]


def _checksum(body: bytes) -> bytes:
    return binascii.crc_hqx(body, 0).to_bytes(2, "little")


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
