"""The pieces of the measurement: each yields figures, round by round, ours and the engine's alternating."""

import asyncio
import json
import re
import statistics
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
from zhengshu_catalog.aggregation import reading
from zhengshu_catalog.aggregation.domain import Structure
from zhengshu_catalog.aggregation.reading import Asked
from zhengshu_catalog.aggregation.views import Sight
from zhengshu_chassis.rows import parse
from zhengshu_contracts.catalog import Item
from zhengshu_contracts.identity import View

from performance import bare
from performance.stage import Figure, Stage, as_csv, as_json, batches, call, rows

VACUUM = "VACUUM ANALYZE {table}, {history}"


async def pushing(stage: Stage, count: int, rounds: int) -> list[Figure]:
    """Push against COPY of the same rows; the platform's stand-in is stopped meanwhile."""
    stage.node.stop_one("commission")
    made = rows(count)
    csv, json_ = batches(made, as_csv), batches(made, as_json)
    append = Figure("push, append, CSV", wanted="≥ 0.40")
    objects = Figure("push, append, JSON", wanted="≥ 0.30")
    upsert = Figure("push, upsert onto existing rows, CSV", wanted="≥ 0.25")
    for number in range(rounds):
        stage.renew()
        copied = await copy_in(stage, csv, count)
        await stage.empty()
        objects.ours.append(stage.push_all(json_, "append", "application/json"))
        await stage.empty()
        append.ours.append(stage.push_all(csv, "append", "text/csv"))
        await stage.settle(VACUUM)
        changed = batches(rows(count, salt=number + 1), as_csv)
        upsert.ours.append(stage.push_all(changed, "upsert", "text/csv"))
        for figure in (append, objects, upsert):
            figure.theirs.append(copied)
    await stage.empty()
    stage.push_all(csv, "append", "text/csv")
    await stage.settle(VACUUM)
    stage.node.restart("commission")
    return [append, objects, upsert]


async def copy_in(stage: Stage, bodies: list[bytes], count: int) -> float:
    """COPY the rows into an equal empty table: the same columns, defaults and indexes."""
    connection = await stage.connect()
    await connection.execute(
        f"DROP TABLE IF EXISTS bench; CREATE TABLE bench (LIKE {stage.table} INCLUDING ALL);"
        " ALTER TABLE bench ALTER _born SET DEFAULT 1, ALTER _changed SET DEFAULT 1; CHECKPOINT"
    )
    source = b"".join(body.split(b"\n", 1)[1] for body in bodies)

    async def pieces() -> Any:
        for at in range(0, len(source), 1 << 16):
            yield source[at : at + (1 << 16)]

    began = time.perf_counter()
    await connection.copy_to_table(
        "bench",
        source=pieces(),
        columns=["id", "name", "town", "amount", "born", "level"],
        format="csv",
    )
    seconds = time.perf_counter() - began
    assert await connection.fetchval("SELECT count(*) FROM bench") == count
    await connection.execute("DROP TABLE bench")
    await connection.close()
    return seconds


async def exporting(stage: Stage, rounds: int) -> list[Figure]:
    """Export through the gateway against COPY TO of the same columns."""
    figure = Figure("export, CSV", wanted="≥ 0.60")
    connection = await stage.connect()
    query = f"SELECT id, name, town, amount, born, level FROM {stage.table} ORDER BY _id"
    for _ in range(rounds):
        stage.renew()
        taken: list[int] = []

        async def take(piece: bytes, taken: list[int] = taken) -> None:
            taken.append(len(piece))

        began = time.perf_counter()
        await connection.copy_from_query(query, output=take, format="csv", header=True)
        figure.theirs.append(time.perf_counter() - began)
        began = time.perf_counter()
        with stage.door() as door:
            got = await asyncio.to_thread(
                call, door, "GET", f"/v1/datasets/{stage.dataset}/exports?format=csv",
                None, stage.reading(),
            )  # fmt: skip
        figure.ours.append(time.perf_counter() - began)
        assert len(got) == sum(taken), (len(got), sum(taken))
    await connection.close()
    return [figure]


async def paging(
    stage: Stage, directory: Path, count: int, rounds: int, seconds: int
) -> list[Figure]:
    """Cold pages (each asks for another place), 32 connections, against nginx and the bare application."""
    figure = Figure("100-row page, cold", unit="req/s", wanted="≥ 0.80", higher=True)
    sql = await _page_sql(stage)
    url = f"{stage.node.postgres.url().rsplit('/', 1)[0]}/catalog"
    ports = (stage.node.layout.port_base + 13, stage.node.layout.port_base + 14)
    with bare.bare_behind_nginx(directory, url, sql, ports) as nginx:
        for _ in range(rounds):
            stage.renew()
            ours = f"{stage.node.url('gateway')}/v1/datasets/{stage.dataset}/rows"
            await asyncio.sleep(1)
            figure.theirs.append(_wrk(directory, f"{nginx}/rows", "Bearer known", count, seconds))
            figure.ours.append(
                _wrk(directory, ours, stage.reading()["Authorization"], count, seconds)
            )
    return [figure]


LUA = """
wrk.headers["Authorization"] = "{token}"
math.randomseed(os.time())
request = function()
  local id = string.format("%.0f", 35012300000000 + math.random(0, {count} - 200))
  return wrk.format("GET", "{path}?limit=100&order=id&id=gte." .. id)
end
"""


