"""A gateway on a real port before services that are not there, with policy written to a real bucket."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import uvicorn
from pydantic import BaseModel, SecretStr
from support.until import until
from zhengshu_chassis import auth
from zhengshu_chassis.repeats import protocol_of
from zhengshu_contracts.identity import Identity
from zhengshu_contracts.policy import (
    ClientPolicy,
    DatasetPolicy,
    Heartbeat,
    ItemPolicy,
    client_key,
    dataset_key,
    heartbeat_key,
)
from zhengshu_contracts.vocabulary import (
    EntryState,
    OpeningClass,
    OrganizationKind,
    Origin,
    PrincipalKind,
    Role,
    ServiceRegistrationState,
    SharingClass,
)
from zhengshu_gateway.main import build
from zhengshu_gateway.settings import GatewaySettings
from zhengshu_verify import keys

KEY = "key-of-every-service-in-these-tests"
COMMISSION_KEY = "key-shared-with-the-commission"
TOKEN_KEY = json.dumps(keys.private_jwk(keys.generate()))
DATASET = "303084122704-000001"
PROVIDER = "11350123003612345A"
READER = "11350123003654321B"


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """Serve an ASGI application on a free port."""
    config = uvicorn.Config(
        app,
        port=0,
        http=protocol_of(app),
        log_config=None,
        access_log=False,
        timeout_keep_alive=75,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    task = asyncio.create_task(server._serve())
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@dataclass
class Seen:
    """One request that reached a fake service."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def identity(self) -> Identity:
        """What the gateway vouched for."""
        return auth.unseal(self.headers["zhengshu-identity"], SecretStr(KEY))


Answer = Callable[[Seen, Callable[..., Awaitable[None]]], Awaitable[None]]


@dataclass
class Service:
    """A fake service: remembers what reached it, answers as told (200 with `[]` otherwise)."""

    seen: list[Seen] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        seen = Seen(
            scope["method"],
            scope["path"],
            scope["query_string"].decode(),
            {k.decode(): v.decode() for k, v in scope["headers"]},
            body,
        )
        self.seen.append(seen)
        answer = self.answers.get(f"{seen.method} {seen.path}", say(200, []))
        await answer(seen, send)

    def asked(self, path: str) -> list[Seen]:
        """Requests for one path."""
        return [each for each in self.seen if each.path == path]


def say(status: int, value: Any, **headers: str) -> Answer:
    """Answer with JSON."""

    async def answer(_: Seen, send) -> None:
        body = json.dumps(value).encode()
        told = {"content-type": "application/json", "content-length": str(len(body))} | headers
        raw = [(k.replace("_", "-").encode(), v.encode()) for k, v in told.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})

    return answer


