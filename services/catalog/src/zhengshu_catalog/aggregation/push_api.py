"""`POST /v1/datasets/{id}/batches`: translates a push into `operations`, in one transaction with its answer.

The body streams: it is hashed, unzipped, decoded and tokenised on its way into a temporary table.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from zhengshu_chassis import failpoints, idempotency, ids
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.db import Database, connect
from zhengshu_chassis.problems import problems
from zhengshu_chassis.resources import Resources
from zhengshu_contracts.catalog import BatchOut, BatchProgress, BatchState
from zhengshu_contracts.identity import Identity
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import BatchMode, DatasetId

from zhengshu_catalog.aggregation import bodies, operations, receiving
from zhengshu_catalog.aggregation.batches import progress
from zhengshu_catalog.aggregation.domain import Structure
from zhengshu_catalog.aggregation.errors import (
    BatchTooLarge,
    BodyInvalid,
    DatasetClosed,
    DatasetNotFound,
    FormatNotRead,
    HeaderInvalid,
    KeyMissing,
    NotProvider,
    ParameterInvalid,
    PusherLocked,
    RevisionMoved,
    RowsRefused,
)
from zhengshu_catalog.aggregation.later import Kept, told
from zhengshu_catalog.aggregation.operations import Push
from zhengshu_catalog.aggregation.reader import reader_of
from zhengshu_catalog.aggregation.receiving import FORMATS, Form
from zhengshu_catalog.aggregation.spool import Spool
from zhengshu_catalog.aggregation.tables import PushRow
from zhengshu_catalog.settings import CatalogSettings

router = APIRouter(tags=["数据汇聚"])

NAME = "pushes"
AT_ONCE = 12
"""Pushes at once: each lasts as long as its sender takes, so they have connections of their own."""

Pusher = Annotated[Identity, allowed(Action.DATASET_PUSH)]
REFUSALS = (
    DatasetNotFound, NotProvider, PusherLocked, DatasetClosed, KeyMissing, RevisionMoved, FormatNotRead,
    BatchTooLarge, BodyInvalid, HeaderInvalid, RowsRefused, ParameterInvalid,
)  # fmt: skip


@router.post(
    "/v1/datasets/{dataset}/batches",
    response_model=BatchOut,
    status_code=201,
    responses=problems(*REFUSALS)
    | {202: {"model": BatchProgress, "description": "已收下,稍后处理(Prefer: respond-async)"}},
    max_body_size=bodies.LARGEST,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string"}} for kind in FORMATS},
        }
    },
)
async def push_batch(
    dataset: DatasetId,
    request: Request,
    pusher: Pusher,
    mode: Annotated[
        BatchMode, Query(description="append 追加;upsert 更新或新增;replace 整体替换;delete 删除")
    ],
    dry_run: Annotated[bool, Query(description="只检查,不入库")] = False,
) -> Response:
    """推送一批数据

    请求体可为 JSON 数组、逐行 JSON(application/x-ndjson)、CSV(UTF-8 或 GB18030,首行为表头)、
    XLSX(首个工作表,首行为表头,公式取缓存值)或 Parquet,可用 gzip 压缩。
    每行是完整的一行:CSV 应含全部信息项的列,空字段为空值;JSON 中缺少的信息项为空值。
    任一行不合格则整批不入库并逐行说明;加请求头 `Prefer: handling=lenient` 则只收合格的行。
    以 `Idempotency-Key` 重复推送只生效一次。大批量可加 `Prefer: respond-async`:先收下,答 202 与 Location,
    处理进度与结果见 `/v1/batches/{id}`;节点没有配置暂存时照常即时处理。
    """
    if pusher.dataset not in {None, dataset}:
        raise NotProvider("内部身份与路径不符")
    push = Push(
        dataset=dataset,
        system=pusher.principal.id,
        mode=mode,
        lenient=_lenient(request),
        dry_run=dry_run,
        keyed=idempotency.HEADER in request.headers,
        at=datetime.now(UTC),
    )
    try:
        async with _session(request) as session:
            response = await _answer(session, request, push, pusher.principal.organization)
            if dry_run:
                await session.rollback()
            failpoints.hit("push.committing")
    except RowsRefused as refusal:
        await _keep_refusal(request, push, pusher.principal.organization, refusal)
        raise
    failpoints.hit("push.committed")
    return response


@asynccontextmanager
async def _session(request: Request) -> AsyncIterator[AsyncSession]:
    database: Database = request.app.state.resources.extra[NAME]
    async with database.sessions.begin() as opened:
        yield opened


def start(resources: Resources) -> None:
    """Make the engine with the process."""
    settings = resources.settings
    if not isinstance(settings, CatalogSettings):
        raise TypeError("not catalog's settings")
    url, patience = settings.database_url, settings.pool_timeout
    made = connect(url, "catalog-pushes", pool_size=AT_ONCE // 2, pool_timeout=patience)
    resources.extra[NAME] = made


async def stop(resources: Resources) -> None:
    """Give its connections back."""
    if made := resources.extra.get(NAME):
        await made.engine.dispose()


async def _keep_refusal(
    request: Request, push: Push, organization: str | None, refusal: RowsRefused
) -> None:
    """Keep why a batch was refused, since nothing else of it is kept: its report can be had later."""
    kept = Kept(push, organization, Form.of(request))
    row = PushRow(id=refusal.batch, dataset=push.dataset, push=kept.told(), at=push.at)
    row.state, row.problem = BatchState.REFUSED.value, told(refusal, refusal.batch)
    row.spooled, row.size, row.read, row.attempts = False, 0, 0, 0
    async with _session(request) as session:
        session.add(row)


async def _answer(
    session: AsyncSession, request: Request, push: Push, organization: str | None
) -> Response:
    """Repeat the key's answer, or take the batch and keep what is answered under the key."""
    key = None if push.dry_run else idempotency.Key.of(request)
    if key and (stored := await idempotency.claim(session, key)):
        digest = await bodies.drained(request.stream())
        return stored.replay(idempotency.digest(request.url.query, digest))
    structure = await operations.open_push(session, push, organization)
    form = Form.of(request)
    spool = reader_of(request).spool
    if spool and not push.dry_run and "respond-async" in _preferences(request):
        kept = Kept(push, organization, form)
        response, digest = await _keep(session, spool, kept, request)
    else:
        response, digest = await _take(session, request, push, structure, form)
    if key:
        await idempotency.store(
            session, key, idempotency.digest(request.url.query, digest), response
        )
    return response


