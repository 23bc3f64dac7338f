"""The composition root: what stands in front of the routes, what runs behind them."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send
from zhengshu_chassis.app import create_app
from zhengshu_chassis.errors import Unavailable
from zhengshu_chassis.repeats import Line
from zhengshu_chassis.resources import Resources
from zhengshu_chassis.supervision import Worker, every, supervise
from zhengshu_chassis.telemetry import log

from zhengshu_gateway import document, routes
from zhengshu_gateway.accesses import Accesses
from zhengshu_gateway.authenticate import Authenticator
from zhengshu_gateway.broker import Broker
from zhengshu_gateway.cache import Pages, Versions
from zhengshu_gateway.callbacks import Callbacks
from zhengshu_gateway.commission import CommissionWorker
from zhengshu_gateway.decisions import Decisions
from zhengshu_gateway.exchange import Exchange
from zhengshu_gateway.feed import Feed
from zhengshu_gateway.forward import Forwarder
from zhengshu_gateway.integrators import Callout, Keeper
from zhengshu_gateway.integrators.nkeys import Issuer
from zhengshu_gateway.lease import Lease
from zhengshu_gateway.limits import Limits, Turns
from zhengshu_gateway.oauth import TokenDesk
from zhengshu_gateway.outside import Outside
from zhengshu_gateway.outward import Outward
from zhengshu_gateway.pipeline import Own, Pipeline
from zhengshu_gateway.quotas import Quotas
from zhengshu_gateway.records import Records
from zhengshu_gateway.routes import Kind, Routes
from zhengshu_gateway.settings import GatewaySettings
from zhengshu_gateway.settlements import Settlements
from zhengshu_gateway.signin import SignInDesk
from zhengshu_gateway.standing import Standings
from zhengshu_gateway.tokens import Tokens
from zhengshu_gateway.upstreams import Upstreams

OF_THE_PROCESS = ("/health/live", "/metrics", "/openapi.json")
READY = "/health/ready"


class Parts:
    """Everything of one running gateway, put together."""

    def __init__(self, settings: GatewaySettings, table: Routes, resources: Resources) -> None:
        bus = resources.bus
        self.settings = settings
        self.bus = bus
        self.feed = Feed(bus, limit=settings.stale_limit, identity_limit=settings.identity_limit)
        self.lease = Lease(bus, self.feed, settings.replica, enforced=lambda: self.keeper.enforced)
        self.records = Records(bus)
        self.quotas = Quotas(bus, self.feed, settings.replica)
        self.upstreams = Upstreams(settings)
        self.tokens = Tokens(settings)
        self.outside = Outside(settings) if settings.oidc_issuer else None
        authenticator = Authenticator(
            self.tokens, self.feed, self.upstreams, self.outside, settings.oidc_client_claim
        )
        limits = Limits(settings.rates())
        self.keeper = Keeper(bus, self.feed, authenticator, held=self.lease.acknowledge)
        self.callout = Callout(
            bus=bus,
            issuer=Issuer(settings.integrators_key.get_secret_value()),
            tokens=self.tokens,
            authenticator=authenticator,
            keeper=self.keeper,
            feed=self.feed,
            lease=self.lease,
            records=self.records,
            limits=limits,
            tls=settings.integrators_tls,
        )
        decisions = Decisions(
            self.feed, self.quotas, registered=settings.unconditional == "registered"
        )
        self.accesses = Accesses(decisions, self.feed, self.lease, self.records, self.quotas)
        callbacks = Callbacks(settings, self.upstreams)
        self.worker = CommissionWorker(
            self.upstreams, self.accesses, callbacks, parallel=settings.commission_parallel
        )
        self.settlements = Settlements(bus, self.feed, self.upstreams)
        versions = Versions(self.feed)
        self.pages = Pages(
            versions, self.feed, total=settings.cache_bytes, each=settings.cache_page
        )
        own = self._answered_here(decisions, callbacks)
        self.pipeline = self._pipeline(table, authenticator, decisions, versions, limits, own)
        self._tasks: list[asyncio.Task[None]] = []

    def _pipeline(
        self,
        table: Routes,
        authenticator: Authenticator,
        decisions: Decisions,
        versions: Versions,
        limits: Limits,
        own: dict[Kind, Own],
    ) -> Pipeline:
        forwarder = Forwarder(self.upstreams)
        standings = Standings(self.accesses, self.records, self.feed, versions, limits)
        return Pipeline(
            routes=table,
            authenticator=authenticator,
            accesses=self.accesses,
            feed=self.feed,
            upstreams=self.upstreams,
            forwarder=forwarder,
            broker=Broker(self.upstreams, forwarder),
            limits=limits,
            turns=Turns(self.settings.share),
            versions=versions,
            pages=self.pages,
            decisions=decisions,
            standings=standings,
            own=own,
        )

    def _answered_here(self, decisions: Decisions, callbacks: Callbacks) -> dict[Kind, Own]:
        """Return who answers what is forwarded to nobody."""
        desk = TokenDesk(self.tokens, self.upstreams, self.feed, self.settings.issuer)
        outward = (
            Outward(self.outside, self.tokens, desk, self.settings)
            if self.outside and self.settings.oidc_client_id
            else None
        )
        signin = SignInDesk(desk, self.tokens, self.settings.portal_url, outward)
        return {
            Kind.TOKEN: lambda exchange, _: desk.issue(exchange),
            Kind.SIGN_IN: lambda exchange, _: signin.answer(exchange),
            Kind.KEYS: lambda exchange, _: desk.keys(exchange),
            Kind.CALLBACK: lambda exchange, _: callbacks.receive(exchange),
            Kind.DECISION: decisions.explain,
            Kind.SETTLEMENT: self.settlements.tell,
        }

    @property
    def ready(self) -> bool:
        """Whether data can be served: the feed complete and fresh, the lease held."""
        return self.bus.connected and self.feed.ready and self.lease.held

    def start(self) -> None:
        """Begin to follow, to hold and to record."""
        runs: dict[str, Callable[[], Awaitable[None]]] = {
            "feed": self.feed.run,
            "lease": self.lease.run,
            "records": self.records.run,
            "counts": self.records.run_counter,
            "settlements": self.settlements.run,
            "quotas": self.quotas.run,
            "callout": self.callout.run,
            "keeper": self.keeper.run,
        }
        self._tasks = [asyncio.create_task(supervise(*each), name=each[0]) for each in runs.items()]

    async def stop(self) -> None:
        """Let the last records out, then end."""
        self.records.flush_counts()
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                await self.records.drained()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.upstreams.client.close()
        await self.upstreams.patient.close()
        if self.outside is not None:
            await self.outside.close()


class Gateway:
    """The pipeline for every path, but for the process's own."""

    def __init__(self, app: FastAPI, table: Routes, *, serves: bool) -> None:
        self.app = app
        self.table = table
        self._serves = serves
        self._parts: Parts | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        if scope["type"] != "http" or scope["path"] in OF_THE_PROCESS:
            await self.app(scope, receive, send)
        elif scope["path"] == READY:
            await _tell_readiness(self.parts, Exchange(scope, receive, send))
        elif self._serves:
            await self.parts.pipeline(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def again(self, head: bytes, line: Line) -> bool:
        """Take a request that was answered before, while its answer stands."""
        return self._serves and self.parts.pipeline.standings.again(head, line)

    @property
    def parts(self) -> Parts:
        """What runs, once it does."""
        if self._parts is None:
            self._parts = self.app.state.resources.extra["parts"]
        return self._parts

    def openapi(self) -> dict[str, Any]:
        """Describe every route of the table."""
        return document.openapi(self.table)


def build(settings: GatewaySettings) -> Gateway:
    """Build the gateway; an unsound table of routes keeps it from starting."""
    table = routes.load()

    async def start(resources: Resources) -> None:
        parts = resources.extra["parts"] = Parts(settings, table, resources)
        parts.start()

    async def stop(resources: Resources) -> None:
        if parts := resources.extra.get("parts"):
            await parts.stop()

    app = create_app(
        settings,
        name="gateway",
        title="政数网关",
        workers=_workers(settings),
        on_start=start,
        on_stop=stop,
    )
    return Gateway(app, table, serves=settings.mode.serves)


def _workers(settings: GatewaySettings) -> dict[str, Worker]:
    async def copy(resources: Resources) -> None:
        try:
            await resources.extra["parts"].worker.copy_catalogue()
        except Unavailable as error:
            log.info("municipal.away", why=error.slug)

    async def fetch(resources: Resources) -> None:
        try:
            await resources.extra["parts"].worker.fetch_answers()
        except Unavailable as error:
            log.info("answers.away", why=error.slug)

    return {
        "dispatches": _listen,
        "municipal": every(settings.municipal_interval, copy),
        "answers": every(settings.answers_interval, fetch),
    }


async def _listen(resources: Resources) -> None:
    """Hear of dispatches for as long as the connection lives; its end makes the supervisor begin again."""
    worker = resources.extra["parts"].worker
    await resources.bus.listen("zhengshu.dispatch.*", worker.wake, queue="commission")


async def _tell_readiness(parts: Parts, exchange: Exchange) -> None:
    told = {
        "status": "ready" if parts.ready else "unready",
        "nats": "up" if parts.bus.connected else "down",
        "feed": "fresh" if parts.feed.ready else "stale",
        "lease": "held" if parts.lease.held else "lost",
    }
    await exchange.json(200 if parts.ready else 503, told)