def _wrk(directory: Path, url: str, token: str, count: int, seconds: int) -> float:
    base, path = re.match(r"(http://[^/]+)(/.*)", url).groups()
    script = directory / "page.lua"
    script.write_text(LUA.format(token=token, count=count, path=path))
    command = ["wrk", "-t1", "-c32", f"-d{seconds}s", "-s", str(script), base]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, said
    return float(re.search(r"Requests/sec:\s+([0-9.]+)", said)[1])


async def _sight(stage: Stage, dataset: str) -> Sight:
    connection = await stage.connect()
    row = await connection.fetchrow("SELECT revision, items FROM datasets WHERE id = $1", dataset)
    await connection.close()
    items = tuple(map(Item.model_validate, json.loads(row["items"])))
    view = View(columns=tuple(item.name for item in items))
    return Sight(Structure(dataset, row["revision"], items), view, b"")


async def _page_sql(stage: Stage) -> tuple[str, list[Any], int]:
    """Return the statement that catalog itself runs, and where the first id goes."""
    asked = Asked(parse("limit=100&order=id&id=gte.PLACE"))
    statement = reading.page(await _sight(stage, stage.dataset), asked)
    arguments = list(statement.arguments)
    return statement.text, arguments, arguments.index("PLACE")


async def growing(stage: Stage, sizes: tuple[int, int], rounds: int) -> list[Figure]:
    """Latency of a page in a large dataset against a small one, ours and the bare SQL's."""
    ours = Figure("page latency, large table against small", unit="ms", wanted="≤ 1.3")
    plain = Figure("the same, bare SQL", unit="ms")
    small = replace(stage, dataset=stage.another())
    for one, size in ((small, sizes[0]), (stage, sizes[1])):
        await _fill(one, size)
    for _ in range(rounds):
        stage.renew()
        for one, size, target in ((small, sizes[0], "theirs"), (stage, sizes[1], "ours")):
            one.tokens = stage.tokens
            getattr(ours, target).append(_latency(one, size))
            getattr(plain, target).append(await _bare_latency(one, size))
    return [ours, plain]


async def _fill(stage: Stage, size: int) -> None:
    await stage.empty()
    connection = await stage.connect()
    await connection.execute(
        f"INSERT INTO {stage.table} (_born, _changed, id, name, town, amount, born, level)"
        " SELECT 1, 1, (35012300000000 + n)::text, '示例对象' || n, '示例镇' || n % 11, n % 100000,"
        f" date '1950-01-01' + n % 20000, n % 9 FROM generate_series(0, {size} - 1) n",
        timeout=3600,
    )
    await connection.execute("UPDATE datasets SET rows = $2 WHERE id = $1", stage.dataset, size)
    await connection.close()
    await stage.settle(VACUUM)


PLACES = 300


def _latency(stage: Stage, size: int) -> float:
    taken = []
    with stage.door() as door:
        for n in range(PLACES):
            place = 35012300000000 + (n * 7_919_993) % (size - 200)
            path = f"/v1/datasets/{stage.dataset}/rows?limit=100&order=id&id=gte.{place}"
            began = time.perf_counter()
            call(door, "GET", path, None, stage.reading())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


async def _bare_latency(stage: Stage, size: int) -> float:
    text, arguments, at = await _page_sql(stage)
    connection: asyncpg.Connection = await stage.connect()
    taken = []
    for n in range(PLACES):
        arguments[at] = str(35012300000000 + (n * 7_919_993) % (size - 200))
        began = time.perf_counter()
        await connection.fetchrow(text, *arguments)
        taken.append(time.perf_counter() - began)
    await connection.close()
    return statistics.median(taken) * 1000


async def memory(stage: Stage, size: int) -> list[Figure]:
    """How much catalog grows while it takes one CSV of so many bytes, above idle, at its highest."""
    figure = Figure(f"memory of catalog above idle, {size >> 20} MB CSV", unit="MB", wanted="≤ 300")
    stage.node.stop_one("commission")
    stage.node.restart("catalog")
    stage.renew()
    await stage.empty()
    pid = stage.node.processes["catalog"].pid
    idle = _resident(pid, "VmRSS")
    part = as_csv(rows(100_000)).split(b"\n", 1)[1]

    def body() -> Any:
        yield b"id,name,town,amount,born,level\n"
        sent = number = 0
        while sent < size:
            # The digits before the row's own make each repetition's keys new.
            piece = part.replace(b"\n3501", b"\n%04d" % number).replace(
                b"3501", b"%04d" % number, 1
            )
            yield piece
            sent, number = sent + len(piece), number + 1

    began = time.perf_counter()
    with stage.door() as door:
        headers = {"Content-Type": "text/csv", "Authorization": f"Bearer {stage.tokens['civil']}"}
        path = f"/v1/datasets/{stage.dataset}/batches?mode=append"
        await asyncio.to_thread(call, door, "POST", path, body(), headers)
    seconds = time.perf_counter() - began
    figure.ours = [_resident(pid, "VmHWM") - idle]
    figure = replace(figure, what=f"{figure.what} (idle {idle:.0f} MB, {seconds:.0f} s)")
    await stage.empty()
    stage.node.restart("commission")
    return [figure]


def _resident(pid: int | None, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise AssertionError(name)
