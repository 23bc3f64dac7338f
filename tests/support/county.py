"""A small county at work: who pushes, reads, applies and decides, and writes all of it into a diary.

Every write carries an idempotency key and is repeated under it until it is answered, as a client should.
"""

import csv
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any, TypeVar

import asyncpg
import httpx
from support.diary import Answered, Diary, Pushed, Row
from support.evidence import wait_for
from support.quiet import until_quiet
from support.reckoning import reckon
from zhengshu import Client, Refused
from zhengshu.client import problem_of
from zhengshu_contracts.catalog import BatchOut, BatchProgress
from zhengshu_local.demo import samples
from zhengshu_local.node import Node

T = TypeVar("T")
PATIENCE = 60.0
PLANTED = str(Path(__file__).parents[1] / "faults" / "planted")
TOWNS = [name for _, name in samples.LUOYUAN]
IN_PROGRESS = "idempotency-in-progress"


def persist(call: Callable[[], T], patience: float = PATIENCE) -> T:
    """Do something until the node answers it; an outage is no answer."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return call()
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
        except Refused as refusal:
            passing = refusal.status >= 500 or refusal.slug == IN_PROGRESS
            if not passing or time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def until(look: Callable[[], T | None], patience: float = PATIENCE) -> T:
    """Look until there is something to see."""
    deadline = time.monotonic() + patience
    while not (seen := persist(look)):
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.1)
    return seen


@dataclass
class Person:
    """A client with its organisation."""

    id: str
    organization: str
    door: Client
    secret: str

    def at(self, node: Node) -> "Person":
        """Return the same client before another node."""
        door = Client(node.url("gateway"), self.id, self.secret)
        return replace(self, door=door)


@dataclass
class County:
    """The players of the fault tests on one running node."""

    node: Node
    diary: Diary = field(default_factory=Diary)
    random: Random = field(default_factory=lambda: Random(2026))
    people: dict[str, Person] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    """Differences that planted faults have left behind."""
    aid: str = ""
    """A mixed dataset: case_no, town, household for every department, name and amount on application."""
    schools: str = ""
    """Unconditional and open to all."""
    _keys: int = 0
    _entries: int = 0

    def key(self) -> str:
        """Return a new idempotency key."""
        self._keys += 1
        return f"county-{id(self):x}-{self._keys}"

    def post(self, who: str, path: str, body: object) -> Any:
        """Write something, once, whatever happens meanwhile."""
        key = self.key()
        return persist(lambda: self.people[who].door.post(path, body, key=key))

    def get(self, who: str, path: str, **params: Any) -> Any:
        """Look something up."""
        return persist(lambda: self.people[who].door.get(path, **params))

    def desk(self, method: str, path: str, body: object = None) -> Any:
        """Act at the Commission's desk."""
        token = self.node.secrets("hmac", "desk")
        response = httpx.request(
            method,
            f"{self.node.url('commission')}{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )
        response.raise_for_status()
        return response.json() if response.content else None

    def switch(self, **switches: object) -> None:
        """Set the Commission's switches; those not named go back to health. Answers come at once."""
        self.desk("PUT", "/desk/switches", {"delay": 0} | switches)

    def push(
        self, dataset: str, rows: list[Row], mode: str = "upsert", *, later: bool = False
    ) -> Pushed:
        """Push rows as the provider's system until they are taken, at once or later."""
        body, key = self._csv(dataset, rows), self.key()
        door = self.people["civil" if dataset == self.aid else "education"].door
        if later:
            done = self._later(door, dataset, body, mode, key)
        else:
            done = persist(lambda: door.push(dataset, body, mode=mode, key=key))
        made = Pushed(dataset, mode, rows, done.id, done.version)
        self.diary.pushed.append(made)
        return made

    def _later(self, door: Client, dataset: str, body: bytes, mode: str, key: str) -> BatchOut:
        """Have a batch kept, and ask until it is taken."""
        headers = {"Idempotency-Key": key, "Content-Type": "text/csv", "Prefer": "respond-async"}
        path = f"/v1/datasets/{dataset}/batches"
        ask = partial(door.call, "POST", path, content=body, headers=headers, params={"mode": mode})
        place = persist(ask).headers["Location"]
        taken: BatchOut = until(lambda: BatchProgress.model_validate(door.get(place)).batch)
        return taken

    def _csv(self, dataset: str, rows: list[Row]) -> bytes:
        out = io.StringIO()
        columns = [item["name"] for item in self._content(dataset)["items"]]
        writer = csv.DictWriter(out, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue().encode()

    def push_aid(self, *, later: bool = False) -> Pushed:
        """Push a batch as seeded chance will have it: new, changed and deleted households."""
        present = sorted(self.diary.rows(self.aid))
        mode = "delete" if len(present) > 12 and self.random.random() < 0.4 else "upsert"
        rows = [self._household(n) for n in self.random.sample(range(30), 4)]
        if mode == "delete":
            rows = [self.diary.rows(self.aid)[key] for key in self.random.sample(present, 3)]
        return self.push(self.aid, rows, mode, later=later)

    def push_school(self) -> Pushed:
        """Push a change of one school."""
        return self.push(self.schools, [self._school(self.random.randrange(20))])

    def read(self, dataset: str, who: str = "market", **params: Any) -> list[dict[str, Any]]:
        """Read rows once; raise what the node says instead."""
        person = self.people[who]
        request = {"params": params} if params else {}
        response = person.door.http.get(f"/v1/datasets/{dataset}/rows", **request)
        rows = response.json() if response.is_success else []
        self._note(person, dataset, response, rows)
        if not response.is_success:
            raise Refused(problem_of(response))
        return rows

    def read_until(self, dataset: str, columns: set[str]) -> list[dict[str, Any]]:
        """Read until these columns are seen."""

        def seen() -> list[dict[str, Any]] | None:
            rows = self.read(dataset)
            return rows if rows and columns <= rows[0].keys() else None

        return until(seen)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read again and again meanwhile, taking refusals as they come."""
        stop = Event()

        def go() -> None:
            while not stop.wait(0.2):
                try:
                    self.read(self.aid)
                except (Refused, httpx.TransportError):
                    continue

        reader = Thread(target=go)
        reader.start()
        try:
            yield
        finally:
            stop.set()
            reader.join()

    @contextmanager
    def armed(self, process: str, point: str) -> Iterator[None]:
        """Let a running process kill itself when it reaches a point."""
        file = self.node.directory / "armed" / process
        file.write_text(point)
        try:
            yield
        finally:
            file.unlink()

    def submit(self) -> str:
        """Apply for the conditional columns; return the application."""
        asked = {
            "parts": [
                {"dataset": self.aid, "items": ["name", "amount"], "modes": ["query"], "filter": ""}
            ],
            "basis": "社会救助暂行办法及本局职责(示例)",
            "scenario": "救助对象核对(示例)",
            "scope": "登记注册科",
            "purpose": "核对",
            "until": (datetime.now(UTC) + timedelta(days=90)).date().isoformat(),
            "consent": {"by": "负责人(示例)", "on": datetime.now(UTC).date().isoformat()},
        }
        return str(self.post("market officer", "/v1/applications", asked)["id"])

    def endorse(self, application: str) -> None:
        """Let the competent department send it on."""
        agreed = {"outcome": "agree", "opinion": "同意转报"}
        self.post("competent", f"/v1/applications/{application}/endorsement", agreed)

    def opinion(self, application: str) -> str | None:
        """Return the Commission's question to the provider if it waits for an answer."""
        found = self.people["civil officer"].door.get("/v1/opinions", state="requested", limit=200)
        return next((o["id"] for o in found["opinions"] if o["application"] == application), None)

    def advise(self, application: str) -> None:
        """Answer the Commission's question to the provider once it is asked."""
        consent = {"by": "负责人(示例)", "on": datetime.now(UTC).date().isoformat()}
        opinion = until(partial(self.opinion, application))
        self.post(
            "civil officer", f"/v1/opinions/{opinion}", {"outcome": "agree", "consent": consent}
        )

    def part(self, application: str) -> dict[str, Any]:
        """Return how far the application's one part is."""
        found: dict[str, Any] = self.get("market officer", f"/v1/applications/{application}")
        return found["parts"][0]

    def granted(self, application: str) -> str:
        """Return the grant once there is one."""
        return str(until(lambda: self.part(application)["grant"]))

    def filing(self, application: str) -> str:
        """Return the reference of an application on the desk once it waits there for a decision."""

        def waiting() -> str | None:
            found = self.desk("GET", "/desk/filings?state=pending&kind=application")
            return next((f["ref"] for f in found if f["body"]["application"] == application), None)

        return until(waiting)

    def grant(self) -> str:
        """Go the whole way from application to grant."""
        application = self.submit()
        self.endorse(application)
        self.advise(application)
        return self.granted(application)

    def revoke(self, grant: str) -> None:
        """End a grant."""
        self.post("competent", f"/v1/grants/{grant}/revocation", {"reason": "用途已实现"})

    def publish(self, who: str, entry: dict[str, Any]) -> str:
        """Compile an entry and have it published; return its id."""
        made = self.post(f"{who} officer", "/v1/entries", entry)["id"]
        self.post(f"{who} officer", f"/v1/entries/{made}/submission", {})
        agreed = {"outcome": "agree", "opinion": "同意发布"}
        self.post("competent", f"/v1/entries/{made}/review", agreed)
        return str(made)

    def publish_another(self) -> str:
        """Publish one more entry, without rows."""
        self._entries += 1
        return self.publish("education", samples.SCHOOLS | {"title": f"学校名录({self._entries})"})

    def entry(self, entry: str) -> dict[str, Any]:
        """Return an entry as the competent department sees it."""
        found: dict[str, Any] = self.get("competent", f"/v1/entries/{entry}")
        return found

    def served(self, dataset: str) -> bool:
        """Tell whether a dataset has its service registration."""
        return bool(self.entry(dataset)["registration"] == "live")

    def open_schools(self, dataset: str = "") -> str:
        """Have the schools, or another dataset of their kind, opened to the public; return the proposal."""
        asked = {"dataset": dataset or self.schools}
        proposal = self.post("education officer", "/v1/open/proposals", asked)["id"]
        agreed = {"outcome": "agree", "opinion": "同意开放"}
        self.post("competent", f"/v1/open/proposals/{proposal}/review", agreed)
        return str(proposal)

    def withdraw(self, application: str) -> None:
        """Take an application back."""
        path = f"/v1/applications/{application}/withdrawal"
        self.post("market officer", path, {"reason": "不再需要"})

    def serve_another(self) -> str:
        """Publish one more entry like the schools, with a row, and wait until it may be served."""
        entry = self.publish_another()
        self.diary.keys[entry] = "code"
        self.push(entry, [self._school(0)])
        until(lambda: self.served(entry))
        return entry

    def differences(self, patience: float = PATIENCE) -> list[str]:
        """Wait until the node is quiet and return what does not agree, but for what is known."""
        until_quiet(self.node, patience)
        return [each for each in reckon(self.node, self.diary) if each not in self.known]

    def news(self) -> list[str]:
        """Return the differences that are new; a broken node may not come to rest for long."""
        try:
            until_quiet(self.node, patience=8)
        except AssertionError as restless:
            found = [str(restless)]
        else:
            found = []
        return [each for each in found + reckon(self.node, self.diary) if each not in self.known]

    @contextmanager
    def planted(self, process: str, fault: str) -> Iterator[None]:
        """Run a process with a fault in it."""
        self.node.restart(process, {"PYTHONPATH": PLANTED, "PLANTED": fault})
        try:
            yield
        finally:
            self.node.restart(process)

    def at(self, node: Node) -> "County":
        """Return the same people before another node that knows them."""
        people = {name: person.at(node) for name, person in self.people.items()}
        return replace(self, node=node, people=people, diary=deepcopy(self.diary))

    def close(self) -> None:
        """Let everybody go."""
        for person in self.people.values():
            person.door.close()

    def execute(self, database: str, statement: str) -> None:
        """Change a database behind the service's back."""
        wait_for(_execute(f"{self.node.postgres.url().rsplit('/', 1)[0]}/{database}", statement))

    def _content(self, dataset: str) -> dict[str, Any]:
        return samples.AID if dataset == self.aid else samples.SCHOOLS

    def _school(self, number: int) -> Row:
        return {
            "code": f"S{number:03}",
            "name": f"示例小学{number}",
            "kind": "小学",
            "address": "示例路",
            "pupils": str(self.random.randrange(1, 999999)),
        }

    def _household(self, number: int) -> Row:
        return {
            "case_no": f"DB{number:05}",
            "town": self.random.choice(TOWNS),
            "household": str(self.random.randrange(1, 9)),
            "name": f"示例{number}",
            "amount": f"{self.random.randrange(10_000, 300_000) / 100:.2f}",
            "bank_account": f"示例账号{number}",
        }

    def _note(self, person: Person, dataset: str, response: httpx.Response, rows: Any) -> None:
        if record := response.headers.get("Zhengshu-Record"):
            columns = frozenset(name for row in rows for name in row if name != "_id")
            self.diary.answered.append(
                Answered(
                    person.id, person.organization, dataset, record, response.status_code, columns
                )
            )


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
