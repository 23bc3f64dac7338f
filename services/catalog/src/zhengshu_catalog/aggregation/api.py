"""Reading a dataset: rows, exports, changes, verification, example. Translates HTTP into statements."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.rows import BadQuery, parse
from zhengshu_contracts.identity import Identity
from zhengshu_contracts.roles import Action

from zhengshu_catalog.aggregation import batches, example, push_api, reading, reconciling
from zhengshu_catalog.aggregation.asking import (
    Turn,
    body_of,
    known,
    matches,
    rows_headers,
    see,
    stream_tag,
    turn_of,
    unchanged,
)
from zhengshu_catalog.aggregation.changes import Span, difference
from zhengshu_catalog.aggregation.direct import DirectRoute, parameters
from zhengshu_catalog.aggregation.domain import Version
from zhengshu_catalog.aggregation.errors import (
    CursorInvalid,
    DatasetNotFound,
    ExportTooLarge,
    ParameterInvalid,
    QuotaTooSmall,
    ThemeHasNoChanges,
    VerificationInvalid,
    VersionGone,
    VersionInvalid,
    ViewMissing,
)
from zhengshu_catalog.aggregation.outlets import AS_LINES, FORMS, Check, outlet_of
from zhengshu_catalog.aggregation.reader import Snapshot, State, reader_of
from zhengshu_catalog.aggregation.reading import Statement
from zhengshu_catalog.aggregation.views import Sight

reads = APIRouter(tags=["数据读取"], route_class=DirectRoute)

CSV, NDJSON = FORMS["csv"], FORMS["ndjson"]
BOM = b"\xef\xbb\xbf"
LARGEST_CHANGES = 100_000

Querier = Annotated[Identity, allowed(Action.DATASET_QUERY)]
Exporter = Annotated[Identity, allowed(Action.DATASET_EXPORT)]
Follower = Annotated[Identity, allowed(Action.DATASET_CHANGES, Action.DATASET_UPLOAD)]
Verifier = Annotated[Identity, allowed(Action.DATASET_VERIFY)]
Learner = Annotated[Identity, allowed(Action.DATASET_EXAMPLE)]


@reads.get(
    "/v1/datasets/{dataset}/rows",
    response_model=list[dict[str, Any]],
    responses=problems(DatasetNotFound, ViewMissing, BadQuery, CursorInvalid),
    openapi_extra=parameters(
        select="列,逗号分隔;默认全部可见列",
        order="排序,如 name.desc.nullslast",
        limit="每页行数,默认 100,至多 10000",
        offset="跳过的行数;逐页读取请改用 Link 头给出的下一页地址",
        cursor="下一页游标,取自 Link 头",
    ),
)
async def read_rows(request: Request, caller: Querier) -> Response:
    """查询数据

    条件写法与 PostgREST 相同:`列=eq.值`,运算符 eq neq gt gte lt lte like ilike in is,前面可加 not.;
    `and=(…)`、`or=(…)` 可嵌套。`Prefer: count=exact` 在 Content-Range 中给出总数,
    `Accept: text/csv` 返回 CSV。
    """
    turn = await turn_of(request, caller, foreign={"cursor"})
    if fresh := await matches(request, turn):
        return fresh
    if "text/csv" in request.headers.get("accept", ""):
        return await _csv_page(request, turn)
    found = await turn.page()
    body = b"[" + (found["body"] or "").encode() + b"]"
    headers = rows_headers(request, turn, found)
    partial = found["total"] is not None and found["n"] < found["total"]
    return Response(body, 206 if partial else 200, headers, "application/json")


async def _csv_page(request: Request, turn: Turn) -> Response:
    async with reader_of(request).snapshot(turn.sight.structure.dataset) as snapshot:
        found = (await snapshot.fetch(reading.page(turn.sight, turn.asked)))[0]
        statement = reading.csv_page(turn.sight, turn.asked)
        pieces = [piece async for piece in snapshot.copy(statement, format="csv", header=True)]
    return Response(b"".join(pieces), 200, rows_headers(request, turn, found), CSV)


@reads.get(
    "/v1/datasets/{dataset}/exports",
    response_class=StreamingResponse,
    responses=problems(
        DatasetNotFound, ViewMissing, BadQuery, ParameterInvalid, ExportTooLarge, QuotaTooSmall
    ),
    openapi_extra=parameters(
        format="csv(默认)、ndjson、xlsx 或 parquet",
        bom="true 则 CSV 以 UTF-8 BOM 开头,便于电子表格识别",
        select="列,逗号分隔;默认全部可见列",
    ),
)
async def export_rows(request: Request, caller: Exporter) -> Response:
    """批量导出

    流式返回同一时刻的全部行,版本见 Zhengshu-Version。CSV 的值按原样输出:以 = + - @ 开头的内容不作改写,
    用电子表格打开前请以文本方式导入;XLSX 中它们是文本而非公式,位数超过 15 的数字以文本给出,时间为北京时间,
    至多 1048575 行。授权有每日行数配额的,行数超过当日剩余时不予导出。
    """
    seen = await see(request, caller)
    query = parse(request.url.query, foreign={"format", "bom"})
    if query.order or query.limit is not None or query.offset is not None:
        raise ParameterInvalid("导出不支持 order、limit、offset", next="分页读取请用 /rows")
    form = request.query_params.get("format", "csv")
    if form not in FORMS:
        raise ParameterInvalid(f"format 应为 {'、'.join(FORMS)}")
    if fresh := await unchanged(request, seen):
        return fresh
    lead = BOM if form == "csv" and request.query_params.get("bom") == "true" else b""
    whole = not seen.view.filter and not query.where
    tally = reading.number(reading.snapshot(seen, query, lines=False))
    outlet = outlet_of(seen, query, form)
    return await _stream(
        request, seen, outlet.pieces,
        media=FORMS[form], lead=lead, counted=whole, tally=tally, most=caller.most,
        check=outlet.check,
    )  # fmt: skip


@reads.get(
    "/v1/datasets/{dataset}/changes",
    response_class=StreamingResponse,
    responses=problems(
        DatasetNotFound,
        ViewMissing,
        VersionInvalid,
        VersionGone,
        CursorInvalid,
        QuotaTooSmall,
        ThemeHasNoChanges,
    ),
    openapi_extra=parameters(
        since="从哪个版本起(不含),如 1.12;1.0 表示从头",
        until="到哪个版本止(含),默认当前版本",
        limit="每页条数;不给则一次流式返回全部",
        cursor="下一页游标,取自 Link 头",
    ),
)
async def read_changes(request: Request, caller: Follower) -> Response:
    """读取两个版本之间的变化

    逐行 JSON:`{"op":"upsert","id":…,"row":{…}}` 或 `{"op":"delete","id":…}`;先删除,后新增与更新。
    离开可见范围的行以 delete 给出。版本不可用时返回 410,请先取全量快照。
    """
    seen = await see(request, caller)
    if seen.structure.joined:
        raise ThemeHasNoChanges(next="请读取成员数据集的变更,或重新导出")
    state = await reader_of(request).state(seen.structure.dataset)
    span = _span(request, seen, state)
    limit = span.limit
    if limit is not None and caller.most is not None:
        span = replace(span, limit=min(limit, caller.most))
    version = Version(state.version.epoch, span.until)
    current = stream_tag(request, seen, version)
    if fresh := known(request, current, version):
        return fresh
    statement = difference(seen, span)
    if span.limit is None:
        lines = reading.only_lines(statement)
        return await _stream(
            request, seen, lambda snapshot: snapshot.copy(lines, **AS_LINES),
            media=NDJSON, version=version,
            tally=reading.number(statement), most=caller.most,
        )  # fmt: skip
    async with reader_of(request).snapshot(seen.structure.dataset) as snapshot:
        if snapshot.state.version.epoch != state.version.epoch:
            raise VersionGone(seen.structure.dataset, str(snapshot.state.version))
        found = await snapshot.fetch(statement)
    headers = {
        "Zhengshu-Version": str(version),
        "Zhengshu-Rows": str(len(found)),
        "ETag": current,
    }
    if found and len(found) == span.limit:
        place = [state.version.epoch, span.since, span.until, found[-1]["phase"], found[-1]["id"]]
        cursor = reader_of(request).cursors.seal(_purpose(seen), place)
        query = urlencode({"limit": limit, "cursor": cursor})
        headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
    return Response("".join(f"{row['line']}\n" for row in found), 200, headers, NDJSON)


@reads.post(
    "/v1/datasets/{dataset}/verification",
    response_model=dict[str, bool],
    responses=problems(DatasetNotFound, ViewMissing, VerificationInvalid, BadQuery),
    openapi_extra=parameters()
    | {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {
                "type": "object",
                "required": ["key"],
                "properties": {"key": {"type": "object"}, "values": {"type": "object"}},
            }}},
        }
    },
)  # fmt: skip
async def verify_row(request: Request, caller: Verifier) -> Response:
    """核验

    该主键的行是否存在且各项取值如 values 所述,只回答是或否。
    """
    seen = await see(request, caller)
    key, values = body_of(await request.body(), seen)
    found = await reader_of(request).fetch(reading.verification(seen, key, values))
    version = Version(found["epoch"], found["version"])
    headers = {"Zhengshu-Version": str(version), "Zhengshu-Rows": str(int(found["matches"]))}
    body = orjson.dumps({"matches": found["matches"]})
    return Response(body, 200, headers, "application/json")


@reads.get(
    "/v1/datasets/{dataset}/example",
    response_model=list[dict[str, Any]],
    responses=problems(DatasetNotFound),
    openapi_extra=parameters(format="json(默认)或 csv"),
)
async def show_example(request: Request, _: Learner) -> Response:
    """推送样例

    可以直接推送的样例数据(两行;主键只容一行时为一行),由信息项的类型、长度、代码表、格式生成,不含真实数据。
    """
    reader = reader_of(request)
    items = (await reader.state(request.path_params["dataset"])).structure.items
    good = orjson.loads((await reader.fetch(example.statement(items)))["good"] or "{}")
    rows = example.rows(items, good)
    if request.query_params.get("format") == "csv":
        return Response(example.table(rows), 200, media_type=CSV)
    return Response(orjson.dumps(rows), 200, media_type="application/json")


async def _stream(
    request: Request,
    seen: Sight,
    copy: Any,
    *,
    media: str,
    lead: bytes = b"",
    version: Version | None = None,
    counted: bool = False,
    tally: Statement | None = None,
    most: int | None = None,
    check: Check | None = None,
) -> Response:
    """Answer with one consistent snapshot; its head is known before the first byte leaves.

    Where only so many rows may leave, they are counted first (`tally`), and given all or not at all.
    """
    async with AsyncExitStack() as stack:
        dataset = seen.structure.dataset
        snapshot: Snapshot = await stack.enter_async_context(reader_of(request).snapshot(dataset))
        state = snapshot.state
        if state.structure.revision != seen.structure.revision:
            raise ViewMissing("数据集刚刚发布了新版", next="请重试")
        if version and version.epoch != state.version.epoch:
            raise VersionGone(dataset, str(state.version))
        if check:
            await check(snapshot)
        version = version or state.version
        headers = {"Zhengshu-Version": str(version), "ETag": stream_tag(request, seen, version)}
        rows = state.rows if counted else await _tallied(snapshot, tally, most)
        if rows is not None and most is not None and rows > most:
            raise QuotaTooSmall(rows, most)
        headers |= {"Zhengshu-Rows": str(rows)} if rows is not None else {}
        held = stack.pop_all()

    async def pieces() -> AsyncIterator[bytes]:
        async with held:
            if lead:
                yield lead
            async for piece in copy(snapshot):
                yield piece

    return StreamingResponse(pieces(), 200, headers, media)


async def _tallied(snapshot: Snapshot, tally: Statement | None, most: int | None) -> int | None:
    """Count beforehand what a quota bounds; nobody else waits for that."""
    if tally is None or most is None:
        return None
    return int((await snapshot.fetch(tally))[0]["n"])


def _span(request: Request, seen: Sight, state: State) -> Span:
    """Read since and until, or the cursor that holds both."""
    asked = request.query_params
    limit = _limit(asked.get("limit"))
    if cursor := asked.get("cursor"):
        place = reader_of(request).open_cursor(_purpose(seen), cursor)
        epoch, since, until, *after = place
        _check_epoch(seen, state, epoch)
        return Span(since, until, (after[0], after[1]), limit or LARGEST_CHANGES)
    if "since" not in asked:
        raise VersionInvalid("缺少 since", next="首次请用 since=1.0,或先取快照再从其版本继续")
    since = Version.read(asked["since"])
    until = Version.read(asked["until"]) if "until" in asked else state.version
    _check_epoch(seen, state, since.epoch)
    _check_epoch(seen, state, until.epoch)
    if not since.number <= until.number <= state.version.number:
        raise VersionInvalid(f"当前版本为 {state.version},since 与 until 须不大于它且先后有序")
    return Span(since.number, until.number, limit=limit)


def _check_epoch(seen: Sight, state: State, epoch: int) -> None:
    if epoch != state.version.epoch:
        raise VersionGone(seen.structure.dataset, str(state.version))


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= LARGEST_CHANGES:
        raise ParameterInvalid(f"limit 应为 1 至 {LARGEST_CHANGES}")
    return int(text)


def _purpose(seen: Sight) -> str:
    return f"changes {seen.structure.dataset} {seen.digest}"


router = APIRouter()
router.include_router(
    reads
)  # first: routes are tried in turn, and a page is cheaper than fifty tries
router.include_router(push_api.router)
router.include_router(batches.router)
router.include_router(reconciling.router)
