"""Receipts: a JSON object signed as compact JWS, checked offline against a JWK set.

Knows nothing of what a receipt says. Accepts one algorithm and one type, so that no other token
of the node can pass for a receipt, nor a receipt for a token.
"""

import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt import PyJWS
from jwt.exceptions import PyJWTError

from zhengshu_verify import keys

ALGORITHM = "EdDSA"
TYPE = "zhengshu-receipt+jws"

_jws = PyJWS(algorithms=[ALGORITHM])


class InvalidReceipt(ValueError):
    """A text is not a receipt signed by a key of the set."""


def sign(content: Mapping[str, Any], key: Ed25519PrivateKey) -> str:
    """Sign a receipt."""
    payload = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    headers = {"typ": TYPE, "kid": keys.thumbprint(key.public_key())}
    return _jws.encode(payload.encode(), key, algorithm=ALGORITHM, headers=headers)


def verify(receipt: str, jwks: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a receipt says, or raise InvalidReceipt."""
    try:
        header = _jws.get_unverified_header(receipt)
        if (header.get("alg"), header.get("typ")) != (ALGORITHM, TYPE):
            raise InvalidReceipt("not a receipt: wrong algorithm or type")
        key = keys.load_set(jwks).get(header.get("kid", ""))
        if key is None:
            raise InvalidReceipt("signed by a key that is not in the set")
        content = json.loads(_jws.decode(receipt, key, algorithms=[ALGORITHM]))
    except (PyJWTError, ValueError) as error:
        raise InvalidReceipt(str(error)) from error
    if not isinstance(content, dict):
        raise InvalidReceipt("a receipt is a JSON object")
    return content
