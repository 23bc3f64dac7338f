"""What became of pushes: one batch, its report, and a dataset's batches. For the provider and supervisors."""

import csv
import io
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.db import keyset
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import Now, Paged
from zhengshu_chassis.transaction import Router, Session
from zhengshu_contracts.catalog import (
    BatchList,
    BatchOut,
    BatchProgress,
    BatchState,
    Quality,
    RowProblem,
)
from zhengshu_contracts.identity import Identity, Principal
from zhengshu_contracts.problem import Problem
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import BatchMode, DatasetId, Role

from zhengshu_catalog.aggregation.errors import BatchNotFound, DatasetNotFound, NotMeasured
from zhengshu_catalog.aggregation.tables import BatchRow, PushRow, QualityRow
from zhengshu_catalog.entries.repository import Entries

router = Router(tags=["数据汇聚"])

Asker = Annotated[Identity, allowed(Action.BATCH_READ)]
SUPERVISORS = frozenset({Role.COMPETENT_OFFICER, Role.AUDITOR, Role.SUPERVISOR})
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@router.get(
    "/v1/datasets/{dataset}/batches",
    response_model=BatchList,
    responses=problems(DatasetNotFound),
)
async def list_batches(
    dataset: DatasetId, asker: Asker, place: Paged, session: Session
) -> BatchList:
    """列出批次

    已入库的批次,最新的在前;逐行的不合格明细见各批次。
    """
    if not await may(session, asker.principal, dataset):
        raise DatasetNotFound(dataset, next="请核对数据集标识")
    query = select(BatchRow).where(BatchRow.dataset == dataset)
    after = (place.after,) if place.after else None
    rows, more = await keyset(
        session, query, by=(BatchRow.id,), after=after, limit=place.limit, descending=True
    )
    told = [BatchOut.model_validate(row.answer | {"problems": []}) for row in rows]
    return BatchList(batches=told, next=place.following([row.id for row in rows], more=more))


@router.get("/v1/batches/{batch}", response_model=BatchProgress, responses=problems(BatchNotFound))
async def show_batch(batch: str, asker: Asker, session: Session) -> BatchProgress:
    """查看批次

    处理进度;已入库的给出结果与回执,未入库的给出原因。
    """
    return await _find(session, batch, asker.principal)


@router.get(
    "/v1/batches/{batch}/report",
    response_class=Response,
    responses=problems(BatchNotFound) | {200: {"content": {"text/csv": {}}}},
)
async def download_report(batch: str, asker: Asker, session: Session) -> Response:
    """下载不合格明细

    CSV(UTF-8,带 BOM):行号、信息项、错误代码、说明、值。
    """
    found = await _find(session, batch, asker.principal)
    name = f'attachment; filename="{found.id}.csv"'
    body = report(_problems(found))
    headers = {"Content-Disposition": name}
    return Response(body.encode("utf-8-sig"), headers=headers, media_type="text/csv")


@router.get(
    "/v1/datasets/{dataset}/quality",
    response_model=Quality,
    responses=problems(DatasetNotFound, NotMeasured),
)
async def show_quality(dataset: DatasetId, _: Asker, at: Now, session: Session) -> Quality:
    """查看数据质量

    最近测得的完整性、有效性、唯一性、一致性,以及是否在更新周期内更新。
    """
    row = await session.get(QualityRow, dataset)
    if row is None:
        raise NotMeasured("该数据集尚无数据,或尚未测量", next="请稍后再查")
    return row.told(at)


def progress(row: PushRow, batch: BatchRow | None = None) -> BatchProgress:
    """Tell of a push that was kept aside."""
    return BatchProgress(
        id=row.id,
        dataset=row.dataset,
        mode=BatchMode(row.push["push"]["mode"]),
        state=BatchState(row.state),
        size=row.size,
        read=row.read,
        at=row.at,
        batch=BatchOut.model_validate(batch.answer) if batch else None,
        problem=Problem.model_validate(row.problem) if row.problem else None,
    )


def report(problems_: Iterable[RowProblem]) -> str:
    """Return problems as CSV; what a spreadsheet would take for a formula is marked as text."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    write(["行号", "信息项", "错误代码", "说明", "值"])
    for one in problems_:
        write([one.row, *map(_harmless, (one.item, one.code, one.message, one.value))])
    return out.getvalue()


def _harmless(value: str | None) -> str:
    return f"'{value}" if value and value.startswith(FORMULA) else value or ""


def _problems(found: BatchProgress) -> list[RowProblem]:
    if found.batch:
        return found.batch.problems
    told: list[Any] = (found.problem.model_extra or {}).get("problems", []) if found.problem else []
    return [RowProblem.model_validate(one) for one in told]


async def _find(session: AsyncSession, batch: str, principal: Principal) -> BatchProgress:
    """Return a batch to whoever may see it; to others it does not exist."""
    row, push = await session.get(BatchRow, batch), await session.get(PushRow, batch)
    dataset = row.dataset if row else push.dataset if push else None
    if dataset is None or not await may(session, principal, dataset):
        raise BatchNotFound(batch, next="请核对批次标识")
    if push:
        return progress(push, row)
    assert row is not None
    answer = BatchOut.model_validate(row.answer)
    return BatchProgress(
        id=row.id, dataset=row.dataset, mode=answer.mode, state=BatchState.DONE, at=row.at,
        batch=answer,
    )  # fmt: skip


async def may(session: AsyncSession, principal: Principal, dataset: str) -> bool:
    """Tell whether somebody is of the provider, or supervises."""
    entry = await Entries(session).find(dataset)
    if entry is None:
        return False
    return entry.provider == principal.organization or not SUPERVISORS.isdisjoint(principal.roles)
