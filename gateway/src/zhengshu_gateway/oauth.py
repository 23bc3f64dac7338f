"""OAuth 2: how a client's proof becomes an access token. Keeps nothing: owners of credentials judge proofs.

A proof is a secret (HTTP Basic or form) or an assertion signed with a registered key (RFC 7523).
"""

import asyncio
import base64
import binascii
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import jwt
from zhengshu_chassis.errors import DomainError

from zhengshu_gateway.errors import UpstreamAway
from zhengshu_gateway.exchange import Exchange
from zhengshu_gateway.feed import Feed
from zhengshu_gateway.known import owner
from zhengshu_gateway.tokens import Tokens
from zhengshu_gateway.upstreams import Reply, Upstreams

LARGEST = 16384
SETTLING = 3.0
"""Seconds a new client's record may take to arrive before its first token."""
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
Form = dict[str, str]
Granted = tuple[str, dict[str, Any]]
"""A client, and what its answer holds beside the access token."""


class TokenError(Exception):
    """An error of RFC 6749, section 5.2."""

    def __init__(self, error: str, title: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.title = title
        self.status = status


@dataclass(frozen=True, slots=True)
class Proof:
    """What a client shows, and where its owner judges it."""

    client: str
    path: str
    body: dict[str, Any]


class TokenDesk:
    """`POST /oauth2/token` and `GET /.well-known/jwks.json`."""

    def __init__(self, tokens: Tokens, upstreams: Upstreams, feed: Feed, issuer: str) -> None:
        self._tokens = tokens
        self._upstreams = upstreams
        self._feed = feed
        self._audiences = [issuer, f"{issuer.rstrip('/')}/oauth2/token"]
        self.grants: dict[str, Callable[[Form], Awaitable[Granted]]] = {}
        """Kinds of grant beside client credentials, told by whoever serves them."""

    async def issue(self, exchange: Exchange) -> None:
        """Answer a token request."""
        began = time.time()
        try:
            form = await read(exchange)
            client, more = await self._granted(exchange, form)
            await self._known(client)
        except TokenError as error:
            await refuse(exchange, error)
            return
        exchange.client = client
        answer = {
            "access_token": self._tokens.issue(client, began),
            "token_type": "Bearer",
            "expires_in": self._tokens.life,
        }
        await exchange.json(200, answer | more, cache_control="no-store", pragma="no-cache")

    async def keys(self, exchange: Exchange) -> None:
        """Publish the keys that tokens are verified with."""
        answer = {"keys": self._tokens.published}
        await exchange.json(200, answer, cache_control="public, max-age=300")

    async def _granted(self, exchange: Exchange, form: Form) -> Granted:
        kind = form.get("grant_type", "")
        if kind in self.grants:
            return await self.grants[kind](form)
        if kind != "client_credentials":
            raise TokenError("unsupported_grant_type", "不支持这种授权方式")
        proof = proof_of(form, exchange.header(b"authorization"), self._audiences)
        await self.judged(proof)
        return proof.client, {}

    async def judged(self, proof: Proof) -> None:
        """Have a proof judged by whoever keeps the credential; TokenError when it is none."""
        reply = await self.ask(owner(proof.client), proof.path, proof.body)
        if not reply.ok or reply.json().get("client_id") != proof.client:
            raise TokenError("invalid_client", "客户端标识或密钥不正确", 401)

    async def ask(self, service: str, path: str, body: Any) -> Reply:
        """Ask the owner of credentials; one that fails is no permission."""
        try:
            reply = await self._upstreams.ask(service, "POST", path, body)
        except UpstreamAway as error:
            raise _away() from error
        if reply.status >= 500:
            raise _away()
        return reply

    async def _known(self, client: str) -> None:
        """Wait for a newly registered client's record, so that its first request is not refused."""
        deadline = time.monotonic() + SETTLING
        while client not in self._feed.known.clients:
            if time.monotonic() > deadline:
                raise _away()
            await asyncio.sleep(0.05)
        if self._feed.known.clients[client].locked:
            raise TokenError("invalid_client", "客户端已停用", 401)


async def read(exchange: Exchange) -> Form:
    """Return the form of a request."""
    media = (exchange.header(b"content-type") or "").split(";")[0].strip().lower()
    if media != "application/x-www-form-urlencoded":
        raise TokenError("invalid_request", "请求体应为 application/x-www-form-urlencoded")
    try:
        pairs = parse_qsl((await exchange.body(LARGEST)).decode(), max_num_fields=20)
    except (ValueError, DomainError) as error:
        raise TokenError("invalid_request", "请求体无法读取") from error
    if len(dict(pairs)) != len(pairs):
        raise TokenError("invalid_request", "参数重复")
    return dict(pairs)


def proof_of(form: Form, basic: str | None, audiences: list[str]) -> Proof:
    """Return what a client shows: exactly one kind of proof."""
    shown = [bool(basic), "client_secret" in form, "client_assertion" in form]
    if sum(shown) > 1:
        raise TokenError("invalid_request", "客户端凭证只能用一种方式提交")
    if "client_assertion" in form:
        return _asserted(form, audiences)
    client, secret = _basic(basic) if basic else (form.get("client_id"), form.get("client_secret"))
    if not client or not secret:
        raise TokenError("invalid_client", "缺少客户端标识或密钥", 401)
    body = {"client_id": client, "client_secret": secret}
    return Proof(client, "/internal/credentials/verification", body)


def _asserted(form: Form, audiences: list[str]) -> Proof:
    """Return an assertion with whom it says it is from; its owner believes nothing of that unverified."""
    if form.get("client_assertion_type") != ASSERTION:
        raise TokenError("invalid_request", f"client_assertion_type 应为 {ASSERTION}")
    assertion = form["client_assertion"]
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError) as error:
        raise TokenError("invalid_client", "客户端断言无法读取", 401) from error
    client = str(claims.get("sub"))
    if form.get("client_id", client) != client:
        raise TokenError("invalid_client", "客户端标识与断言不一致", 401)
    body = {"assertion": assertion, "audiences": audiences}
    return Proof(client, "/internal/credentials/assertion", body)


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


async def refuse(exchange: Exchange, error: TokenError) -> None:
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
