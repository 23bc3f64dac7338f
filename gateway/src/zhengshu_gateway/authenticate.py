"""Who calls: from the access token to the principal that the policy's records describe right now."""

import hmac
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from zhengshu_chassis import signature
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.policy import Writer
from zhengshu_contracts.vocabulary import PrincipalKind

from zhengshu_gateway.errors import (
    ClientLocked,
    ClientUnknown,
    PolicyStale,
    RequestMalformed,
    SignatureInvalid,
    SubjectUnknown,
    TokenInvalid,
    TokenMissing,
    TooManyAtOnce,
    UpstreamAway,
)
from zhengshu_gateway.exchange import Exchange
from zhengshu_gateway.facts import Client
from zhengshu_gateway.feed import Feed
from zhengshu_gateway.known import owner
from zhengshu_gateway.outside import Outside
from zhengshu_gateway.routes import Route
from zhengshu_gateway.tokens import Tokens
from zhengshu_gateway.upstreams import Upstreams


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody known, or the public."""

    principal: Principal
    writers: frozenset[Writer] = frozenset()
    """Whose record says who this is."""
    opener: bool = False
    not_before: float = 0.0
    """Tokens issued earlier (seconds since 1970) are good no more."""

    @property
    def anonymous(self) -> bool:
        """Whether nobody in particular calls."""
        return self.principal.kind is PrincipalKind.PUBLIC


ANONYMOUS = Caller(Principal(id="anonymous", kind=PrincipalKind.PUBLIC))
CLIENTS = frozenset({PrincipalKind.SYSTEM, PrincipalKind.OFFICER, PrincipalKind.APPLICANT})
"""What a client's record may say it is; everything else is not somebody who calls from outside."""


SIGNED_PARTS = {
    "requester": signature.REQUESTER,
    "service": signature.SERVICE,
    "moment": signature.TIME,
    "sign": signature.SIGN,
}
SAID_ONCE = frozenset(
    {b"authorization", b"content-digest", b"zhengshu-grant", b"zhengshu-purpose"}
    | {header.encode() for header in SIGNED_PARTS.values()}
)
"""Headers that say who asks, on what proof and for what: said twice, nobody could tell which was meant."""
LARGEST_SIGNED = 8 * 1024 * 1024
"""Bytes of a signed body, which is read whole before it is believed; larger ones need a token."""
BINDING = 4
"""Signed bodies of one client that are read at the same time."""


