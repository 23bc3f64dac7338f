"""kill -9 at each named point of a real process amid traffic: started again, nothing is lost or doubled."""

import os
import re
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from support.county import County

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "0"))
"""How often everything is tried; 0: each kind of step once."""
ROOT = Path(__file__).parents[2]


def push(county: County) -> None:
    """Two versions: rows, events, uploads, leaves, and a snapshot for the public."""
    county.push_aid()
    county.push_school()


def push_later(county: County) -> None:
    """A version from a push that was kept and taken by a worker."""
    county.push_aid(later=True)


def publish(county: County) -> None:
    """A new entry, which sharing and opening copy and the Commission registers."""
    county.publish_another()


def apply(county: County) -> None:
    """The whole way to a grant, a read under it, and its end."""
    grant = county.grant()
    county.read_until(county.aid, {"name", "amount"})
    county.revoke(grant)


Point = tuple[str, str, Callable[[County], None]]
ALWAYS: list[Point] = [
    ("push.committing", "catalog", push),
    ("push.committed", "catalog", push),
    ("later.committing", "catalog", push_later),
    ("relay.scanned", "catalog", push),
    ("relay.published", "catalog", push),
    ("consumer.handled", "audit", push),
    ("consumer.committed", "sharing", publish),
    ("forward.sending", "gateway", push),
    ("forward.sent", "gateway", push),
    ("decision.applied", "sharing", apply),
    ("snapshot.built", "opening", push),
]
"""Each kind of step once, with the whole node around it."""
IN_ROUNDS: list[Point] = [
    ("push.staged", "catalog", push),
    ("later.kept", "catalog", push_later),
    ("later.committed", "catalog", push_later),
    ("application.submitted", "sharing", apply),
    *((f"relay.{step}", "sharing", apply) for step in ("scanned", "published")),
    *((f"relay.{step}", "opening", push) for step in ("scanned", "published")),
    *((f"relay.{step}", "audit", push) for step in ("scanned", "published")),
    *((f"consumer.{step}", "opening", push) for step in ("handled", "committed")),
    ("consumer.handled", "sharing", publish),
    ("consumer.committed", "audit", push),
]
"""Further ones, and the shared steps in every service; each service's own tests kill it at its own points."""
TRIED = [(0, *each) for each in ALWAYS] + [
    (number, *each) for number in range(1, ROUNDS + 1) for each in (*ALWAYS, *IN_ROUNDS)
]


@pytest.mark.parametrize(
    ("number", "point", "process", "traffic"),
    TRIED,
    ids=[f"{point}-{process}-{number}" for number, point, process, _ in TRIED],
)
def test_killed_at_a_point_and_started_again(county, number, point, process, traffic):
    county.random = Random(f"{point} {process} {number}")
    with county.reading(), ThreadPoolExecutor(1) as hands:
        with county.armed(process, point):
            going = hands.submit(traffic, county)
            died = wait_for_death(county, process)
        county.node.restart(process)
        going.result(timeout=90)
    assert died == -signal.SIGKILL
    assert county.differences() == []


def test_every_named_point_is_tried():
    sources = [*ROOT.glob("*/src/**/*.py"), *ROOT.glob("services/*/src/**/*.py")]
    named = {
        name
        for path in sources
        for name in re.findall(r'failpoints\.hit\("([^"]+)"\)', path.read_text(encoding="utf-8"))
    }
    assert named == {point for point, _, _ in (*ALWAYS, *IN_ROUNDS)}


@pytest.mark.parametrize("number", range(ROUNDS + 1))
def test_whoever_is_killed_whenever_nothing_is_lost_or_doubled(county, number):
    """Both servers and two processes die one after the other, wherever they happen to be."""
    county.random, chance = Random(number), Random(number)
    others = sorted(county.node.processes.keys() - {"postgres", "nats"})
    victims = ["postgres", "nats", *chance.sample(others, 2)]
    chance.shuffle(victims)
    with county.reading(), ThreadPoolExecutor(2) as hands:
        going = [hands.submit(push, county), hands.submit(apply, county)]
        for victim in victims:
            county.node.kill(victim)
            county.node.restart(victim)
        for each in going:
            each.result(timeout=90)
    assert county.differences() == []


def wait_for_death(county: County, process: str) -> int:
    """Return how a process ended."""
    deadline = time.monotonic() + 60
    while (code := county.node.processes[process].exit_code) is None:
        assert time.monotonic() < deadline, "the point was never reached"
        time.sleep(0.05)
    return code
