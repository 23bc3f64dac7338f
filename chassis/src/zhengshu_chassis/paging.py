"""Keyset cursors: where a list continues, unreadable and unforgeable. Standard library only."""

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

_NONCE = 12
_TAG = 16


class BadCursor(ValueError):
    """The cursor is not ours, was changed, or belongs to another list."""


class Cursors:
    """Seals positions with a key: HMAC-SHA256 as the keystream, then as the tag over all of it."""

    def __init__(self, key: bytes | str) -> None:
        secret = key.encode() if isinstance(key, str) else key
        self._cipher = hmac.digest(secret, b"cursor-cipher", "sha256")
        self._mac = hmac.digest(secret, b"cursor-mac", "sha256")

    def seal(self, purpose: str, position: Any) -> str:
        """Return the cursor of a JSON position; `purpose` names the list (route, filter, caller)."""
        nonce = secrets.token_bytes(_NONCE)
        plain = json.dumps(position, separators=(",", ":"), ensure_ascii=False).encode()
        body = nonce + self._mask(nonce, plain)
        sealed = body + self._tag(purpose, body)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, purpose: str, cursor: str) -> Any:
        """Return the position a cursor holds, or raise BadCursor."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except ValueError as error:
            raise BadCursor(cursor) from error
        body, tag = raw[:-_TAG], raw[-_TAG:]
        if len(body) < _NONCE or not hmac.compare_digest(tag, self._tag(purpose, body)):
            raise BadCursor(cursor)
        return json.loads(self._mask(body[:_NONCE], body[_NONCE:]))

    def _tag(self, purpose: str, body: bytes) -> bytes:
        scope = hashlib.sha256(purpose.encode()).digest()
        return hmac.digest(self._mac, scope + body, "sha256")[:_TAG]

    def _mask(self, nonce: bytes, text: bytes) -> bytes:
        blocks = range(0, len(text), 32)
        stream = b"".join(
            hmac.digest(self._cipher, nonce + block.to_bytes(4, "big"), "sha256")
            for block in blocks
        )
        return bytes(a ^ b for a, b in zip(text, stream, strict=False))
