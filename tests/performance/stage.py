"""A node with one large dataset, its rows in every form a client would send, and clocks.

Nothing here is a test: a figure says something only beside the engine's own, in the same run.
"""

import http.client
import os
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from support.county import County, Person, until
from support.settling import register
from zhengshu import Client
from zhengshu_local.demo import samples
from zhengshu_local.node import Node

BATCH = 10_000
CLIENTS = 4
HEADER = "id,name,town,amount,born,level\n"
LARGE = samples.entry(
    "307350123009",
    "性能测量用数据",
    "虚构的行,只用于测量",
    [
        samples.item("id", "编号", "C", length=18, key=True, nullable=False),
        samples.item("name", "名称", "C", length=40, nullable=False),
        samples.item("town", "乡镇", "C", length=20),
        samples.item("amount", "金额", "Y", length=12, precision=2),
        samples.item("born", "日期", "D"),
        samples.item("level", "级别", "I"),
    ],
)
Rows = list[tuple[str, ...]]


def rows(count: int, salt: int = 0) -> Rows:
    """Return made-up rows; another salt gives the same keys with other values."""
    return [
        (
            f"{35012300000000 + n}",
            f"示例对象{n}",
            f"示例镇{n % 11}",
            f"{(n * 7 + salt) % 100_000}.{n % 90 + 10}",
            f"{1950 + n % 70}-{n % 12 + 1:02}-{n % 28 + 1:02}",
            str((n + salt) % 9),
        )
        for n in range(count)
    ]


def as_csv(part: Rows) -> bytes:
    return (HEADER + "".join(",".join(row) + "\n" for row in part)).encode()


def as_json(part: Rows) -> bytes:
    line = '{{"id":"{}","name":"{}","town":"{}","amount":{},"born":"{}","level":{}}}'
    return f"[{','.join(line.format(*row) for row in part)}]".encode()


def batches(all_rows: Rows, form: Callable[[Rows], bytes]) -> list[bytes]:
    return [form(all_rows[at : at + BATCH]) for at in range(0, len(all_rows), BATCH)]


@dataclass
class Figure:
    """One line of the table: what was measured of each side, round by round."""

    what: str
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    unit: str = "s"
    wanted: str = ""
    higher: bool = False
    """Whether more is better (requests a second) rather than less (seconds)."""

    @property
    def ratio(self) -> float:
        """How fast ours is, of theirs; for latencies how much slower."""
        ours, theirs = statistics.median(self.ours), statistics.median(self.theirs)
        return ours / theirs if self.higher else theirs / ours


@dataclass
class Stage:
    """The node, and whoever pushes and reads."""

    node: Node
    county: County
    dataset: str
    tokens: dict[str, str]

    @property
    def suffix(self) -> str:
        return self.dataset.replace("-", "_")

    @property
    def table(self) -> str:
        return f'rows."d_{self.suffix}"'

    async def connect(self) -> asyncpg.Connection:
        url = f"{self.node.postgres.url().rsplit('/', 1)[0]}/catalog"
        return await asyncpg.connect(url)

    async def empty(self) -> None:
        """Empty the dataset behind the service's back, as no push does, and let the disk settle."""
        connection = await self.connect()
        await connection.execute(f'TRUNCATE {self.table}, rows."h_{self.suffix}"')
        await connection.execute("UPDATE datasets SET rows = 0 WHERE id = $1", self.dataset)
        await connection.execute("CHECKPOINT")
        await connection.close()

    async def settle(self, vacuum: str) -> None:
        connection = await self.connect()
        await connection.execute(vacuum.format(table=self.table, history=f'rows."h_{self.suffix}"'))
        await connection.execute("CHECKPOINT")
        await connection.close()

    def another(self) -> str:
        """Publish a dataset with the same columns; return its id once it is served."""
        made = self.county.publish("civil", LARGE | {"title": "性能测量用数据(另一份)"})
        other = replace(self, dataset=made)
        other.push_all([as_csv(rows(100))], "append", "text/csv")
        until(lambda: self.county.served(made))
        return made

    def push_all(self, bodies: list[bytes], mode: str, kind: str) -> float:
        """Push batches by four clients; return the seconds it took."""
        began = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as clients:
            for _ in clients.map(
                self._push_some, [(bodies[n::CLIENTS], mode, kind) for n in range(CLIENTS)]
            ):
                pass
        return time.perf_counter() - began

    def _push_some(self, asked: tuple[list[bytes], str, str]) -> None:
        bodies, mode, kind = asked
        with self.door() as door:
            for body in bodies:
                answer = call(
                    door,
                    "POST",
                    f"/v1/datasets/{self.dataset}/batches?mode={mode}",
                    body,
                    {"Content-Type": kind, "Authorization": f"Bearer {self.tokens['civil']}"},
                )
                assert answer.startswith(b'{"id"'), answer[:2000]

    @contextmanager
    def door(self) -> Iterator[http.client.HTTPConnection]:
        address = urlsplit(self.node.url("gateway"))
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=600)
        try:
            yield connection
        finally:
            connection.close()

    def reading(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['market']}"}

    def renew(self) -> None:
        """Take new tokens: they live a quarter of an hour."""
        self.tokens = {name: person.door.token() for name, person in self.county.people.items()}


def call(
    door: http.client.HTTPConnection,
    method: str,
    path: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
) -> bytes:
    """Send a request and read its answer whole."""
    door.request(method, path, body, headers or {})
    answer = door.getresponse()
    content = answer.read()
    assert answer.status < 300, content[:2000]
    return content


@contextmanager
def staged(directory: Path, port_base: int) -> Iterator[Stage]:
    """Start a node, publish one dataset, and wait until it may be served."""
    node = Node(directory, port_base)
    node.start()
    try:
        yield _furnish(node)
    finally:
        node.stop()


def _furnish(node: Node) -> Stage:
    officer = node.secrets.pair("clients", "officer")
    county = County(node)
    door = Client(node.url("gateway"), officer["client_id"], officer["client_secret"])
    county.people["competent"] = Person(officer["client_id"], "", door, officer["client_secret"])
    county.switch()
    for name in ("civil", "market"):
        register(county, name)
    stage = Stage(node, county, county.publish("civil", LARGE), {})
    stage.renew()
    stage.push_all([as_csv(rows(100))], "append", "text/csv")
    until(lambda: county.served(stage.dataset))
    return stage


def machine() -> str:
    """Say what ran this, and what else did."""
    model = next(
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    return (
        f"{os.cpu_count()} cores ({model}), load {', '.join(f'{x:.1f}' for x in os.getloadavg())}"
    )
