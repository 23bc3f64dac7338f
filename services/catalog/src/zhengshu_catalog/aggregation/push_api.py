"""`POST /v1/datasets/{id}/batches`: translates a push into `operations`, in one transaction with its answer.

The body streams: it is hashed, unzipped, decoded and tokenised on its way into a temporary table.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from zhengshu_chassis import failpoints, idempotency
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.transaction import own_session
from zhengshu_contracts.catalog import BatchOut, Item
from zhengshu_contracts.identity import Identity
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import BatchMode, DatasetId

from zhengshu_catalog.aggregation import bodies, files, operations
from zhengshu_catalog.aggregation.delimited import Delimited
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
from zhengshu_catalog.aggregation.objects import Objects
from zhengshu_catalog.aggregation.operations import Body, Push
from zhengshu_catalog.aggregation.problems import Report
from zhengshu_catalog.aggregation.reader import reader_of
from zhengshu_catalog.aggregation.staging import Reader

router = APIRouter(tags=["数据汇聚"])

Pusher = Annotated[Identity, allowed(Action.DATASET_PUSH)]
FORMATS = (
    "application/json",
    "application/x-ndjson",
    "application/ndjson",
    "text/csv",
    files.XLSX,
    files.PARQUET,
)
REFUSALS = (
    DatasetNotFound, NotProvider, PusherLocked, DatasetClosed, KeyMissing, RevisionMoved, FormatNotRead,
    BatchTooLarge, BodyInvalid, HeaderInvalid, RowsRefused, ParameterInvalid,
)  # fmt: skip


@router.post(
    "/v1/datasets/{dataset}/batches",
    response_model=BatchOut,
    status_code=201,
    responses=problems(*REFUSALS),
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
    以 `Idempotency-Key` 重复推送只生效一次。
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
    async with own_session(request) as session:
        response = await _answer(session, request, push, pusher.principal.organization)
        if dry_run:
            await session.rollback()
        failpoints.hit("push.committing")
    failpoints.hit("push.committed")
    return response


async def _answer(
    session: AsyncSession, request: Request, push: Push, organization: str | None
) -> Response:
    """Repeat the key's answer, or take the batch and keep what is answered under the key."""
    key = None if push.dry_run else idempotency.Key.of(request)
    if key and (stored := await idempotency.claim(session, key)):
        digest = await bodies.drained(request.stream())
        return stored.replay(idempotency.digest(request.url.query, digest))
    structure = await operations.open_push(session, push, organization)
    body = _body(request, structure.items, whole=push.mode is not BatchMode.DELETE)
    try:
        outcome = await operations.take(
            session, push, structure, body, reader_of(request).receipt_key
        )
    except ClientDisconnect as error:
        raise BodyInvalid("传输中断") from error
    response = _response(outcome)
    if key:
        content = idempotency.digest(request.url.query, body.received.digest)
        await idempotency.store(session, key, content, response)
    return response


def _body(request: Request, items: Sequence[Item], *, whole: bool) -> Body:
    """Choose who reads the body by its media type."""
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    media = media.strip().lower()
    encoding = request.headers.get("content-encoding", "").strip().lower()
    received, report = bodies.Received(), Report()
    stream = request.stream()
    if media in files.LARGEST:
        pieces = bodies.pieces(stream, received, encoding=encoding)
        texts = files.texts(pieces, media, report)
    else:
        charset = _charset(parameters)
        texts = bodies.texts(stream, received, encoding=encoding, charset=charset)
    return Body(_reader(media, items, report, whole=whole), report, texts, received)


def _reader(media: str, items: Sequence[Item], report: Report, *, whole: bool) -> Reader:
    if media == "text/csv" or media in files.LARGEST:
        return Delimited(items, report, whole=whole)
    if media == "application/json":
        return Objects(items, report, lines=False)
    if media in {"application/x-ndjson", "application/ndjson"}:
        return Objects(items, report, lines=True)
    raise FormatNotRead(
        f"不支持的 Content-Type {media[:60] or '(缺少)'}", next=f"可用:{'、'.join(FORMATS)}"
    )


def _charset(parameters: str) -> str | None:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value
    return None


def _lenient(request: Request) -> bool:
    handling = [
        value.strip()
        for prefer in request.headers.getlist("prefer")
        for part in prefer.split(",")
        for name, _, value in [part.partition("=")]
        if name.strip().lower() == "handling"
    ]
    if set(handling) - {"strict", "lenient"}:
        raise ParameterInvalid("Prefer: handling 应为 strict 或 lenient")
    return "lenient" in handling


def _response(outcome: BatchOut) -> Response:
    headers = {"Zhengshu-Version": outcome.version} if outcome.version else {}
    return Response(
        orjson.dumps(outcome.model_dump(mode="json")),
        status_code=201 if outcome.version else 200,
        headers=headers,
        media_type="application/json",
    )