async def _take(
    session: AsyncSession, request: Request, push: Push, structure: Structure, form: Form
) -> tuple[Response, bytes]:
    """Take a batch while its sender waits."""
    body = receiving.body(request.stream(), form, structure.items, push.mode)
    try:
        outcome = await operations.take(session, push, structure, body, reader_of(request).means)
    except ClientDisconnect as error:
        raise BodyInvalid("传输中断") from error
    return _response(outcome), body.received.digest


async def _keep(
    session: AsyncSession, spool: Spool, kept: Kept, request: Request
) -> tuple[Response, bytes]:
    """Keep a body aside, and answer where to ask for what becomes of it."""
    row = PushRow(id=ids.new("b"), dataset=kept.push.dataset, push=kept.told(), at=kept.push.at)
    received = bodies.Received()
    try:
        row.size = await spool.keep(row.id, bodies.counted(request.stream(), received))
    except ClientDisconnect as error:
        raise BodyInvalid("传输中断") from error
    row.state, row.spooled, row.read, row.attempts = BatchState.WAITING.value, True, 0, 0
    session.add(row)
    await session.flush()
    failpoints.hit("later.kept")
    response = Response(
        orjson.dumps(progress(row).model_dump(mode="json", exclude_none=True)),
        status_code=202,
        headers={"Location": f"/v1/batches/{row.id}", "Preference-Applied": "respond-async"},
        media_type="application/json",
    )
    return response, received.digest


def _lenient(request: Request) -> bool:
    handling = _preferences(request).get("handling", "strict")
    if handling not in {"strict", "lenient"}:
        raise ParameterInvalid("Prefer: handling 应为 strict 或 lenient")
    return handling == "lenient"


def _preferences(request: Request) -> dict[str, str]:
    parts = ",".join(request.headers.getlist("prefer")).split(",")
    told = [part.partition("=") for part in parts]
    return {name.strip().lower(): value.strip() for name, _, value in told}


def _response(outcome: BatchOut) -> Response:
    headers = {"Zhengshu-Version": outcome.version} if outcome.version else {}
    return Response(
        orjson.dumps(outcome.model_dump(mode="json")),
        status_code=201 if outcome.version else 200,
        headers=headers,
        media_type="application/json",
    )
