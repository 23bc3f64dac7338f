"""What a reading request asks: the view, the query, the place in a list, and the headers of its answer."""

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response
from zhengshu_chassis.rows import BadQuery, Query, parse
from zhengshu_contracts.identity import Identity

from zhengshu_catalog.aggregation import reading
from zhengshu_catalog.aggregation.domain import Version
from zhengshu_catalog.aggregation.errors import CursorInvalid, VerificationInvalid, ViewMissing
from zhengshu_catalog.aggregation.reader import Reader, reader_of
from zhengshu_catalog.aggregation.reading import Asked
from zhengshu_catalog.aggregation.views import Sight

LAST = 99_999_999


async def see(request: Request, caller: Identity) -> Sight:
    """Return what the token lets this request see, on the columns that are there now."""
    dataset = request.path_params["dataset"]
    if caller.view is None or caller.dataset != dataset:
        raise ViewMissing("内部身份未载明本数据集的可见范围")
    reader = reader_of(request)
    structure = await reader.structure(dataset)
    if any(name not in structure.types for name in caller.view.columns):
        structure = (await reader.state(dataset)).structure
    return reader.sight(structure, caller.view, caller.grant)


@dataclass(frozen=True, slots=True)
class Turn:
    """One request for a page."""

    sight: Sight
    asked: Asked
    reader: Reader
    purpose: str
    epoch: int | None

    async def page(self) -> Any:
        """Return the page; if a revision was published meanwhile, of the new columns."""
        found = await self.reader.fetch(reading.page(self.sight, self.asked))
        if found["revision"] != self.sight.structure.revision:
            structure = (await self.reader.state(self.sight.structure.dataset)).structure
            newer = replace(self.sight, structure=structure)
            found = await self.reader.fetch(reading.page(newer, self.asked))
        if self.epoch is not None and found["epoch"] != self.epoch:
            raise CursorInvalid("数据集已进入新的纪元", next="请从第一页重新读取")
        return found


async def turn_of(request: Request, caller: Identity, *, foreign: set[str]) -> Turn:
    """Read the request for a page."""
    sight = await see(request, caller)
    query = _ranged(request, parse(request.url.query, foreign=foreign))
    prefer = ",".join(request.headers.getlist("prefer")).replace(" ", "")
    asked = Asked(query, counted="count=exact" in prefer.split(","), most=caller.most)
    purpose = f"rows {sight.structure.dataset} {sight.digest} {_digest(replace(query, limit=None))}"
    reader = reader_of(request)
    epoch = None
    if cursor := request.query_params.get("cursor"):
        epoch, *after = reader.open_cursor(purpose, cursor)
        asked = replace(asked, after=after)
    return Turn(sight, asked, reader, purpose, epoch)


def _ranged(request: Request, query: Query) -> Query:
    """Take limit and offset from `Range: 0-9` where the address says neither, as PostgREST does."""
    asked, unit = (request.headers.get(name, "").strip() for name in ("range", "range-unit"))
    if not asked or unit not in {"", "items"} or (query.limit, query.offset) != (None, None):
        return query
    found = re.fullmatch(r"(?:items=)?([0-9]{1,8})-([0-9]{1,8})?", asked)
    first, last = (int(found[1]), int(found[2] or LAST)) if found else (1, 0)
    if last < first:
        raise BadQuery("PGRST103", "Range 应写作“起-止”,例如 0-99")
    return replace(query, offset=first, limit=last - first + 1 if found and found[2] else None)


async def matches(request: Request, turn: Turn) -> Response | None:
    """Return 304 if the caller has this very answer."""
    if not request.headers.get("if-none-match"):
        return None
    state = await turn.reader.state(turn.sight.structure.dataset)
    return known(request, tag(request, turn, state.version), state.version)


def tag(request: Request, turn: Turn, version: Version) -> str:
    """Return the entity tag of an answer: version, view and everything asked."""
    asked = "\n".join(
        (request.url.query, *(request.headers.get(n, "") for n in ("accept", "prefer", "range")))
    )
    told = f"{turn.sight.digest}\n{turn.asked.limit}\n{asked}"
    return f'"{version}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"'


def stream_tag(request: Request, sight: Sight, version: Version) -> str:
    """Return the entity tag of a snapshot or of changes up to a version."""
    told = f"{sight.digest}\n{request.url.query}"
    return f'"{version}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"'


async def unchanged(request: Request, sight: Sight) -> Response | None:
    """Return 304 if the caller has this very snapshot."""
    if not request.headers.get("if-none-match"):
        return None
    version = (await reader_of(request).state(sight.structure.dataset)).version
    return known(request, stream_tag(request, sight, version), version)


def known(request: Request, current: str, version: Version) -> Response | None:
    """Return 304 if the caller has the answer that bears this tag."""
    sent = request.headers.get("if-none-match", "")
    if current not in {part.strip() for part in sent.split(",")}:
        return None
    return Response(None, 304, {"ETag": current, "Zhengshu-Version": str(version)})


def rows_headers(request: Request, turn: Turn, found: Any) -> dict[str, str]:
    """Return version, counts, entity tag, and where the next page is."""
    version, rows = Version(found["epoch"], found["version"]), found["n"]
    start = turn.asked.query.offset or 0
    span = f"{start}-{start + rows - 1}" if rows else "*"
    total = "*" if found["total"] is None else found["total"]
    headers = {
        "Zhengshu-Version": str(version),
        "Zhengshu-Rows": str(rows),
        "Content-Range": f"{span}/{total}",
        "ETag": tag(request, turn, version),
        "Vary": "Accept, Prefer, Range",
    }
    if rows and rows == turn.asked.limit:
        place = [found["epoch"], *orjson.loads(found["last"])]
        cursor = turn.reader.cursors.seal(turn.purpose, place)
        # What came as a Range goes on as parameters: who follows the link sends the address alone.
        query = turn.asked.query
        told = {"limit": query.limit, "offset": query.offset}
        sent = parse_qsl(request.url.query, keep_blank_values=True)
        more = [(n, str(v)) for n, v in told.items() if v is not None and n not in dict(sent)]
        asked = urlencode([*((n, v) for n, v in sent if n != "cursor"), *more, ("cursor", cursor)])
        headers["Link"] = f'<{request.url.path}?{asked}>; rel="next"'
    return headers


def body_of(body: bytes, sight: Sight) -> tuple[dict[str, str], dict[str, str | None]]:
    """Read a question of verification: the whole key, and values of visible columns."""
    if not sight.keyed:
        raise VerificationInvalid("可见范围不含完整的主键项,无法核验")
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise VerificationInvalid("不是合法的 JSON") from error
    if not isinstance(told, dict) or not set(told) <= {"key", "values"}:
        raise VerificationInvalid('应为 {"key": {…}, "values": {…}}')
    key, values = told.get("key"), told.get("values", {})
    if not isinstance(key, dict) or not isinstance(values, dict):
        raise VerificationInvalid("key 与 values 应为对象")
    if set(key) != set(sight.structure.key) or None in key.values():
        raise VerificationInvalid(f"key 应恰好给出主键项:{'、'.join(sight.structure.key)}")
    return {n: _text(v) or "" for n, v in key.items()}, {n: _text(v) for n, v in values.items()}


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        raise VerificationInvalid("取值应为单个值")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _digest(query: object) -> str:
    return hashlib.sha256(repr(query).encode()).hexdigest()[:16]
