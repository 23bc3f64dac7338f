"""match → authenticate → decide → record → forward: every request, in this order, in this place."""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import unquote

from starlette.types import Receive, Scope, Send
from zhengshu_chassis import auth, signature
from zhengshu_chassis.errors import DomainError, Unauthorized
from zhengshu_chassis.problems import Internal
from zhengshu_chassis.telemetry import continue_trace, log
from zhengshu_contracts.access import AccessOutcome
from zhengshu_contracts.identity import Identity
from zhengshu_contracts.roles import Action, admitted
from zhengshu_contracts.vocabulary import Mode, Origin

from zhengshu_gateway import cache
from zhengshu_gateway.accesses import Access, Accesses
from zhengshu_gateway.authenticate import ANONYMOUS, Authenticator, Caller
from zhengshu_gateway.broker import Broker
from zhengshu_gateway.cache import Page, Pages, Versions
from zhengshu_gateway.decisions import Decisions, Question, requested
from zhengshu_gateway.errors import (
    DecisionChanged,
    HeadersTooLarge,
    NotProvider,
    PolicyStale,
    RateExceeded,
    RequestMalformed,
    RoleNotAdmitted,
)
from zhengshu_gateway.exchange import LARGEST_HEADERS, Exchange, Gone, raw
from zhengshu_gateway.feed import Feed
from zhengshu_gateway.forward import FALLEN, PASSED_IN, Ending, Forwarder
from zhengshu_gateway.limits import Limits, Turns
from zhengshu_gateway.report import report
from zhengshu_gateway.routes import BARE, Kind, Route, Routes
from zhengshu_gateway.standing import Standings
from zhengshu_gateway.upstreams import VOUCHED, Upstreams

