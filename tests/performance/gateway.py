"""The gateway's own figures: one process of it with a real NATS server, before a catalog that only answers.

Nothing here needs the rest of the node: a hot page does not reach catalog, and decisions rest on the bucket
`policy`.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from support import gateway_harness as harness
from support.gateway_harness import DATASET, READER
from support.servers import Bus, running_nats
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.policy import (
    DatasetGrants,
    DatasetVersion,
    GrantPolicy,
    Heartbeat,
    client_key,
    dataset_key,
    heartbeat_key,
    version_key,
)
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import GrantState, Mode, OrganizationKind, PrincipalKind
from zhengshu_gateway.case import Case
from zhengshu_gateway.known import Known
from zhengshu_gateway.policy import decide
from zhengshu_gateway.settings import GatewaySettings
from zhengshu_gateway.tokens import Tokens
from zhengshu_local.processes import free_port

from performance.stage import Figure

PIECES = ("hot", "policy")
PAGE = [
    {
        "id": f"35012300{n:06}",
        "name": f"示例对象{n}",
        "town": f"示例镇{n % 11}",
        "amount": n * 7.5,
        "born": f"{1950 + n % 70}-01-01",
        "level": n % 9,
    }
    for n in range(100)
]
BODY = json.dumps(PAGE, ensure_ascii=False).encode()
ROWS = f"/v1/datasets/{DATASET}/rows"
DATASETS, GRANTS = 10_000, 10


@dataclass
class Alone:
    """One gateway process, and what its policy is written with."""

    url: str
    bare: str
    process: subprocess.Popen[bytes]
    token: str
    js: Any
    catalog: harness.Service
    took: float = 0.0
    """Seconds from its start until it was ready."""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def put(self, key: str, record: Any) -> None:
        await self.js.publish(f"$KV.policy.{key}", record.model_dump_json().encode())


async def measure(pieces: list[str], rounds: int, seconds: int) -> list[Figure]:
    found: list[Figure] = []
    if "hot" in pieces:
        async with _alone() as one:
            found.append(await hot(one, rounds, seconds))
    if "policy" in pieces:
        found += await policy()
    return found


async def hot(one: Alone, rounds: int, seconds: int) -> Figure:
    """The same 100-row page again and again, 32 connections, against a bare route with the same bytes."""
    figure = Figure("100-row page, hot", unit="req/s", wanted="≥ 0.80", higher=True)
    address = f"{one.url}{ROWS}?limit=100"
    async with httpx.AsyncClient(trust_env=False, headers=one.headers) as http:
        answer = await http.get(address)
        assert answer.content == BODY, answer.text[:500]
    await _wrk(address, one.token, 1)
    asked = len(one.catalog.seen)
    for _ in range(rounds):
        figure.theirs.append(await _wrk(f"{one.bare}/rows", one.token, seconds))
        figure.ours.append(await _wrk(address, one.token, seconds))
    assert len(one.catalog.seen) == asked, "pages came from catalog"
    return figure


async def _wrk(url: str, token: str, seconds: int) -> float:
    command = ["wrk", "-t1", "-c32", f"-d{seconds}s", "-H", f"Authorization: Bearer {token}", url]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    said = (await process.communicate())[0].decode()
    assert "Non-2xx" not in said, said
    return float(re.search(r"Requests/sec:\s+([0-9.]+)", said)[1])


async def policy() -> list[Figure]:
    """10,000 datasets and 100,000 grants: what a decision takes, what memory, how soon after a restart."""
    mean = Figure(f"decision, {DATASETS:,} datasets × {GRANTS * DATASETS:,} grants", unit="µs")
    mean.ours, mean.wanted = _decisions(), "≤ 10"
    memory = Figure("memory of the gateway with them", unit="MB", wanted="≤ 300")
    ready = Figure("ready after a restart with them", unit="s", wanted="≤ 10")
    async with _alone(_many()) as one:
        memory.ours = [_resident(one.process.pid)]
        ready.ours = [one.took]
    return [mean, memory, ready]


def _decisions() -> list[float]:
    known = Known()
    for number, (key, value) in enumerate(_many()):
        known.apply(key, value, number + 1)
    names = list(known.datasets)
    now, taken = datetime.now(UTC), []
    for start in range(5):
        began = time.process_time()
        for name in names[start::5]:
            case = Case(
                principal=PRINCIPAL,
                action=Action.DATASET_QUERY,
                mode=Mode.QUERY,
                dataset=known.datasets[name],
                now=now,
                grants=known.held(name, READER),
            )
            assert decide(case).allowed
        taken.append((time.process_time() - began) / len(names[start::5]) * 1e6)
    return taken


PRINCIPAL = Principal(
    id="sys-reader",
    kind=PrincipalKind.SYSTEM,
    organization=READER,
    organization_kind=OrganizationKind.DEPARTMENT,
)


def _many() -> list[tuple[str, bytes]]:
    found = []
    items = (harness.item("id"), harness.item("name"), harness.item("amount", "conditional"))
    for n in range(DATASETS):
        name = f"{n + 307350000000}-{n + 1:06}"
        entry = harness.dataset(*items, id=name, key=("id",))
        held = tuple(
            _grant(f"g-{n}-{m}", holder=READER if m == 0 else f"113501230036{m:05}A")
            for m in range(GRANTS)
        )
        found.append((dataset_key("catalog", name), entry.model_dump_json().encode()))
        grants = DatasetGrants(id=name, grants=held)
        found.append((dataset_key("sharing", name), grants.model_dump_json().encode()))
    return found


def _grant(name: str, holder: str = READER) -> GrantPolicy:
    now = datetime.now(UTC)
    return GrantPolicy(
        id=name,
        holder=holder,
        items=("amount",),
        modes=tuple(Mode),
        purpose="核对",
        starts=now - timedelta(days=1),
        ends=now + timedelta(days=300),
        state=GrantState.ACTIVE,
    )


@asynccontextmanager
async def _alone(records: list[tuple[str, bytes]] | None = None) -> AsyncIterator[Alone]:
    """Start NATS, a catalog that only answers, a bare route, and one gateway; wait until it is ready."""
    catalog = harness.Service(answers={f"GET {ROWS}": _page})
    with tempfile.TemporaryDirectory() as folder, running_nats(Path(folder)) as nats:
        await nats.provision()
        operator = await nats.connect("operator")
        js = operator.jetstream(publish_async_max_pending=4000)
        await _write(js, records or [])
        port, bare = free_port(), free_port()
        async with harness.served(catalog) as upstream:
            told = _settings(nats, upstream, port)
            one = Alone(
                url=f"http://127.0.0.1:{port}",
                bare=f"http://127.0.0.1:{bare}",
                process=_gateway(told),
                token=Tokens(GatewaySettings(**told)).issue("sys-reader"),
                js=js,
                catalog=catalog,
            )
            beside = _beside(bare)
            beating = asyncio.create_task(_beat(one))
            try:
                one.took = await _answers(f"{one.url}/health/ready")
                await _answers(f"{one.bare}/rows")
                yield one
            finally:
                beating.cancel()
                for process in (one.process, beside):
                    process.terminate()
                    process.wait()
                await operator.close()


async def _page(_: harness.Seen, send: Any) -> None:
    told = {
        "content-type": "application/json",
        "content-length": str(len(BODY)),
        "zhengshu-version": "1.1",
        "zhengshu-rows": "100",
        "content-range": "0-99/*",
        "etag": '"1.1-0123456789abcdef"',
        "vary": "Accept, Prefer",
    }
    head = [(name.encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": BODY})


def _settings(nats: Bus, upstream: str, port: int) -> dict[str, Any]:
    services = ("catalog", "sharing", "opening", "audit")
    told: dict[str, Any] = {f"{name}_url": upstream for name in (*services, "commission")}
    told |= {f"{name}_key": harness.KEY for name in services}
    told |= {"commission_key": harness.COMMISSION_KEY, "token_key": harness.TOKEN_KEY}
    told |= {"issuer": "http://node", "port": port, "mode": "serve", "query_rate": 1_000_000}
    return told | nats.settings("gateway")


def _gateway(told: dict[str, Any]) -> subprocess.Popen[bytes]:
    environment = {f"ZHENGSHU_GATEWAY_{name.upper()}": str(value) for name, value in told.items()}
    command = [sys.executable, "-m", "zhengshu_gateway", "serve"]
    return subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL)


def _beside(port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "performance.gateway", str(port)])


async def _write(js: Any, records: list[tuple[str, bytes]]) -> None:
    items = [harness.item(name) for name in PAGE[0] if name != "amount"]
    items.append(harness.item("amount", "conditional"))
    own = [
        (client_key("catalog", "sys-reader"), harness.client("sys-reader", READER)),
        (dataset_key("catalog", DATASET), harness.dataset(*items, key=("id",))),
        (version_key(DATASET), DatasetVersion(id=DATASET, epoch=1, version=1)),
    ]
    records = [*records, *((key, record.model_dump_json().encode()) for key, record in own)]
    for at in range(0, len(records), 500):
        sent = [
            await js.publish_async(f"$KV.policy.{key}", value)
            for key, value in records[at : at + 500]
        ]
        await asyncio.gather(*sent)


async def _beat(one: Alone) -> None:
    while True:
        for writer in ("catalog", "sharing", "opening"):
            await one.put(heartbeat_key(writer), Heartbeat(writer=writer, as_of=datetime.now(UTC)))
        await asyncio.sleep(1)


async def _answers(url: str) -> float:
    began = time.perf_counter()
    async with httpx.AsyncClient(trust_env=False) as http:
        while time.perf_counter() - began < 120:
            try:
                if (await http.get(url)).status_code == 200:
                    return time.perf_counter() - began
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


def _resident(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024


async def _bare(_: Request) -> Response:
    return Response(BODY, media_type="application/json")


if __name__ == "__main__":  # the bare route, in a process of its own, served as the gateway is
    uvicorn.run(
        Starlette(routes=[Route("/rows", _bare)]),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
    )
