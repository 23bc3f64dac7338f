"""What audit does: record, close, sign, lay before the witness, countersign, prove.

The caller owns the transaction.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.dispatch import Dispatches
from zhengshu_chassis.outbox import Outbox
from zhengshu_contracts.audit import AccessClosed, CheckpointCountersigned, LedgerRestarted
from zhengshu_contracts.commission import CountersignatureAnswer, DispatchKind
from zhengshu_verify import merkle
from zhengshu_verify.merkle import Span
from zhengshu_verify.note import InvalidNote, Note, Signature, SigningKey, VerifierKey

from zhengshu_audit import checkpoint, domain, ledger
from zhengshu_audit.domain import Entry
from zhengshu_audit.errors import BeyondLedger, CheckpointNotFound, CountersignatureRefused
from zhengshu_audit.repository import Accesses, AccessQuery, Checkpoints, Leaves, Signed
from zhengshu_audit.tables import LeafRow

CLOSED_AT_ONCE = 500
FORGOTTEN_AFTER = timedelta(days=1)
# A witness that refused will refuse the next one too until a person has looked at it.
PAUSE_AFTER_REFUSAL = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Unit:
    """What one operation may touch."""

    leaves: Leaves
    checkpoints: Checkpoints
    accesses: Accesses
    outbox: Outbox
    dispatches: Dispatches

    @classmethod
    def of(cls, session: AsyncSession) -> "Unit":
        """Make a unit that works in a session's transaction."""
        return cls(
            Leaves(session),
            Checkpoints(session),
            Accesses(session),
            Outbox(session, "audit"),
            Dispatches(session),
        )


async def record(unit: Unit, entries: Sequence[Entry]) -> None:
    """Make leaves of what is new, and note which accesses it opens or ends."""
    fresh = await ledger.append(unit.leaves, entries)
    if sightings := domain.half_seen(fresh):
        await unit.accesses.see(sightings)


async def sign(unit: Unit, key: SigningKey, *, now: datetime) -> int | None:
    """Sign the leaves since the last checkpoint; return the new size, or None if none is due."""
    await unit.checkpoints.lock()
    last = await unit.checkpoints.newest()
    signed = last.checkpoint.size if last else 0
    if not await unit.leaves.worth_signing(signed):
        return None
    signing = await checkpoint.extend(unit.leaves, signed, key)
    await unit.checkpoints.add(signing.size, signing.root, signing.signed(key).encode(), now)
    return signing.size


async def file(unit: Unit, *, now: datetime) -> bool:
    """Lay the newest checkpoint before the witness, unless one is unanswered; tell whether."""
    await unit.checkpoints.lock()
    last = await unit.checkpoints.newest(countersigned=True)
    restart = await unit.leaves.restarted(last.checkpoint.size if last else 0)
    refused_after = now - PAUSE_AFTER_REFUSAL
    if restart is not None:  # it answers what was refused before
        refused_after = max(refused_after, restart.at)
    if await unit.checkpoints.unanswered(refused_after=refused_after):
        return False
    filing = await checkpoint.filing(unit.leaves, unit.checkpoints)
    if filing is None:
        return False
    unit.dispatches.open(DispatchKind.CHECKPOINT, "checkpoint", filing)
    return True


def restart(unit: Unit, reason: str) -> None:
    """Say that the ledger goes on from a backup: a leaf, and a question to the witness."""
    unit.outbox.add(LedgerRestarted(reason=reason), aggregate="ledger")


async def close_lapsed(unit: Unit, *, before: datetime) -> int:
    """Close accesses decided before then without an ending; the announcement becomes a leaf."""
    lapsed = await unit.accesses.close(before, CLOSED_AT_ONCE)
    for one in lapsed:
        unit.outbox.add(AccessClosed(record=one), aggregate=f"access:{one}")
    await unit.accesses.forget(before - FORGOTTEN_AFTER)
    return len(lapsed)


async def countersign(
    unit: Unit, answer: CountersignatureAnswer, witness: VerifierKey, *, now: datetime
) -> bool:
    """Store the witness's signature if it is one; False when it was there already."""
    row = await unit.checkpoints.get(answer.size)
    if row is None:
        raise CheckpointNotFound(f"没有大小为 {answer.size} 的检查点")
    line = _verified(row.note, answer.signature, witness)
    if not await unit.checkpoints.countersign(answer.size, line, now):
        return False
    root = base64.b64encode(row.root).decode()
    unit.outbox.add(CheckpointCountersigned(size=row.size, root=root), aggregate="checkpoint")
    return True


def _verified(note: str, line: str, witness: VerifierKey) -> str:
    """The signature line in its one proper form, or CountersignatureRefused."""
    try:
        signature = Signature.parse(line.strip("\n"))
        witness.verify(Note(Note.parse(note).text).signed(signature))
    except InvalidNote as error:
        raise CountersignatureRefused("签名不是市大数据委对该检查点所作") from error
    return signature.line()


async def newest(unit: Unit, *, countersigned: bool) -> Signed:
    """The newest checkpoint, or the newest countersigned one."""
    signed = await unit.checkpoints.newest(countersigned=countersigned)
    if signed is None:
        raise CheckpointNotFound(next="记录产生后约一秒即有检查点,见证签名随后到达")
    return signed


async def accesses(
    unit: Unit, asked: AccessQuery, limit: int
) -> list[tuple[LeafRow, LeafRow | None]]:
    """Decisions on one side of an organisation's accesses, each with its ending where there is one."""
    decided = await unit.leaves.accesses(asked, limit)
    records = {row.index: str(domain.read(row.payload or "").data["record"]) for row in decided}
    ended = await unit.leaves.endings(list(records.values()))
    return [(row, ended.get(records[row.index])) for row in decided]


async def prove_inclusion(unit: Unit, index: int, size: int | None) -> tuple[int, list[str]]:
    """The proof that a leaf is in the tree of a size, by default the newest signed; with the size."""
    size = await _signed_size(unit, size)
    if index >= size:
        raise BeyondLedger(f"序号 {index} 不在大小为 {size} 的存证树内")
    return size, await _prove(unit, merkle.inclusion_path(index, size))


async def prove_consistency(unit: Unit, old: int, new: int | None) -> tuple[int, list[str]]:
    """The proof that the tree only grew from one size to another; with the latter."""
    new = await _signed_size(unit, new)
    if old > new:
        raise BeyondLedger(f"起点 {old} 大于终点 {new}")
    return new, await _prove(unit, merkle.consistency_path(old, new))


async def _signed_size(unit: Unit, wanted: int | None) -> int:
    size = (await newest(unit, countersigned=False)).checkpoint.size
    if wanted is not None and wanted > size:
        raise BeyondLedger(f"已签名的存证大小为 {size}")
    return size if wanted is None else wanted


async def _prove(unit: Unit, path: Sequence[Span]) -> list[str]:
    return [base64.b64encode(one).decode() for one in await ledger.prove(unit.leaves, path)]
