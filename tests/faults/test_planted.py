"""Each check is able to fail: with a planted fault it does, and says what is wrong.

A fault leaves the node's history wanting, for ever; the county remembers those differences as known.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.county import County, until
from support.evidence import gather, wait_for
from support.quiet import until_quiet
from support.reckoning import differences

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
PLANTED = str(Path(__file__).parent / "planted")


def push(county: County) -> None:
    county.push_school()


def read(county: County) -> None:
    until(lambda: county.read(county.aid))


FAULTS: list[tuple[str, str, Callable[[County], None], str]] = [
    ("relay_forgets", "catalog", push, "is not on the stream"),
    ("consumer_has_no_inbox", "opening", push, "is not in the inbox"),
    ("audit_skips", "audit", push, "has no leaf"),
    ("policy_leaks", "gateway", read, "through"),
    ("gateway_does_not_record", "gateway", read, "is not recorded"),
]


@pytest.mark.parametrize(
    ("fault", "process", "traffic", "said"), FAULTS, ids=[f[0] for f in FAULTS]
)
def test_a_planted_fault_is_found(county, fault, process, traffic, said):
    county.node.restart(process, {"PYTHONPATH": PLANTED, "PLANTED": fault})
    try:
        traffic(county)
        found = look(county)
    finally:
        county.node.restart(process)
    county.known |= set(found)
    assert any(said in line for line in found), found
    assert county.differences() == []


def look(county: County) -> list[str]:
    """Return the differences that are new; a broken node may not come to rest for long."""
    try:
        until_quiet(county.node, patience=8)
    except AssertionError as restless:
        found = [str(restless)]
    else:
        found = []
    found += differences(wait_for(gather(county.node)), county.diary)
    return [each for each in found if each not in county.known]
