"""HTTP in, HTTP out: checkpoints, leaves and proofs."""

import base64
from typing import Annotated, Literal

from fastapi import Depends, Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.transaction import Router, Session
from zhengshu_contracts.access import AccessDecided, AccessEnded
from zhengshu_contracts.audit import (
    AccessList,
    AccessOut,
    AccessSide,
    CheckpointOut,
    ConsistencyProof,
    InclusionProof,
    Leaf,
    LeafList,
)
from zhengshu_contracts.base import BIGGEST, Moment
from zhengshu_contracts.identity import Identity
from zhengshu_contracts.roles import Action
from zhengshu_verify.note import Note, Signature

from zhengshu_audit import domain, operations
from zhengshu_audit.errors import BeyondLedger, CheckpointNotFound
from zhengshu_audit.operations import Unit
from zhengshu_audit.repository import AccessQuery, Signed
from zhengshu_audit.tables import LeafRow

router = Router(prefix="/v1/ledger", tags=["存证"])
accesses = Router(prefix="/v1/accesses", tags=["访问记录"])
TOLD = set(AccessOut.model_fields) & set(AccessDecided.model_fields)


def unit(session: Session) -> Unit:
    """Make the request's unit."""
    return Unit.of(session)


InUnit = Annotated[Unit, Depends(unit)]
Index = Annotated[int, Query(ge=0, le=BIGGEST, description="叶序号,从 0 起")]
Start = Annotated[int, Query(alias="from", ge=0, le=BIGGEST, description="起始序号")]
OldSize = Annotated[int, Query(alias="from", ge=0, le=BIGGEST, description="较早的存证大小")]
NewSize = Annotated[
    int | None, Query(alias="to", ge=1, le=BIGGEST, description="较新的存证大小,缺省为最新")
]
Size = Annotated[int | None, Query(ge=1, le=BIGGEST, description="存证大小,缺省为最新检查点")]
Limit = Annotated[int, Query(ge=1, le=1000, description="每页条数")]
Reader = Annotated[Identity, allowed(Action.ACCESS_READ)]
Side = Annotated[
    AccessSide, Query(description="provider 本单位的数据被谁读取;reader 本单位读取了什么")
]
OfDataset = Annotated[str | None, Query(max_length=64, description="数据集")]
Since = Annotated[Moment | None, Query(alias="from", description="起始时间")]
Before = Annotated[
    int | None, Query(ge=0, le=BIGGEST, description="只列此序号之前的,取自上一页的 next")
]
Page = Annotated[int, Query(ge=1, le=200, description="每页条数")]
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
    dependencies=[allowed(Action.LEDGER_PROVE)],
    responses=problems(BeyondLedger, CheckpointNotFound),
)
async def inclusion(unit: InUnit, index: Index, size: Size = None) -> InclusionProof:
    """证明某一叶在某一大小的存证树内(RFC 9162)。"""
    size, hashes = await operations.prove_inclusion(unit, index, size)
    return InclusionProof(index=index, size=size, hashes=hashes)


@router.get(
    "/proofs/consistency",
    summary="一致性证明",
    dependencies=[allowed(Action.LEDGER_PROVE)],
    responses=problems(BeyondLedger, CheckpointNotFound),
)
async def consistency(unit: InUnit, start: OldSize, end: NewSize = None) -> ConsistencyProof:
    """证明存证从一个大小到另一个大小只增未改(RFC 9162)。"""
    end, hashes = await operations.prove_consistency(unit, start, end)
    return ConsistencyProof(start=start, end=end, hashes=hashes)


@accesses.get("", summary="访问记录")
async def list_accesses(
    unit: InUnit,
    caller: Reader,
    side: Side = AccessSide.PROVIDER,
    dataset: OfDataset = None,
    since: Since = None,
    before: Before = None,
    limit: Page = 100,
) -> AccessList:
    """列出对本单位数据的访问(side=provider),或本单位对他人数据的访问(side=reader),新的在前。

    每条附存证叶的原文与哈希;凭叶序号取包含证明(GET /v1/ledger/proofs/inclusion),即可与检查点离线核对。
    """
    organization = caller.principal.organization
    if organization is None:
        return AccessList(accesses=[])
    column: Literal["provider", "organization"] = (
        "provider" if side is AccessSide.PROVIDER else "organization"
    )
    asked = AccessQuery(column, organization, dataset, since, before)
    found = await operations.accesses(unit, asked, limit)
    following = found[-1][0].index if len(found) == limit else None
    return AccessList(accesses=[_access(*each) for each in found], next=following)


def _access(decided: LeafRow, ended: LeafRow | None) -> AccessOut:
    told = AccessDecided.model_validate(domain.read(decided.payload or "").data)
    end = None
    if ended is not None and ended.payload is not None:
        end = AccessEnded.model_validate(domain.read(ended.payload).data)
    return AccessOut(
        **told.model_dump(include=TOLD),
        outcome=end.outcome if end else None,
        rows=end.rows if end else None,
        bytes=end.bytes if end else None,
        decided=_leaf(decided),
        ended=_leaf(ended) if ended else None,
    )


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
