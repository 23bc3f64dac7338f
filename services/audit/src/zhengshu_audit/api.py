"""HTTP in, HTTP out: checkpoints, leaves and proofs."""

import base64
from typing import Annotated

from fastapi import Depends, Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.transaction import Router, Session
from zhengshu_contracts.audit import (
    CheckpointOut,
    ConsistencyProof,
    InclusionProof,
    Leaf,
    LeafList,
)
from zhengshu_contracts.roles import Action
from zhengshu_verify.note import Note, Signature

from zhengshu_audit import operations
from zhengshu_audit.errors import BeyondLedger, CheckpointNotFound
from zhengshu_audit.operations import Unit
from zhengshu_audit.repository import Signed
from zhengshu_audit.tables import LeafRow

router = Router(prefix="/v1/ledger", tags=["存证"])


def unit(session: Session) -> Unit:
    """Make the request's unit."""
    return Unit.of(session)


InUnit = Annotated[Unit, Depends(unit)]
Index = Annotated[int, Query(ge=0, description="叶序号,从 0 起")]
Start = Annotated[int, Query(alias="from", ge=0, description="起始序号")]
OldSize = Annotated[int, Query(alias="from", ge=0, description="较早的存证大小")]
NewSize = Annotated[int | None, Query(alias="to", ge=1, description="较新的存证大小,缺省为最新")]
Size = Annotated[int | None, Query(ge=1, description="存证大小,缺省为最新检查点")]
Limit = Annotated[int, Query(ge=1, le=1000, description="每页条数")]
Countersigned = Annotated[bool, Query(description="只要市大数据委已见证签名的")]


@router.get(
    "/checkpoint",
    summary="最新检查点",
    dependencies=[allowed(Action.LEDGER_CHECKPOINT)],
    responses=problems(CheckpointNotFound),
)
async def checkpoint(unit: InUnit, countersigned: Countersigned = False) -> CheckpointOut:
    """返回最新的已签名检查点;可只要市大数据委已见证签名的。"""
    return _checkpoint(await operations.newest(unit, countersigned=countersigned))


@router.get("/leaves", summary="叶", dependencies=[allowed(Action.LEDGER_READ)])
async def leaves(unit: InUnit, start: Start = 0, limit: Limit = 100) -> LeafList:
    """按序号返回叶的原文与哈希,可离线核对。"""
    rows = await unit.leaves.page(start, limit)
    after = rows[-1].index + 1 if len(rows) == limit else None
    return LeafList(leaves=[_leaf(row) for row in rows], next=after)


@router.get(
    "/proofs/inclusion",
    summary="包含证明",
    dependencies=[allowed(Action.LEDGER_READ)],
    responses=problems(BeyondLedger, CheckpointNotFound),
)
async def inclusion(unit: InUnit, index: Index, size: Size = None) -> InclusionProof:
    """证明某一叶在某一大小的存证树内(RFC 9162)。"""
    size, hashes = await operations.prove_inclusion(unit, index, size)
    return InclusionProof(index=index, size=size, hashes=hashes)


@router.get(
    "/proofs/consistency",
    summary="一致性证明",
    dependencies=[allowed(Action.LEDGER_READ)],
    responses=problems(BeyondLedger, CheckpointNotFound),
)
async def consistency(unit: InUnit, start: OldSize, end: NewSize = None) -> ConsistencyProof:
    """证明存证从一个大小到另一个大小只增未改(RFC 9162)。"""
    end, hashes = await operations.prove_consistency(unit, start, end)
    return ConsistencyProof(start=start, end=end, hashes=hashes)


def _checkpoint(signed: Signed) -> CheckpointOut:
    row, witnessed = signed
    note = Note.parse(row.note)
    if witnessed:
        note = note.signed(Signature.parse(witnessed.line.rstrip("\n")))
    return CheckpointOut(
        size=row.size,
        root=base64.b64encode(row.root).decode(),
        at=row.at,
        note=note.encode(),
        countersigned=witnessed is not None,
    )


def _leaf(row: LeafRow) -> Leaf:
    return Leaf(index=row.index, kind=row.kind, payload=row.payload, hash=row.leaf_hash.hex())
