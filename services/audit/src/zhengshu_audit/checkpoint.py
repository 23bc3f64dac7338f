"""The next checkpoint over the leaves, and what the witness needs to follow it."""

import base64

from zhengshu_contracts.commission import CheckpointFiling
from zhengshu_verify import merkle
from zhengshu_verify.note import Checkpoint, SigningKey

from zhengshu_audit import ledger
from zhengshu_audit.repository import Checkpoints, Leaves

# Leaves that one checkpoint may add: what one short transaction can hash.
STRIDE = 20_000


async def extend(leaves: Leaves, signed: int, key: SigningKey) -> Checkpoint:
    """Grow the tree by the leaves since the last checkpoint of size `signed`."""
    edge = await ledger.frontier(leaves, signed)
    edge, nodes = edge.extend(await leaves.hashes_from(signed, STRIDE))
    await leaves.add_nodes(nodes)
    return Checkpoint(key.name, edge.size, edge.root())


async def filing(leaves: Leaves, checkpoints: Checkpoints) -> CheckpointFiling | None:
    """What to lay before the witness: the newest checkpoint, unless it has signed that already."""
    newest = await checkpoints.newest()
    if newest is None or newest.countersignature is not None:
        return None
    last = await checkpoints.newest(countersigned=True)
    since = last.checkpoint.size if last else 0
    path = merkle.consistency_path(since, newest.checkpoint.size)
    proof = [base64.b64encode(one).decode() for one in await ledger.prove(leaves, path)]
    restart = await leaves.restarted(since)
    reason = restart.reason if restart else ""
    return CheckpointFiling(note=newest.checkpoint.note, since=since, proof=proof, restart=reason)
