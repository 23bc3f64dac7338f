"""Counts and digests compared with the municipal platform's, on demand.

The digest is the contract's (`contracts.commission.ReconciliationFiling`): it is made of the very lines that
an upload of the whole dataset would carry, at the version that the platform has acknowledged.
"""

import hashlib
from datetime import UTC, datetime
from typing import Annotated

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis import ids
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.db import keyset
from zhengshu_chassis.dispatch import Dispatches
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import Now, Paged
from zhengshu_chassis.resources import Resources
from zhengshu_chassis.transaction import Router, Session
from zhengshu_contracts.catalog import Reconciliation, ReconciliationList
from zhengshu_contracts.commission import (
    Callback,
    DispatchKind,
    ReconciliationAnswer,
    ReconciliationFiling,
)
from zhengshu_contracts.identity import Identity, View
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import DatasetId, SharingClass

from zhengshu_catalog.aggregation import reading
from zhengshu_catalog.aggregation.batches import Asker, may
from zhengshu_catalog.aggregation.changes import Span, difference
from zhengshu_catalog.aggregation.domain import Version
from zhengshu_catalog.aggregation.errors import DatasetNotFound, NothingAcknowledged
from zhengshu_catalog.aggregation.outlets import AS_LINES
from zhengshu_catalog.aggregation.reader import NAME, Reader
from zhengshu_catalog.aggregation.repository import Datasets
from zhengshu_catalog.aggregation.tables import ReconciliationRow
from zhengshu_catalog.aggregation.views import Sight

router = Router(tags=["数据汇聚"])

Reconciler = Annotated[Identity, allowed(Action.DATASET_RECONCILE)]
PATH = "/v1/datasets/{dataset}/reconciliations"


@router.post(
    PATH,
    status_code=202,
    response_model=Reconciliation,
    responses=problems(DatasetNotFound, NothingAcknowledged),
)
async def ask_reconciliation(
    dataset: DatasetId, by: Reconciler, at: Now, session: Session
) -> Reconciliation:
    """与市级平台对账

    以市级平台已确认的版本为准,比较双方的行数与内容摘要;结果稍后在列表中给出。
    """
    if not await may(session, by.principal, dataset):
        raise DatasetNotFound(dataset, next="请核对数据集标识")
    if not (await Datasets(session).get(dataset)).acknowledged:
        raise NothingAcknowledged("没有可对账的版本", next="请待市级平台确认收到首批数据后再试")
    row = ReconciliationRow(
        id=ids.new("rc"), dataset=dataset, asked_by=by.principal.id, asked_at=at
    )
    session.add(row)
    await session.flush()
    return _told(row)


@router.get(PATH, response_model=ReconciliationList, responses=problems(DatasetNotFound))
async def list_reconciliations(
    dataset: DatasetId, asker: Asker, place: Paged, session: Session
) -> ReconciliationList:
    """列出对账

    最新的在前。
    """
    if not await may(session, asker.principal, dataset):
        raise DatasetNotFound(dataset, next="请核对数据集标识")
    query = select(ReconciliationRow).where(ReconciliationRow.dataset == dataset)
    after = (place.after,) if place.after else None
    rows, more = await keyset(
        session, query, by=(ReconciliationRow.id,), after=after, limit=place.limit, descending=True
    )
    following = place.following([row.id for row in rows], more=more)
    return ReconciliationList(reconciliations=list(map(_told, rows)), next=following)


async def count_waiting(resources: Resources) -> None:
    """Count what was asked for, and send it to be compared."""
    async with resources.database.reads.begin() as session:
        query = select(ReconciliationRow.id, ReconciliationRow.dataset)
        waiting = (await session.execute(query.where(ReconciliationRow.dispatch.is_(None)))).all()
    for row_id, dataset in waiting:
        filing = await _counted(resources.extra[NAME], dataset)
        async with resources.database.sessions.begin() as session:
            row = await session.get_one(ReconciliationRow, row_id, with_for_update=True)
            row.epoch, row.version = filing.epoch, filing.to
            row.rows, row.digest = filing.rows, filing.digest
            row.dispatch = Dispatches(session).open(DispatchKind.RECONCILIATION, dataset, filing)


async def _counted(reader: Reader, dataset: str) -> ReconciliationFiling:
    """Count and sum a dataset as the platform should have it."""
    async with reader.snapshot(dataset) as snapshot:
        query = "SELECT acknowledged FROM public.datasets WHERE id = $1"
        to = await snapshot.connection.fetchval(query, dataset)
        structure = snapshot.state.structure
        uploaded = tuple(i.name for i in structure.items if i.sharing is not SharingClass.WITHHELD)
        sight = Sight(structure, View(columns=uploaded), reader.row_key(dataset))
        lines = reading.only_lines(difference(sight, Span(0, to)))
        rows = total = 0
        rest = b""
        async for piece in snapshot.copy(lines, **AS_LINES):
            *whole, rest = (rest + piece).split(b"\n")
            rows += len(whole)
            total += sum(int.from_bytes(hashlib.sha256(line).digest()) for line in whole)
    digest = f"{total % (1 << 256):064x}"
    epoch = snapshot.state.version.epoch
    return ReconciliationFiling(dataset=dataset, epoch=epoch, to=to, rows=rows, digest=digest)


async def compare(session: AsyncSession, callback: Callback) -> bool:
    """Keep what the platform says it holds; False if nobody asked."""
    answer = callback.answer
    if not isinstance(answer, ReconciliationAnswer) or callback.ref is None:
        return False
    query = select(ReconciliationRow).where(ReconciliationRow.dispatch == callback.ref)
    row = await session.scalar(query.with_for_update())
    if row is None or row.dataset != answer.dataset or row.held is not None:
        return False
    row.held = answer.model_dump(mode="json")
    row.answered_at = datetime.now(UTC)
    return True


def _told(row: ReconciliationRow) -> Reconciliation:
    told = Reconciliation(
        id=row.id, dataset=row.dataset, asked_at=row.asked_at, rows=row.rows, digest=row.digest
    )
    if row.epoch is None or row.version is None:
        return told
    ours = Version(row.epoch, row.version)
    told = told.model_copy(update={"version": str(ours)})
    if row.held is None:
        return told
    held = ReconciliationAnswer.model_validate(row.held)
    theirs = Version(held.epoch, held.to)
    equal = (held.rows, held.digest) == (row.rows, row.digest)
    return told.model_copy(
        update={
            "held_version": str(theirs),
            "held_rows": held.rows,
            "held_digest": held.digest,
            "outcome": ("agree" if equal else "differ") if theirs == ours else "moved",
        }
    )
