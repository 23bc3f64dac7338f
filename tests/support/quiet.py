"""When a node has come to rest: everything announced, taken, answered and signed."""

import asyncio
import time
from typing import Any

from support.evidence import SERVICES, databases, streams, wait_for
from zhengshu_local.node import Node

IN_EVERY_SERVICE = {
    "unpublished": "SELECT count(*) FROM outbox WHERE published_at IS NULL",
    "dispatches on their way": "SELECT count(*) FROM dispatches"
    " WHERE state = 'due' OR state = 'accepted' AND expects_answer",
}
IN_ONE = {
    ("catalog", "pushes to take"): "SELECT count(*) FROM pushes WHERE state = 'waiting'",
    ("commission", "call-backs to send"): "SELECT count(*) FROM callbacks WHERE sent_at IS NULL",
    ("opening", "snapshots to build"): "SELECT count(*) FROM builds",
    ("audit", "leaves to sign"): "SELECT count(*) FROM leaves WHERE subject NOT LIKE"
    " 'zhengshu.audit.checkpoint.%' AND index >= (SELECT coalesce(max(size), 0) FROM checkpoints)",
    ("audit", "checkpoints to countersign"): "SELECT count(*) FROM checkpoints"
    " WHERE size > (SELECT coalesce(max(size), 0) FROM countersignatures)",
}


def until_quiet(node: Node, patience: float = 60.0) -> None:
    """Return when nothing is under way any more; fail with what still is."""
    wait_for(_until_quiet(node, patience))


async def _until_quiet(node: Node, patience: float) -> None:
    deadline, waiting = time.monotonic() + patience, ["?"]
    async with databases(node) as connections, streams(node) as js:
        # Twice in a row: between two looks a thing may be in nobody's table, only in a process.
        calm = 0
        while calm < 2:
            waiting = await _waiting(connections, js)
            calm = 0 if waiting else calm + 1
            if time.monotonic() > deadline:
                raise AssertionError(f"not quiet after {patience:.0f} s: {'; '.join(waiting)}")
            await asyncio.sleep(0.15)


async def _waiting(connections: dict[str, Any], js: Any) -> list[str]:
    queries = {(name, what): sql for name in SERVICES for what, sql in IN_EVERY_SERVICE.items()}
    found = []
    for (name, what), sql in (queries | IN_ONE).items():
        if count := await connections[name].fetchval(sql):
            found.append(f"{name}: {count} {what}")
    for stream in ("EVENTS", "ACCESS"):
        for info in await js.consumers_info(stream):
            left = (info.num_pending or 0) + (info.num_ack_pending or 0)
            if left and info.name in SERVICES:
                found.append(f"{info.name}: {left} of {stream} to take")
    return found