def stream(chunks: int, size: int = 1000, pause: float = 0.05) -> Answer:
    """Answer with a stream that takes its time."""

    async def answer(_: Seen, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _n in range(chunks):
            await send({"type": "http.response.body", "body": b"x" * size, "more_body": True})
            await asyncio.sleep(pause)
        await send({"type": "http.response.body", "body": b""})

    return answer


@dataclass
class World:
    """A running gateway with everything around it."""

    url: str
    parts: Any
    services: dict[str, Service]
    bus: Any
    operator: Any
    http: httpx.AsyncClient

    async def put(self, key: str, record: BaseModel | None) -> None:
        """Write a policy record as a service's relay does."""
        headers = {} if record is not None else {"KV-Operation": "DEL"}
        payload = record.model_dump_json().encode() if record is not None else b""
        stream = self.operator.jetstream()
        ack = await stream.publish(f"$KV.policy.{key}", payload, headers=headers)
        await self.until(lambda: self.parts.feed.known.applied >= ack.seq)

    async def beat(self, *writers: str) -> None:
        """Write heartbeats of now."""
        for writer in writers or ("catalog", "sharing", "opening"):
            record = Heartbeat(writer=writer, as_of=datetime.now(UTC))
            payload = record.model_dump_json().encode()
            await self.operator.jetstream().publish(f"$KV.policy.{heartbeat_key(writer)}", payload)

    async def until(self, condition: Callable[[], Any], patience: float = 10) -> None:
        """Wait for a condition."""
        await until(condition, patience, 0.01)

    def bearer(self, client: str) -> dict[str, str]:
        """Return the header of a client's token."""
        return {"Authorization": f"Bearer {self.parts.tokens.issue(client)}"}

    async def get(self, path: str, client: str | None = None, **headers: str) -> httpx.Response:
        """Read as a client, or as nobody."""
        told = {k.replace("_", "-"): v for k, v in headers.items()}
        return await self.http.get(path, headers=told | (self.bearer(client) if client else {}))

    async def records(self) -> list[dict[str, Any]]:
        """Everything on ACCESS, envelope by envelope."""
        stream = self.operator.jetstream()
        found: list[dict[str, Any]] = []
        state = (await stream.stream_info("ACCESS")).state
        for sequence in range(max(state.first_seq, 1), state.last_seq + 1):
            message = await stream.get_msg("ACCESS", seq=sequence)
            found += json.loads(message.data)
        return found


def item(name: str, sharing: str = "unconditional", opening: str = "closed") -> ItemPolicy:
    """Return an item."""
    return ItemPolicy(
        name=name, title=f"项{name}", sharing=SharingClass(sharing), opening=OpeningClass(opening)
    )


def dataset(*items: ItemPolicy, **members: Any) -> DatasetPolicy:
    """Return a published, registered dataset."""
    plain = {
        "id": DATASET,
        "title": "数据",
        "provider": PROVIDER,
        "origin": Origin.COUNTY,
        "state": EntryState.PUBLISHED,
        "revision": 1,
        "registration": ServiceRegistrationState.LIVE,
    }
    return DatasetPolicy(items=items, **(plain | members))


def client(
    name: str, organization: str | None, kind: str = "department", **members: Any
) -> ClientPolicy:
    """Return a client: a system or an officer by its prefix."""
    what = {
        "sys": PrincipalKind.SYSTEM,
        "off": PrincipalKind.OFFICER,
        "app": PrincipalKind.APPLICANT,
    }
    return ClientPolicy(
        id=name,
        kind=what[name[:3]],
        organization=organization,
        organization_kind=OrganizationKind(kind) if not name.startswith("app") else None,
        **members,
    )


@asynccontextmanager
async def world(bus: Any, **settings: Any) -> AsyncIterator[World]:
    """Run a gateway on the given NATS server."""
    services = {
        name: Service() for name in ("catalog", "sharing", "opening", "audit", "commission")
    }
    async with _all_served(services) as urls:
        told = {f"{name}_url": url for name, url in urls.items()}
        told |= {f"{name}_key": KEY for name in ("catalog", "sharing", "opening", "audit")}
        told |= {"commission_key": COMMISSION_KEY, "token_key": TOKEN_KEY}
        told |= {"issuer": "http://node", "port": 0, "log_level": "INFO", "mode": "serve"}
        app = build(GatewaySettings(**(told | bus.settings("gateway") | settings)))
        operator = await bus.connect("operator", allow_reconnect=True, max_reconnect_attempts=-1)
        try:
            async with served(app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as http:
                made = World(url, app.parts, services, bus, operator, http)
                yield made
        finally:
            await operator.close()


@asynccontextmanager
async def _all_served(services: dict[str, Service]) -> AsyncIterator[dict[str, str]]:
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(served(service))
            for name, service in services.items()
        }


async def furnish(made: World) -> None:
    """Write a small policy: a provider's system, a reader's, officers; one mixed dataset."""
    await made.until(lambda: made.parts.lease.held)
    await made.put(client_key("catalog", "sys-provider"), client("sys-provider", PROVIDER))
    await made.put(client_key("catalog", "sys-reader"), client("sys-reader", READER))
    officer = client("off-competent", PROVIDER, "competent", roles=(Role.COMPETENT_OFFICER,))
    await made.put(client_key("catalog", "off-competent"), officer)
    items = (
        item("town", opening="general"),
        item("amount", "conditional"),
        item("sample", "withheld"),
    )
    await made.put(dataset_key("catalog", DATASET), dataset(*items, key=("town",)))
    await made.beat()
    await asyncio.sleep(0.02)
    await made.beat()
    await made.until(lambda: made.parts.feed.fresh(("catalog", "sharing", "opening")))
