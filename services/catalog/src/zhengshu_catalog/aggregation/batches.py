"""What became of pushes: one batch, its report, and a dataset's batches. For the provider and supervisors."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import StreamingResponse
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
from zhengshu_contracts.vocabulary import BatchMode, DatasetId, OrganizationKind, Role

from zhengshu_catalog.aggregation import reports
from zhengshu_catalog.aggregation.domain import Version
from zhengshu_catalog.aggregation.errors import (
    BatchNotFound,
    DatasetNotFound,
    NotMeasured,
    VersionInvalid,
)
from zhengshu_catalog.aggregation.quality import quality_of
from zhengshu_catalog.aggregation.reader import reader_of
from zhengshu_catalog.aggregation.tables import UNTAKEN, BatchRow, PushRow
from zhengshu_catalog.entries.repository import Entries

router = Router(tags=["数据汇聚"])

Asker = Annotated[Identity, allowed(Action.BATCH_READ)]
SUPERVISORS = frozenset({Role.COMPETENT_OFFICER, Role.AUDITOR, Role.SUPERVISOR})
SUPERVISING = frozenset(
    {OrganizationKind.COMPETENT, OrganizationKind.GOVERNMENT, OrganizationKind.SECURITY_REGULATOR}
)
"""Whose supervisors see other organisations' batches; never a value of a row."""
SHOWN = 100
"""As many pushes that were not taken as are listed."""


@router.get(
    "/v1/datasets/{dataset}/batches",
    response_model=BatchList,
    responses=problems(DatasetNotFound),
)
async def list_batches(
    dataset: DatasetId, asker: Asker, place: Paged, session: Session
) -> BatchList:
    """列出批次

    已入库的批次,最新的在前;等待处理的和未入库的另列于 untaken。逐行的不合格明细见各批次。
    """
    if not await may(session, asker.principal, dataset):
        raise DatasetNotFound(dataset, next="请核对数据集标识")
    query = select(BatchRow).where(BatchRow.dataset == dataset)
    after = (place.after,) if place.after else None
    rows, more = await keyset(
        session, query, by=(BatchRow.id,), after=after, limit=place.limit, descending=True
    )
    told = [BatchOut.model_validate(row.answer | {"problems": []}) for row in rows]
    return BatchList(
        batches=told,
        untaken=[] if after else await untaken(session, dataset),
        next=place.following([row.id for row in rows], more=more),
    )


async def untaken(session: AsyncSession, dataset: str) -> list[BatchProgress]:
    """Return what was not taken, newest first: what waits, and what was refused until it is forgotten."""
    query = select(PushRow).where(PushRow.dataset == dataset, UNTAKEN)
    rows = await session.scalars(query.order_by(PushRow.id.desc()).limit(SHOWN))
    return [_without_rows(progress(row)) for row in rows]


def _without_rows(found: BatchProgress) -> BatchProgress:
    """Return why a push was refused without the rows that it quotes."""
    if not found.problem:
        return found
    kept = found.problem.model_dump(exclude={"problems"})
    return found.model_copy(update={"problem": Problem.model_validate(kept)})


@router.get("/v1/batches/{batch}", response_model=BatchProgress, responses=problems(BatchNotFound))
async def show_batch(batch: str, asker: Asker, session: Session) -> BatchProgress:
    """查看批次

    处理进度;已入库的给出结果与回执,未入库的给出原因。
    """
    return (await _find(session, batch, asker.principal)).told


@router.get(
    "/v1/batches/{batch}/report",
    response_class=Response,
    responses=problems(BatchNotFound) | {200: {"content": {"text/csv": {}}}},
)
async def download_report(batch: str, request: Request, asker: Asker, session: Session) -> Response:
    """下载不合格明细

    CSV(UTF-8,带 BOM):行号、信息项、错误代码、说明、值。不限条数(节点没有配置对象存储时至多 1000 条)。
    “值”只给提供单位,敏感信息项不回显。拒收批次的明细保留 180 天。
    """
    found = await _find(session, batch, asker.principal)
    headers = {"Content-Disposition": f'attachment; filename="{found.told.id}.csv"'}
    store = reader_of(request).means.reports
    if whole := await reports.kept(store, found.told.id, values=found.own):
        return StreamingResponse(whole, headers=headers, media_type="text/csv")
    body = reports.table(_problems(found.told))
    return Response(body, headers=headers, media_type="text/csv")


