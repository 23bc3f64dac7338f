"""Saves the node's ledger as files that `offline` can check years later."""

import json
from pathlib import Path

from zhengshu_contracts.audit import CheckpointOut, LeafList

from zhengshu.client import Client
from zhengshu.offline import CHECKPOINT, LEAVES

BATCH = 500


def save(client: Client, folder: Path) -> CheckpointOut:
    """Write the newest countersigned checkpoint and every leaf under it."""
    folder.mkdir(parents=True, exist_ok=True)
    newest = client.get("/v1/ledger/checkpoint", countersigned="true")
    checkpoint = CheckpointOut.model_validate(newest)
    (folder / CHECKPOINT).write_text(checkpoint.note, encoding="utf-8")
    with (folder / LEAVES).open("w", encoding="utf-8") as file:
        start: int | None = 0
        while start is not None and start < checkpoint.size:
            limit = min(BATCH, checkpoint.size - start)
            answer = client.get("/v1/ledger/leaves", **{"from": start, "limit": limit})
            page = LeafList.model_validate(answer)
            for leaf in page.leaves:
                file.write(json.dumps(leaf.model_dump(), ensure_ascii=False) + "\n")
            start = page.next
    return checkpoint
