"""The whole node as a stranger finds it: told a story, taken apart service by service, started again."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import get_args

import asyncpg
import httpx
import psutil
import pytest
from postgrest import CountMethod, SyncPostgrestClient
from support.contents import contents
from support.county import until
from support.evidence import wait_for
from support.quiet import until_quiet
from support.reckoning import reckon
from support.servers import free_base
from zhengshu import Client
from zhengshu_contracts.policy import Writer
from zhengshu_gateway.settings import GatewaySettings
from zhengshu_local.databases import DATABASES, roles
from zhengshu_local.demo import samples
from zhengshu_local.node import Node, is_running, read_state

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
LARGEST = 900_000_000
"""Most memory of the whole idle node in bytes, PostgreSQL and NATS included (sum of PSS)."""
STALE = GatewaySettings.model_fields["stale_limit"].default + 1
"""Seconds after which what a silent writer said certainly counts as stale."""


@dataclass
class Place:
    """A folder for one node, and the commands a person gives there."""

    node: Node
    said: str = ""
    """What `up` printed."""

    def command(self, *arguments: str) -> tuple[int, str]:
        """Give a command; return its exit code and what it printed."""
        told = {
            "ZHENGSHU_LOCAL_DIR": str(self.node.directory),
            "ZHENGSHU_LOCAL_PORT": str(self.node.layout.port_base),
        }
        done = subprocess.run(
            [sys.executable, "-c", "from zhengshu_local.cli import app; app()", *arguments],
            env=os.environ | told,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A node started by the command, under its own supervisor; the tests of this file follow each other."""
    place = Place(Node(tmp_path_factory.mktemp("story"), free_base()))
    code, place.said = place.command("up")
    assert code == 0, place.said
    yield place
    if is_running(place.node.directory):
        place.command("down")


@pytest.fixture(scope="module")
def county(place: Place) -> Iterator[Node]:
    """The same node from then on in our hands, its processes to be taken away one by one."""
    assert place.command("down")[0] == 0
    place.node.start()
    yield place.node
    place.node.stop()


def memory(node: Node) -> dict[str, int]:
    """Return the proportional set size of each process with its children, in bytes, the supervisor's too."""
    state = read_state(node.directory)
    sizes = {"supervisor": psutil.Process(state["supervisor"]).memory_full_info().pss}
    for name, (pid, _) in state["children"].items():
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
        sizes[name] = sum(each.memory_full_info().pss for each in family)
    return sizes


def test_the_start_is_measured_and_told(place, record_property):
    seconds = read_state(place.node.directory)["seconds"]
    record_property("Start of the node", f"{seconds} s")
    assert re.findall(r"全部就绪，用时 ([\d.]+) 秒（目标：不超过 25 秒）", place.said) == [
        str(seconds)
    ]


def test_the_idle_node_is_small(place, record_property):
    sizes = memory(place.node)
    told = ", ".join(f"{name} {size / 1e6:.0f}" for name, size in sizes.items())
    record_property("PSS of the idle node", f"{sum(sizes.values()) / 1e6:.0f} MB ({told})")
    assert sum(sizes.values()) <= LARGEST


def test_the_story_is_as_told_and_the_books_agree(place):
    code, said = place.command("demo")
    assert code == 0, said
    assert is_running(place.node.directory)
    until_quiet(place.node)
    assert reckon(place.node) == []


def test_after_the_story_every_database_opens_to_its_own_roles_alone(place):
    own = {(database, role) for database in DATABASES for role in roles(database)}
    assert wait_for(connecting(place.node)) == own


async def connecting(node: Node) -> set[tuple[str, str]]:
    """Return each database that takes connections with each role that it takes them from."""
    connection = await asyncpg.connect(node.postgres.url())
    try:
        rows = await connection.fetch(
            "SELECT datname, rolname FROM pg_database, pg_roles WHERE datallowconn AND rolcanlogin"
            " AND NOT rolsuper AND has_database_privilege(rolname, datname, 'CONNECT')"
        )
    finally:
        await connection.close()
    return {(database, role) for database, role in rows}