@router.get(
    "/v1/datasets/{dataset}/quality",
    response_model=Quality,
    responses=problems(DatasetNotFound, NotMeasured, VersionInvalid),
)
async def show_quality(
    dataset: DatasetId,
    _: Asker,
    at: Now,
    session: Session,
    version: Annotated[str | None, Query(description="版本 epoch.n;默认最近测得的")] = None,
) -> Quality:
    """查看数据质量

    某一版本测得的完整性、有效性、唯一性、一致性,以及数据集是否在更新周期内更新。
    """
    asked = Version.read(version) if version else None
    if found := await quality_of(session, dataset, at, asked):
        return found
    raise NotMeasured("该版本尚无数据,或未测量", next="请稍后再查,或不指定版本")


def progress(row: PushRow, batch: BatchRow | None = None) -> BatchProgress:
    """Tell of a push that was kept aside."""
    return BatchProgress(
        id=row.id,
        dataset=row.dataset,
        mode=BatchMode(row.push["push"]["mode"]),
        state=BatchState(row.state),
        size=row.size or None,
        read=row.read if row.size else None,
        at=row.at,
        batch=BatchOut.model_validate(batch.answer) if batch else None,
        problem=Problem.model_validate(row.problem) if row.problem else None,
    )


def _problems(found: BatchProgress) -> list[RowProblem]:
    if found.batch:
        return found.batch.problems
    told: list[Any] = (found.problem.model_extra or {}).get("problems", []) if found.problem else []
    return [RowProblem.model_validate(one) for one in told]


@dataclass(frozen=True, slots=True)
class Asked:
    """A batch as its asker may see it."""

    told: BatchProgress
    own: bool


async def _find(session: AsyncSession, batch: str, principal: Principal) -> Asked:
    """Return a batch to whoever may see it; to others it does not exist."""
    row, push = await session.get(BatchRow, batch), await session.get(PushRow, batch)
    dataset = row.dataset if row else push.dataset if push else None
    if dataset is None or not await may(session, principal, dataset):
        raise BatchNotFound(batch, next="请核对批次标识")
    found = progress(push, row) if push else _taken(row)
    own = (await Entries(session).get(dataset)).provider == principal.organization
    return Asked(found if own else _blank(found), own)


def _taken(row: BatchRow | None) -> BatchProgress:
    assert row is not None
    answer = BatchOut.model_validate(row.answer)
    return BatchProgress(
        id=row.id, dataset=row.dataset, mode=answer.mode, state=BatchState.DONE, at=row.at,
        batch=answer,
    )  # fmt: skip


def _blank(found: BatchProgress) -> BatchProgress:
    """Return what whoever only supervises may see of a batch: no value of a row."""
    told = [one.model_copy(update={"value": None}) for one in _problems(found)]
    if found.batch:
        return found.model_copy(update={"batch": found.batch.model_copy(update={"problems": told})})
    if not found.problem:
        return found
    blank = {"problems": [one.model_dump(mode="json") for one in told]} if told else {}
    problem = Problem.model_validate(found.problem.model_dump() | blank)
    return found.model_copy(update={"problem": problem})


async def may(session: AsyncSession, principal: Principal, dataset: str) -> bool:
    """Tell whether somebody is of the provider, or supervises."""
    entry = await Entries(session).find(dataset)
    if entry is None:
        return False
    supervises = principal.organization_kind in SUPERVISING and not SUPERVISORS.isdisjoint(
        principal.roles
    )
    return entry.provider == principal.organization or supervises
