"""The reckoning: compares databases, streams and the clients' own diary, and names every difference.

An independent reader: it knows the contracts (subjects, classes, kinds) and the tables, and shares no code
with the services. No difference means that nothing was lost, doubled, or let out that should not have been.
"""

from collections.abc import Iterator

from support.diary import Diary
from support.evidence import Evidence, gather, wait_for
from support.reckonings import announcing, exchanging, holding, recording
from zhengshu_local.node import Node

CHECKS = (
    holding.versions,
    holding.uploads,
    holding.copies,
    announcing.outboxes,
    announcing.stream,
    announcing.buckets,
    announcing.grants,
    announcing.once,
    announcing.inboxes,
    recording.leaves,
    recording.tree,
    recording.accesses,
    recording.views,
    exchanging.dispatches,
    exchanging.filings,
    exchanging.replies,
)
TOLD = (holding.pushes, recording.answers)


def reckon(node: Node, diary: Diary | None = None) -> list[str]:
    """Return every difference in a node that is quiet."""
    return differences(wait_for(gather(node)), diary or Diary())


def differences(evidence: Evidence, diary: Diary) -> list[str]:
    """Return every difference in what was read, each with the check that found it."""
    return list(_all(evidence, diary))


def _all(evidence: Evidence, diary: Diary) -> Iterator[str]:
    for check in CHECKS:
        yield from (f"{check.__name__}: {each}" for each in check(evidence))
    for compare in TOLD:
        yield from (f"{compare.__name__}: {each}" for each in compare(evidence, diary))