def test_after_the_story_it_is_still_small(place):
    assert sum(memory(place.node).values()) <= LARGEST


@dataclass(frozen=True)
class Engineer:
    """Somebody of the education bureau at a terminal, with credentials of a system of theirs."""

    environment: dict[str, str]
    schools: str
    folder: Path

    def zhengshu(self, *arguments: str | Path) -> tuple[int, str]:
        """Give the client's command; return its exit code and what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "zhengshu", *map(str, arguments)],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def engineer(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Engineer:
    """After the story: one more system of the schools' provider."""
    node = place.node
    account, url = node.secrets.pair("clients", "officer"), node.url("gateway")
    with Client(url, account["client_id"], account["client_secret"]) as officer:
        owner = {"organization": samples.ORGANIZATIONS["education"]["code"], "name": "命令行检查"}
        made = officer.post("/v1/systems", owner)["credentials"]
        found = {each["title"]: each["id"] for each in officer.get("/v1/entries")["entries"]}
    told = {"ZHENGSHU_URL": url, "ZHENGSHU_CLIENT_ID": made["client_id"]}
    told["ZHENGSHU_CLIENT_SECRET"] = made["client_secret"]
    folder = tmp_path_factory.mktemp("engineer")
    engineer = Engineer(told, found[samples.SCHOOLS["title"]], folder)
    until(lambda: engineer.zhengshu("rows", engineer.schools)[0] == 0)
    return engineer


def test_the_published_client_of_postgrest_reads_through_the_gateway(engineer):
    account = {
        name.removeprefix("ZHENGSHU_").lower(): v for name, v in engineer.environment.items()
    }
    with Client(account["url"], account["client_id"], account["client_secret"]) as door:
        told = {"Authorization": f"Bearer {door.token()}"}
    base = f"{account['url']}/v1/datasets/{engineer.schools}"
    with httpx.Client(base_url=base, headers=told, trust_env=False) as http:
        rows = SyncPostgrestClient(base, http_client=http).from_("rows")
        exact = CountMethod.exact
        whole = rows.select("*", count=exact).order("code").execute()
        some = rows.select("code,name", count=exact).order("code", desc=True).range(0, 1).execute()
        counted = rows.select("*", count=exact, head=True).execute()
    assert whole.count == len(whole.data) == counted.count == some.count
    assert counted.data == []
    codes = [row["code"] for row in whole.data]
    assert codes == sorted(codes)
    assert [row["code"] for row in some.data] == codes[:-3:-1]


def test_the_command_pushes_once_and_its_receipt_is_good(engineer, place):
    rows = [["S350123090", "示例第九小学", "小学", "西兰乡示例路9号", 90]]
    file, keys = engineer.folder / "schools.csv", engineer.folder / "jwks.json"
    file.write_bytes(samples.table(samples.SCHOOLS, rows))
    code, said = engineer.zhengshu("push", engineer.schools, file, "--dry-run")
    assert (code, json.loads(said)["version"]) == (0, None), said
    code, said = engineer.zhengshu("push", engineer.schools, file, "--key", "command-1")
    assert code == 0, said
    done = json.loads(said)
    assert (done["received"], done["inserted"]) == (1, 1)
    again = engineer.zhengshu("push", engineer.schools, file, "--key", "command-1")
    assert (again[0], json.loads(again[1])) == (0, done)
    with Client(place.node.url("gateway")) as public:
        keys.write_text(json.dumps(public.get("/.well-known/jwks.json")))
    receipt = engineer.folder / "receipt.jws"
    receipt.write_text(done["receipt"])
    code, said = engineer.zhengshu("proof", "receipt", receipt, "--keys", keys)
    assert (code, json.loads(said)["batch"]) == (0, done["id"])
    signed, _, signature = done["receipt"].rpartition(".")
    receipt.write_text(f"{signed}.{signature[::-1]}")
    code, said = engineer.zhengshu("proof", "receipt", receipt, "--keys", keys)
    assert (code, "回执无效" in said) == (1, True)


