"""Public routes of listings: search, description, files, the catalogue document."""

import base64
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

import orjson
from fastapi import Query, Request, Response
from starlette.responses import StreamingResponse
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.errors import Unavailable
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import CursorInvalid, Paged
from zhengshu_chassis.resources import Held
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.identity import Identity
from zhengshu_contracts.opening import ListingList, ListingOut, OpenFile
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import DatasetId, OpeningClass

from zhengshu_opening.listings import dcat, domain, files
from zhengshu_opening.listings.domain import Shown, Stored
from zhengshu_opening.listings.errors import (
    AuthorizationRequired,
    DecidedForAnother,
    FileNotFound,
    ListingNotFound,
)
from zhengshu_opening.listings.repository import Query as Search
from zhengshu_opening.settings import OpeningSettings
from zhengshu_opening.unit import InUnit, Unit

router = Router(prefix="/v1/open", tags=["数据开放"])
searching = allowed(Action.OPEN_SEARCH)


@router.get(
    "/datasets",
    response_model=ListingList,
    responses=problems(CursorInvalid),
    dependencies=[searching],
)
async def search_datasets(
    unit: InUnit,
    place: Paged,
    q: Annotated[str, Query(max_length=100, description="搜索词,空格分隔,须全部出现")] = "",
    theme: Annotated[str, Query(pattern=r"^[0-9]{0,28}$", description="分类代码或其前几位")] = "",
    provider: Annotated[str, Query(max_length=18, description="提供单位代码")] = "",
    opening: Annotated[OpeningClass | None, Query(description="开放属性")] = None,
) -> ListingList:
    """搜索开放数据集"""
    search = Search(tuple(q.split()), theme, provider, opening)
    at = place.after
    after = (datetime.fromisoformat(at[0]), str(at[1])) if at else None
    found, more = await unit.listings.search(search, after=after, limit=place.limit)
    last = [found[-1].listed_at.isoformat(), found[-1].listing.dataset] if more else None
    return ListingList(
        datasets=[_view(one) for one in found],
        total=await unit.listings.total(search),
        next=place.following([last], more=last is not None),
    )


@router.get("/catalog.jsonld", response_class=Response, dependencies=[searching])
async def read_catalog(unit: InUnit, held: Held) -> Response:
    """开放目录(DCAT 3,JSON-LD)"""
    settings = held.settings
    assert isinstance(settings, OpeningSettings)
    base = (settings.public_url or settings.gateway_url).rstrip("/")
    listings = [_view(one) for one in await unit.listings.all_shown()]
    document = dcat.catalog(listings, base=base, title=settings.catalog_title)
    return Response(orjson.dumps(document), media_type="application/ld+json")


@router.get(
    "/datasets/{dataset}",
    response_model=ListingOut,
    responses=problems(ListingNotFound),
    dependencies=[searching],
)
async def read_dataset(dataset: DatasetId, unit: InUnit) -> ListingOut:
    """查看开放数据集"""
    return _view(await _shown(unit, dataset))


@router.get(
    "/datasets/{dataset}/files/{format}",
    response_class=StreamingResponse,
    responses=problems(ListingNotFound, FileNotFound, AuthorizationRequired, DecidedForAnother),
)
async def download_file(
    dataset: DatasetId,
    format: str,  # noqa: A002 - the path's word
    caller: Annotated[Identity, allowed(Action.OPEN_READ)],
    unit: InUnit,
    held: Held,
    request: Request,
) -> Response:
    """下载开放数据集的文件

    普遍开放的数据集无需登录;授权开放的须由已获授权的申请人下载。
    """
    if caller.dataset != dataset:
        raise DecidedForAnother(dataset)
    shown = await _shown(unit, dataset)
    rights = await unit.listings.authorizations(dataset)
    who = caller.principal
    domain.admit(shown.listing, who.kind, who.id, rights, datetime.now(UTC))
    file = next((one for one in shown.files if one.format == format), None)
    if file is None:
        raise FileNotFound(format, next="可选:" + "、".join(one.format for one in shown.files))
    headers = _headers(shown, file)
    if _matches(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers={"ETag": headers["ETag"]})
    return await _stream(held, file, headers)


async def _stream(held: Held, file: Stored, headers: dict[str, str]) -> Response:
    try:
        content = await files.read(held.extra["store"], file.path)
    except FileNotFoundError as error:
        # A newer snapshot took its place between the two look-ups.
        raise Unavailable("文件正在更新", retry_after=1) from error
    return StreamingResponse(content, headers=headers)


async def _shown(unit: Unit, dataset: str) -> Shown:
    shown = await unit.listings.shown(dataset)
    if shown is None:
        raise ListingNotFound(dataset, next="查看已开放的数据集:GET /v1/open/datasets")
    return shown


def _headers(shown: Shown, file: Stored) -> dict[str, str]:
    digest = base64.b64encode(bytes.fromhex(file.digest)).decode()
    name = quote(f"{shown.dataset.title}.{file.format}", safe="")
    plain = f"{shown.listing.dataset}.{file.format}"
    charset = "; charset=utf-8" if file.format == "csv" else ""
    general = shown.listing.opening is OpeningClass.GENERAL
    return {
        "Content-Type": dcat.MEDIA_TYPES[file.format] + charset,
        "Content-Length": str(file.bytes),
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{name}",
        "Content-Digest": f"sha-256=:{digest}:",
        "ETag": f'"{file.digest}"',
        "Cache-Control": "public, no-cache" if general else "private, no-store",
        "Zhengshu-Rows": str(shown.rows),
        "Zhengshu-Version": str(shown.version),
    }


def _matches(wanted: str, etag: str) -> bool:
    candidates = {one.strip().removeprefix("W/") for one in wanted.split(",")}
    return etag in candidates or "*" in candidates


def _view(shown: Shown) -> ListingOut:
    listing, dataset = shown.listing, shown.dataset
    return ListingOut(
        id=listing.dataset,
        title=dataset.title,
        abstract=dataset.abstract,
        provider=dataset.provider,
        provider_name=dataset.provider_name,
        opening=listing.opening,
        opening_label=listing.opening.label,
        update_cycle=dataset.update_cycle,
        licence=listing.licence,
        items=list(listing.items),
        state=listing.state,
        version=str(shown.version),
        rows=shown.rows,
        files=tuple(_file(listing.dataset, file) for file in shown.files),
        listed_at=shown.listed_at,
        updated_at=shown.updated_at,
    )


def _file(dataset: str, file: Stored) -> OpenFile:
    return OpenFile(
        format=file.format,
        bytes=file.bytes,
        digest=file.digest,
        href=f"/v1/open/datasets/{dataset}/files/{file.format}",
    )