Own = Callable[[Exchange, Caller], Awaitable[None]]
Places = Mapping[str, str]
LASTING = frozenset({"bulk", "push"})
"""Classes that take as long as their callers do, and have places of their own at the services."""
LONGEST_GRANT = 100
LONGEST_PURPOSE = 500
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
PROOFS = frozenset({b"authorization", signature.SIGN.encode()})


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The ASGI application behind every route of the table."""

    routes: Routes
    authenticator: Authenticator
    accesses: Accesses
    feed: Feed
    upstreams: Upstreams
    forwarder: Forwarder
    broker: Broker
    limits: Limits
    turns: Turns
    versions: Versions
    pages: Pages
    decisions: Decisions
    standings: Standings
    own: Mapping[Kind, Own]
    """What the gateway answers itself, by kind of route."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = Exchange(scope, receive, send)
        continue_trace(exchange.header(b"traceparent"))
        try:
            await self._serve(exchange)
        except DomainError as refusal:
            if isinstance(refusal, Unauthorized):
                self.limits.count("failed", exchange.address)
            await _refuse(exchange, refusal)
        except Gone:
            exchange.status = exchange.status or 499
        except Exception as error:  # noqa: BLE001 - the boundary: nothing may leave but a problem
            log.error("request.crashed", path=exchange.path, exc_info=error)
            await _refuse(exchange, Internal("请求未能完成,请凭追踪号报障"))
        finally:
            report(exchange)

    async def _serve(self, exchange: Exchange) -> None:
        if sum([len(name) + len(value) for name, value in exchange.headers]) > LARGEST_HEADERS:
            raise HeadersTooLarge(f"请求头合计至多 {LARGEST_HEADERS} 字节")
        route, places = self.routes.match(exchange.method, exchange.path)
        exchange.route = route
        caller = ANONYMOUS
        if route.kind not in BARE:
            if self.limits.spent("failed", exchange.address):
                self._hold_off(exchange)
            caller = await self.authenticator.identify(exchange, route, places)
        exchange.client = caller.principal.id
        kind = _class_of(route, caller)
        who = exchange.address if caller.anonymous else caller.principal.id
        exchange.extra += self.limits.take(kind, who)
        with self.limits.running(kind, who):
            await self._answer(exchange, route, places, caller)

    def _hold_off(self, exchange: Exchange) -> None:
        """Read no new proof from an address of so many bad ones; who is known, and the public, go on."""
        proven = any(name in PROOFS for name, _ in exchange.headers)
        if proven and not self.authenticator.recognises(exchange):
            raise RateExceeded("来自此地址的无效凭证过多", headers={"Retry-After": "1"})

    async def _answer(
        self, exchange: Exchange, route: Route, places: Places, caller: Caller
    ) -> None:
        if route.kind is Kind.DATA:
            await self._data(exchange, route, places, caller)
            return
        self._admit(route, places, caller)
        if route.kind in self.own:
            await self.own[route.kind](exchange, caller)
        else:
            await self._control(exchange, route, places, caller)

    async def _data(self, exchange: Exchange, route: Route, places: Places, caller: Caller) -> None:
        """Let rows out: decided, recorded, then forwarded, and cut when the decision falls."""
        dataset, grant = places["dataset"], exchange.header(b"zhengshu-grant")
        if grant is not None and len(grant) > LONGEST_GRANT:
            raise RequestMalformed("Zhengshu-Grant 应为授权标识")
        columns = requested(exchange.query)
        purpose = _purpose(exchange)
        if route.mode is Mode.VERIFY and self.limits.spent("mismatch", caller.principal.id):
            raise RateExceeded("核验不符的次数过多,请核对后再试", headers={"Retry-After": "60"})
        question = Question(
            caller, route.action, route.mode, dataset, columns, grant, purpose, exchange.query
        )
        access = await self.accesses.open(question, address=exchange.address)
        exchange.decision, exchange.record = access.decision, access.record
        exchange.extra += raw([("zhengshu-record", access.record)])
        ending = FALLEN
        try:
            ending = await self._forward(exchange, route, access)
            if route.mode is Mode.VERIFY and not ending.rows:
                self.limits.count("mismatch", caller.principal.id)
        except DomainError as refusal:
            ending = replace(FALLEN, status=refusal.status)
            raise
        finally:
            self.accesses.close(access, ending)

    async def _forward(self, exchange: Exchange, route: Route, access: Access) -> Ending:
        going = self.accesses.watch(access)
        dataset = self.feed.known.datasets.get(access.question.dataset)
        if dataset is not None and dataset.origin is Origin.MUNICIPAL:
            code = dataset.municipal_code or ""
            with self.accesses.running(access):
                return await self.broker.read(exchange, code, access, mode=route.mode, going=going)
        asked = self.pages.asked(exchange, access)
        if asked is None:
            return await self._ask(exchange, route, access, going)
        page = self.pages.find(asked)
        if page is not None:
            if not going():
                raise DecisionChanged("请求期间授权信息有变更")
            return await self._send(exchange, access, page)
        copy = exchange.copy = self.pages.copy(asked)
        ending = await self._ask(exchange, route, access, going)
        if ending.outcome is AccessOutcome.COMPLETE:
            self.pages.keep(asked, copy)
        return ending

    async def _send(self, exchange: Exchange, access: Access, page: Page) -> Ending:
        """Send a kept page, and remember that it is the answer to this request."""
        caller, token = access.question.caller, exchange.header(b"authorization")
        headers, ending = cache.whole(page, exchange.header(b"if-none-match"))
        await exchange.whole(ending.status, headers, page.body[: ending.bytes])
        if token is not None and not caller.anonymous:
            period = self.decisions.until(access.question).timestamp()
            until = min(self.authenticator.until(token), period)
            self.standings.keep(exchange, access, page, (headers, ending), until)
        return ending

    async def _ask(
        self, exchange: Exchange, route: Route, access: Access, going: Callable[[], bool]
    ) -> Ending:
        async with self._turn(route, access.question.caller):
            told = {auth.HEADER: self.upstreams.vouch(route.to, access.identity())}
            url = self._url(exchange, route)
            with self.accesses.running(access):
                return await self.forwarder.send(exchange, url, told, going=going, most=access.most)

    def _turn(self, route: Route, caller: Caller) -> AbstractAsyncContextManager[None]:
        """Return what to hold while a service works: a known caller's turn, where that is short."""
        if caller.anonymous or _class_of(route, caller) in LASTING:
            return nullcontext()
        return self.turns.turn(route.to, caller.principal.id)

    async def _control(
        self, exchange: Exchange, route: Route, places: Places, caller: Caller
    ) -> None:
        async with self._turn(route, caller):
            await self._pass(exchange, route, places, caller)

    async def _pass(self, exchange: Exchange, route: Route, places: Places, caller: Caller) -> None:
        identity = Identity.model_construct(
            principal=caller.principal,
            action=route.action,
            dataset=places.get("dataset"),
            expires=datetime.now(UTC) + VOUCHED,
        )
        if route.action is Action.DATASET_PUSH:
            exchange.copy = self.versions.watch(places["dataset"])
        told = {auth.HEADER: self.upstreams.vouch(route.to, identity)}
        await self.forwarder.send(exchange, self._url(exchange, route), told, passing=PASSED_IN)

    def _admit(self, route: Route, places: Places, caller: Caller) -> None:
        """Hold the caller against the role matrix, on a record that is fresh enough."""
        principal = caller.principal
        if route.kind in BARE:
            return
        if not admitted(route.action, principal.kind, principal.roles):
            raise RoleNotAdmitted(f"此操作需要的权限:{route.title}")
        if not route.admit_stale and not self.feed.vouched(caller.writers):
            raise PolicyStale("暂时无法确认客户端身份")
        if route.action is Action.DATASET_PUSH:
            dataset = self.feed.known.datasets.get(places["dataset"])
            if dataset is not None and dataset.provider != principal.organization:
                raise NotProvider

    def _url(self, exchange: Exchange, route: Route) -> str:
        query = f"?{exchange.query.decode('latin-1')}" if exchange.query else ""
        return self.upstreams.url(route.to, exchange.path + query)


def _purpose(exchange: Exchange) -> str | None:
    """Return what the caller says it reads for."""
    stated = exchange.header(b"zhengshu-purpose")
    if not stated:
        return None
    purpose = unquote(stated).strip()
    if len(purpose) > LONGEST_PURPOSE:
        raise RequestMalformed(f"用途(Zhengshu-Purpose)至多 {LONGEST_PURPOSE} 字")
    if CONTROL.search(purpose):  # no database keeps a NUL: the ledger would lose the record
        raise RequestMalformed("用途(Zhengshu-Purpose)不能含有控制字符")
    return purpose or None


def _class_of(route: Route, caller: Caller) -> str:
    """Return the class of a request: who is not known, what is quick, what runs for long, and the rest."""
    if route.kind is Kind.CALLBACK:  # proven by its signature: the Commission's, in bursts
        return "control"
    if caller.anonymous:
        return "bare" if route.kind in BARE else "anonymous"
    if route.kind is not Kind.DATA:
        return "push" if route.action is Action.DATASET_PUSH else "control"
    return "query" if route.mode in {Mode.QUERY, Mode.VERIFY} else "bulk"


async def _refuse(exchange: Exchange, refusal: DomainError) -> None:
    """Answer with a problem, unless an answer has begun."""
    if not exchange.status:
        exchange.rule = refusal.slug
        await exchange.refuse(refusal)