def test_the_command_reads_exports_and_tells_a_refusal_in_one_line(engineer):
    code, said = engineer.zhengshu("rows", engineer.schools, "code=eq.S350123001")
    assert (code, json.loads(said)["name"]) == (0, "示例第一小学")
    file = engineer.folder / "out.csv"
    code, said = engineer.zhengshu("export", engineer.schools, "--to", file)
    assert (code, "示例第一小学" in file.read_text(encoding="utf-8-sig")) == (0, True), said
    code, said = engineer.zhengshu("entries", "--q", "学校")
    assert (code, f"{engineer.schools}\t" in said) == (0, True)
    code, said = engineer.zhengshu("rows", engineer.schools, "nothing=eq.1")
    assert code == 1
    assert re.fullmatch(r"节点拒绝:4\d\d .+\n", said), said


def test_the_command_saves_a_ledger_that_verifies_until_it_is_changed(engineer, place):
    folder = engineer.folder / "ledger"
    account = place.node.secrets.pair("clients", "officer")
    who = ["--client-id", account["client_id"], "--client-secret", account["client_secret"]]
    code, said = engineer.zhengshu(*who, "ledger", folder)
    assert (code, "已保存" in said) == (0, True), said
    options = []
    for option, name in (("--log", "audit_checkpoint"), ("--witness", "commission_witness")):
        key = engineer.folder / f"{name}.json"
        key.write_text(place.node.secrets.pair("ed25519", name)["public"])
        options += [option, key]
    code, said = engineer.zhengshu("proof", "ledger", folder, *options)
    assert (code, "市大数据委已见证" in said) == (0, True), said
    leaves = folder / "leaves.ndjson"
    leaves.write_text(leaves.read_text().replace("specversion", "specversiom", 1))
    code, said = engineer.zhengshu("proof", "ledger", folder, *options)
    assert (code, "账本不符" in said) == (1, True), said


def test_a_restart_of_everything_keeps_everything(place, request):
    until_quiet(place.node)
    before = contents(place.node)
    county = request.getfixturevalue("county")
    until_quiet(county)
    after = contents(county)
    # What a stop still writes down (refusals counted so far, a last checkpoint) may come to it.
    assert {where for where, kept in before.items() if kept - after[where]} <= RENEWED
    assert [where for where in RENEWED if len(before[where]) != len(after[where])] == []
    assert reckon(county) == []
    visitor = request.getfixturevalue("visitor")
    for door in DOORS:
        until(partial(answers, visitor, door, 200))


RENEWED = {"commission public.witness", "catalog public.quality"}
"""Rows written anew by themselves: the newest checkpoint; the measures of a newest version."""


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


def test_a_token_ends_with_the_secret_it_was_asked_for_with(county, visitor):
    owner = {"organization": samples.ORGANIZATIONS["market"]["code"], "name": "换发检查"}
    made = visitor.officer.post("/v1/systems", owner)["credentials"]
    client, url = made["client_id"], county.url("gateway")
    with Client(url, client, made["client_secret"]) as before:
        bearer = {"Authorization": f"Bearer {before.token()}"}
        assert visitor.public.http.get("/v1/entries", headers=bearer).status_code == 200
        visitor.officer.post(f"/v1/clients/{client}/credential", {"overlap_hours": 0})
        until(lambda: visitor.public.http.get("/v1/entries", headers=bearer).status_code == 401, 15)
        assert before.http.get("/v1/entries").status_code == 401


@pytest.mark.parametrize("off", ["catalog", "sharing", "opening", "audit", "commission", "portal"])
def test_with_one_service_off_the_others_answer_what_they_own(county, visitor, off):
    county.stop_one(off)
    gone = time.monotonic()
    try:
        for door, needed in DOORS.items():
            if off in needed:
                until(partial(answers, visitor, door, 503), 15)
        if off in get_args(Writer):  # a decision that wrongly uses this writer would now be refused
            time.sleep(max(0.0, gone + STALE - time.monotonic()))
        for door, needed in DOORS.items():
            if off not in needed:
                assert visitor.knock(door) == 200, door
    finally:
        county.restart(off)
    for door in DOORS:
        until(partial(answers, visitor, door, 200))
