"""Takes an upload's body in as it streams: one change a line, its digest checked at the end."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from zhengshu_chassis.signature import digest_value
from zhengshu_contracts.commission import UploadFiling

from zhengshu_commission.errors import UploadBroken
from zhengshu_commission.repository import Store

CHUNK = 1000
"""Changes written at once."""


@dataclass
class Intake:
    """What has been read of one upload."""

    store: Store
    dataset: str
    count: int = 0
    rows: dict[str, tuple[dict[str, Any], bytes]] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)

    async def take(self, line: bytes) -> None:
        """Read one change."""
        try:
            change = orjson.loads(line)
            op, key = change["op"], str(change["id"])
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise UploadBroken(f"第 {self.count + 1} 行不是一条变更") from error
        self.count += 1
        if op == "delete":
            self.rows.pop(key, None)
            self.gone.append(key)
        else:
            self.rows[key] = (change["row"], hashlib.sha256(line).digest())
        if len(self.rows) + len(self.gone) >= CHUNK:
            await self.flush()

    async def flush(self) -> None:
        """Write what has gathered."""
        await self.store.drop_rows(self.dataset, self.gone)
        await self.store.put_rows(self.dataset, self.rows)
        self.gone, self.rows = [], {}


async def take_in(
    store: Store, filing: UploadFiling, body: AsyncIterator[bytes], announced: str, *, fresh: bool
) -> tuple[int, str]:
    """Store every change; return how many and the body's SHA-256 in hexadecimal.

    Raises UploadBroken when the body is not the announced one; the caller's transaction undoes it.
    """
    if fresh:
        await store.forget_rows(filing.dataset)
    intake, digest = Intake(store, filing.dataset), hashlib.sha256()
    rest = b""
    async for chunk in body:
        digest.update(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                await intake.take(line)
    if rest:
        await intake.take(rest)
    await intake.flush()
    if announced and digest_value(digest.digest()) != announced:
        raise UploadBroken("上报内容与 Content-Digest 不符")
    return intake.count, digest.hexdigest()