class Authenticator:
    """Turns tokens and signatures into callers."""

    def __init__(
        self,
        tokens: Tokens,
        feed: Feed,
        upstreams: Upstreams,
        outside: Outside | None = None,
        claim: str = "sub",
    ) -> None:
        self._tokens = tokens
        self._outside = outside
        self._claim = claim
        self._upstreams = upstreams
        self._feed = feed
        self._binding: Counter[str] = Counter()
        self._callers: dict[str, tuple[Client, Caller]] = {}

    def caller(self, exchange: Exchange, route: Route) -> Caller:
        """Return who calls. Without a token the public, where it is let in; a bad token is refused."""
        header = exchange.header(b"authorization")
        if header is None:
            if route.anonymous:
                return ANONYMOUS
            raise TokenMissing
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise TokenInvalid("Authorization 头应为 Bearer 令牌")
        return self.bearer(token.strip())

    def until(self, header: str) -> float:
        """Return when the token of an Authorization header that was let in ends (seconds since 1970)."""
        return self._tokens.ends(header.partition(" ")[2].strip())

    async def identify(self, exchange: Exchange, route: Route, places: Mapping[str, str]) -> Caller:
        """Return who calls: by token, or by a request signed in the national header form."""
        said = [name for name, _ in exchange.headers if name in SAID_ONCE]
        if len(set(said)) < len(said):
            raise RequestMalformed("身份、签名、授权或用途的请求头重复")
        signed = exchange.header(signature.SIGN.encode()) is not None
        if not signed or exchange.header(b"authorization") is not None:
            if self._outside is not None:
                await self.meet((exchange.header(b"authorization") or "").partition(" ")[2].strip())
            return self.caller(exchange, route)
        return await self._signer(exchange, route, places)

    async def _signer(self, exchange: Exchange, route: Route, places: Mapping[str, str]) -> Caller:
        """Return who signed a request, by catalog's word; its body is held against what was signed."""
        service = places.get("dataset", route.action.value)
        if exchange.header(signature.SERVICE.encode()) != service:
            raise SignatureInvalid(f"请求头 {signature.SERVICE} 应为 {service}")
        digest = exchange.header(signature.DIGEST.lower().encode()) or ""
        if exchange.has_body and not digest:
            raise SignatureInvalid(f"带内容的请求须有 {signature.DIGEST}")
        told = {
            name: exchange.header(header.encode()) or "" for name, header in SIGNED_PARTS.items()
        }
        path = "/internal/credentials/signature"
        reply = await self._upstreams.ask("catalog", "POST", path, told | {"digest": digest})
        if reply.status >= 500:
            raise UpstreamAway("暂时无法核对签名")
        if not reply.ok:
            raise SignatureInvalid("签名不正确、已过期或已使用过")
        caller = self.named(str(reply.json()["client_id"]))
        if exchange.has_body:  # read for those alone whose signature, digest included, was believed
            await self._bind(exchange, digest, caller.principal.id)
        return caller

    async def _bind(self, exchange: Exchange, digest: str, client: str) -> None:
        """Hold a signed request's body against the digest that its signature covers."""
        if self._binding[client] >= BINDING:
            raise TooManyAtOnce(f"同时上传的签名请求至多 {BINDING} 个")
        self._binding[client] += 1
        try:
            body = await exchange.body(LARGEST_SIGNED)
        finally:
            self._binding[client] -= 1
        if not hmac.compare_digest(signature.content_digest(body).encode(), digest.encode()):
            raise SignatureInvalid("请求体与 Content-Digest 不符")
        exchange.put_back(body)

    def recognises(self, exchange: Exchange) -> bool:
        """Tell whether a token was seen before, so that nothing needs to be worked out for it."""
        header = exchange.header(b"authorization") or ""
        return self._tokens.knows(header.partition(" ")[2].strip())

    async def meet(self, token: str) -> None:
        """Have a token of the issuer outside verified and its client found, once; `bearer` knows it then."""
        outside = self._outside
        if outside is None or self._tokens.knows(token) or not outside.issued(token):
            return
        claims = await outside.access(token)
        subject = str(claims.get(self._claim, ""))
        body = {"issuer": outside.issuer, "subject": subject}
        path = "/internal/credentials/subject"
        reply = await self._upstreams.ask("catalog", "POST", path, body)
        if reply.status >= 500:
            raise UpstreamAway("暂时无法核对外部身份")
        if not reply.ok:
            raise SubjectUnknown(subject)
        client = str(reply.json()["client_id"])
        ends, issued = float(claims["exp"]), float(claims["iat"])
        self._tokens.remember(token, (client, ends, issued))

    def bearer(self, token: str) -> Caller:
        """Return the client that a token names, or raise why nobody is let in with it."""
        caller = self.named(self._tokens.client(token))
        if caller.not_before and self._tokens.issued(token) < caller.not_before:
            raise TokenInvalid("令牌已作废:已退出登录,或凭证已更换")
        return caller

    def named(self, name: str) -> Caller:
        """Return a client as it is known right now, or raise that it is unknown or locked."""
        client = self._feed.known.clients.get(name)
        if client is None:
            if not self._feed.fresh((owner(name),)):
                raise PolicyStale("暂时无法确认客户端身份")
            raise ClientUnknown("令牌所指的客户端没有登记")
        if client.locked:
            raise ClientLocked("该客户端已被停用,请联系主管部门")
        known = self._callers.get(name)
        if known is None or known[0] is not client:
            known = self._callers[name] = (client, caller_of(client))
        return known[1]


def caller_of(client: Client) -> Caller:
    """Return the caller that a client's record describes."""
    if client.kind not in CLIENTS:
        raise ClientUnknown("客户端登记有误")
    principal = Principal(
        id=client.id,
        kind=client.kind,
        organization=client.organization,
        organization_kind=client.organization_kind,
        roles=frozenset(client.roles),
        standing_in_for=client.standing_in_for,
    )
    return Caller(principal, frozenset({owner(client.id)}), client.opening, not_before(client))


def not_before(client: Client) -> float:
    """Return when a token must have been issued at the earliest (seconds since 1970)."""
    return client.not_before.timestamp() if client.not_before else 0.0
