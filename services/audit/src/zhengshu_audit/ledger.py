"""Appending to the ledger, and proofs from it. Knows leaves and trees, not what the leaves say.

Indexes are contiguous and final when the transaction of an append commits; the tree above the
leaves follows at the next checkpoint.
"""

from collections.abc import Sequence

from zhengshu_verify import merkle
from zhengshu_verify.merkle import Frontier, Span

from zhengshu_audit.domain import Entry
from zhengshu_audit.repository import Leaves


async def append(leaves: Leaves, entries: Sequence[Entry]) -> list[Entry]:
    """Append what is new, in the order given, and return it.

    An event has one leaf however often it is delivered: its id is unique among the leaves. Other
    appends wait until the caller's transaction ends.
    """
    await leaves.lock()
    known = await leaves.known([entry.id for entry in entries])
    fresh = list({entry.id: entry for entry in entries if entry.id not in known}.values())
    if fresh:
        await leaves.add(await leaves.size(), fresh)
    return fresh


async def frontier(leaves: Leaves, size: int) -> Frontier:
    """The right edge of the tree over the first `size` leaves, which must be signed."""
    nodes = merkle.subtrees(Span(0, size))
    hashes = await leaves.hashes(nodes)
    return Frontier(size, tuple(hashes[node] for node in nodes))


async def prove(leaves: Leaves, path: Sequence[Span]) -> list[bytes]:
    """The hashes of a proof within the signed part of the tree."""
    nodes = [node for span in path for node in merkle.subtrees(span)]
    hashes = await leaves.hashes(nodes)
    return merkle.prove(path, hashes.__getitem__)
