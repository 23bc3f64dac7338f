"""Signed requests between platforms: the national header form, with the body bound by its digest.

Headers `gjgxjhpt_rid`, `gjgxjhpt_sid`, `gjgxjhpt_rtime` (milliseconds) and `gjgxjhpt_sign` =
Base64(HMAC-SHA256(key, sid + rid + rtime)); with a body, RFC 9530's `Content-Digest` is sent and its
value appended to the signed text.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping

REQUESTER = "gjgxjhpt_rid"
SERVICE = "gjgxjhpt_sid"
TIME = "gjgxjhpt_rtime"
SIGN = "gjgxjhpt_sign"
DIGEST = "Content-Digest"
TOLERANCE = 300.0
"""Seconds a signature is good for, either way."""


class BadSignature(Exception):
    """The request is not from whom it says, not of this moment, or not this body."""


def content_digest(body: bytes | bytearray | memoryview) -> str:
    """Return the Content-Digest of a whole body."""
    return digest_value(hashlib.sha256(body).digest())


def digest_value(sha256: bytes) -> str:
    """Return the Content-Digest that carries a SHA-256 made elsewhere (a streamed body's)."""
    return f"sha-256=:{base64.b64encode(sha256).decode()}:"


def sign(
    key: bytes,
    *,
    requester: str,
    service: str,
    digest: str | None = None,
    now: float | None = None,
) -> dict[str, str]:
    """Return the headers of a signed request; `digest` is the Content-Digest when there is a body."""
    moment = str(int((time.time() if now is None else now) * 1000))
    headers = {REQUESTER: requester, SERVICE: service, TIME: moment}
    headers[SIGN] = _signature(key, requester, service, moment, digest or "")
    return headers | ({DIGEST: digest} if digest else {})


def verify(
    key: bytes, headers: Mapping[str, str], *, body: bytes | None = None, now: float | None = None
) -> str:
    """Return the requester of a genuine, fresh request, or raise BadSignature.

    `headers` is looked up in lower case. Pass `body` when it is at hand: its digest is then checked;
    whoever streams the body MUST compare the digest afterwards.
    """
    found = {name.lower(): value for name, value in headers.items()}
    requester, service, moment, sent = (
        found.get(name, "") for name in (REQUESTER, SERVICE, TIME, SIGN)
    )
    digest = found.get(DIGEST.lower(), "")
    expected = _signature(key, requester, service, moment, digest)
    if not hmac.compare_digest(expected.encode(), sent.encode()):
        raise BadSignature("signature")
    _check_fresh(moment, time.time() if now is None else now)
    if body and not hmac.compare_digest(digest.encode(), content_digest(body).encode()):
        raise BadSignature("digest")
    return requester


def _signature(key: bytes, requester: str, service: str, moment: str, digest: str) -> str:
    text = f"{service}{requester}{moment}{digest}".encode()
    return base64.b64encode(hmac.digest(key, text, "sha256")).decode()


def _check_fresh(moment: str, now: float) -> None:
    try:
        age = now - int(moment) / 1000
    except ValueError as error:
        raise BadSignature("time") from error
    if abs(age) > TOLERANCE:
        raise BadSignature("time")
