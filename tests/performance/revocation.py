"""The end of a grant on a whole node: from the answer to its revocation to the gateway's last send under it.

64 clients read and one exports all the while. When each answer ended is what the gateway recorded of it, read
from audit's ledger; what readers still find in their buffers is older.
"""

import asyncio
import statistics
import subprocess
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import asyncpg
import httpx
from support.county import until
from zhengshu_local.demo import samples

from performance.stage import Figure, Stage

READERS = 64
ROWS = 1_000_000
SENT = """
SELECT max((payload::jsonb #>> '{event,data,at}')::timestamptz) FROM leaves
WHERE index >= $1 AND subject = 'zhengshu.access.ended.v1'
  AND payload::jsonb #>> '{event,data,status}' = '200'
"""
"""Nobody else reads meanwhile, and what is refused ends otherwise."""
NEXT = "SELECT count(*) FROM leaves"
OPEN = "SELECT count(*) FROM open_accesses"


async def revoking(stage: Stage, times: int) -> list[Figure]:
    """Grant, read, revoke, look; so many times."""
    await _furnish(stage)
    taken: list[tuple[float, float]] = []
    for _ in range(times):
        stage.renew()
        taken.append(await _once(stage))
    asked, answered = zip(*taken, strict=True)
    return [_p99("its answer", answered, "≤ 250"), _p99("its request", asked, "")]


def _p99(since: str, taken: tuple[float, ...], wanted: str) -> Figure:
    what = f"grant revoked, from {since} to the last send, p99 of {len(taken)}"
    told = f"{what} (median {statistics.median(taken):.0f} ms)"
    return Figure(told, [sorted(taken)[int(len(taken) * 0.99)]], unit="ms", wanted=wanted)


async def _furnish(stage: Stage) -> None:
    county = stage.county
    county.aid = county.publish("civil", samples.AID)
    county.diary.keys[county.aid] = "case_no"
    county.push_aid()
    until(partial(county.served, county.aid))
    connection = await stage.connect()
    table = f'rows."d_{county.aid.replace("-", "_")}"'
    await connection.execute(
        f"INSERT INTO {table} (_born, _changed, case_no, town, household, name, amount)"
        f" SELECT 1, 1, 'S' || n, '凤山镇', n % 7, '示例' || n, n FROM generate_series(1, {ROWS}) n",
        timeout=600,
    )
    await connection.close()


async def _once(stage: Stage) -> tuple[float, float]:
    """Return how long after the revocation's request and after its answer the last send was (ms)."""
    grant = await asyncio.to_thread(_grant, stage)
    since = await _next_leaf(stage)
    path = f"/v1/datasets/{stage.county.aid}"
    token = stage.reading()["Authorization"]
    url = stage.node.url("gateway")
    exporting = asyncio.create_task(_export(f"{url}{path}/exports?select=case_no,amount", token))
    command = ["wrk", "-t1", f"-c{READERS}", "-d3s", "-H", f"Authorization: {token}"]
    readers = await asyncio.create_subprocess_exec(
        *command, f"{url}{path}/rows?select=case_no,amount&limit=100", stdout=subprocess.DEVNULL
    )
    await asyncio.sleep(1.5)
    assert not exporting.done(), "the export ended by itself"
    asked = datetime.now(UTC)
    await asyncio.to_thread(stage.county.revoke, grant)
    answered = datetime.now(UTC)
    await asyncio.wait_for(exporting, 20)
    await readers.wait()
    last = await _last_send(stage, since)
    return _since(asked, last), _since(answered, last)


def _since(moment: datetime, last: datetime) -> float:
    return max(0.0, (last - moment).total_seconds()) * 1000


def _grant(stage: Stage) -> str:
    """Go the whole way to a grant of query and export, and wait until it is in force."""
    county = stage.county
    today = datetime.now(UTC).date()
    part = {"dataset": county.aid, "items": ["amount"], "modes": ["query", "export"], "filter": ""}
    asked = {
        "parts": [part],
        "basis": "性能测量(示例)",
        "scenario": "性能测量(示例)",
        "scope": "示例",
        "purpose": "测量",
        "until": (today + timedelta(days=30)).isoformat(),
        "consent": {"by": "负责人(示例)", "on": today.isoformat()},
    }
    application = str(county.post("market officer", "/v1/applications", asked)["id"])
    county.endorse(application)
    county.advise(application)
    grant = county.granted(application)
    until(lambda: _allowed(stage))
    return grant


def _allowed(stage: Stage) -> bool:
    ask = {"dataset": stage.county.aid, "mode": "export", "items": ["amount"]}
    return bool(stage.county.people["market"].door.post("/v1/decisions", ask)["allowed"])


async def _export(url: str, token: str) -> None:
    """Read slowly, so that there is something left to cut."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        try:
            async with http.stream("GET", url, headers={"Authorization": token}) as answer:
                assert answer.status_code == 200, await answer.aread()
                async for _ in answer.aiter_raw(65536):
                    await asyncio.sleep(0.05)
        except httpx.RemoteProtocolError:
            return


async def _next_leaf(stage: Stage) -> int:
    connection = await _ledger(stage)
    try:
        return int(await connection.fetchval(NEXT))
    finally:
        await connection.close()


async def _last_send(stage: Stage, since: int) -> datetime:
    """Return when the last answer since a leaf was sent, once audit knows every ending."""
    connection = await _ledger(stage)
    try:
        began = time.monotonic()
        while await connection.fetchval(OPEN):
            assert time.monotonic() - began < 60, "accesses stay without an end"
            await asyncio.sleep(0.2)
        last = await connection.fetchval(SENT, since, timeout=60)
        assert isinstance(last, datetime)
        return last
    finally:
        await connection.close()


async def _ledger(stage: Stage) -> asyncpg.Connection:
    return await asyncpg.connect(f"{stage.node.postgres.url().rsplit('/', 1)[0]}/audit")
