"""The whole node as a stranger finds it: told a story, taken apart service by service, started again."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import psutil
import pytest
from support.contents import contents
from support.county import until
from support.quiet import until_quiet
from support.reckoning import reckon
from support.servers import running_node
from zhengshu import Client
from zhengshu_local import demo
from zhengshu_local.demo import samples
from zhengshu_local.node import Node

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
LARGEST = 900_000_000
"""Most memory of the whole idle node in bytes, PostgreSQL and NATS included (sum of PSS)."""


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A fresh node; the tests of this file follow each other on it."""
    with running_node(tmp_path_factory.mktemp("story")) as node:
        yield node


def memory(node: Node) -> dict[str, int]:
    """Return the proportional set size of each process with its children, in bytes."""
    found = {}
    for name, process in node.processes.items():
        parent = psutil.Process(process.pid)
        family = [parent, *parent.children(recursive=True)]
        found[name] = sum(each.memory_full_info().pss for each in family)
    return found


def test_the_idle_node_is_small(county, record_property):
    sizes = memory(county)
    told = ", ".join(f"{name} {size / 1e6:.0f}" for name, size in sizes.items())
    record_property("PSS of the idle node", f"{sum(sizes.values()) / 1e6:.0f} MB ({told})")
    assert sum(sizes.values()) <= LARGEST


def test_the_story_is_as_told_and_the_books_agree(county):
    assert demo.main(county) == 0
    until_quiet(county)
    assert reckon(county) == []


def test_after_the_story_it_is_still_small(county):
    assert sum(memory(county).values()) <= LARGEST


@dataclass(frozen=True)
class Visitor:
    """Somebody who knocks at every service's door through the gateway."""

    officer: Client
    reader: Client
    public: Client
    towns: str
    schools: str

    def knock(self, door: str) -> int:
        """Return the status with which a door opens or not."""
        who, path = {
            "entries": (self.officer, "/v1/entries?limit=1"),
            "rows": (self.reader, f"/v1/datasets/{self.towns}/rows?limit=1"),
            "applications": (self.officer, "/v1/applications?limit=1"),
            "open data": (self.public, "/v1/open/datasets?limit=1"),
            "an open file": (self.public, f"/v1/open/datasets/{self.schools}/files/csv"),
            "ledger": (self.public, "/v1/ledger/checkpoint"),
        }[door]
        return who.http.get(path).status_code


DOORS: dict[str, set[str]] = {
    "entries": {"catalog"},
    "rows": {"catalog"},
    "applications": {"sharing"},
    "open data": {"opening"},
    "an open file": {"catalog", "opening"},
    "ledger": {"audit"},
}
"""What is needed for what: the owner, and catalog where rows leave by what it says of the dataset."""


@pytest.fixture(scope="module")
def visitor(county: Node) -> Iterator[Visitor]:
    """After the story: an officer, another department's system, the public."""
    account, url = county.secrets.pair("clients", "officer"), county.url("gateway")
    with Client(url, account["client_id"], account["client_secret"]) as officer:
        owner = {"organization": samples.ORGANIZATIONS["market"]["code"], "name": "访问检查"}
        made = officer.post("/v1/systems", owner)["credentials"]
        found = {each["title"]: each["id"] for each in officer.get("/v1/entries")["entries"]}
        with Client(url, made["client_id"], made["client_secret"]) as reader, Client(url) as public:
            towns, schools = found[samples.TOWNS["title"]], found[samples.SCHOOLS["title"]]
            visitor = Visitor(officer, reader, public, towns, schools)
            for door in DOORS:
                until(partial(answers, visitor, door, 200))
            yield visitor


def answers(visitor: Visitor, door: str, status: int) -> bool:
    """Tell whether a door answers like this."""
    return visitor.knock(door) == status


@pytest.mark.parametrize("off", ["catalog", "sharing", "opening", "audit", "commission", "portal"])
def test_with_one_service_off_the_others_answer_what_they_own(county, visitor, off):
    county.stop_one(off)
    try:
        for door, needed in DOORS.items():
            if off in needed:
                until(partial(answers, visitor, door, 503), 15)
        for door, needed in DOORS.items():
            if off not in needed:
                assert visitor.knock(door) == 200, door
    finally:
        county.restart(off)
    for door in DOORS:
        until(partial(answers, visitor, door, 200))


def test_a_restart_of_everything_keeps_everything(county, visitor):
    until_quiet(county)
    before = contents(county)
    county.stop()
    county.start()
    until_quiet(county)
    after = contents(county)
    # What a stop still writes down (refusals counted so far, a last checkpoint) may come to it.
    assert {place for place, kept in before.items() if kept - after[place]} <= {WITNESSED}
    assert reckon(county) == []
    for door in DOORS:
        until(partial(answers, visitor, door, 200))


WITNESSED = "commission public.witness"
"""One row: the newest checkpoint of all, whichever that is."""
