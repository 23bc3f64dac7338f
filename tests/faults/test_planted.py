"""Each check is able to fail: with a planted fault it does, and says what is wrong.

A fault leaves the node's history wanting, for ever; the county remembers those differences as known.
"""

from collections.abc import Callable

import pytest
from support.county import County, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


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
    with county.planted(process, fault):
        traffic(county)
        found = county.news()
    county.known |= set(found)
    assert any(said in line for line in found), found
    assert county.differences() == []
