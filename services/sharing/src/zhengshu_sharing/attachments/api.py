"""Routes of attachments: HTTP in, HTTP out."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Query, Request
from starlette.responses import Response
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, Now
from zhengshu_chassis.resources import Held
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import AttachmentOut

from zhengshu_sharing.attachments import operations
from zhengshu_sharing.attachments.domain import LARGEST
from zhengshu_sharing.attachments.errors import (
    AttachmentEmpty,
    AttachmentNotFound,
    AttachmentTooLarge,
    MediaNotKept,
    StoreNotSet,
)
from zhengshu_sharing.unit import InUnit

router = Router(prefix="/v1/attachments", tags=["附件"])


@router.post(
    "",
    status_code=201,
    response_model=AttachmentOut,
    responses=problems(MediaNotKept, AttachmentEmpty, AttachmentTooLarge, StoreNotSet),
    dependencies=[allowed(Action.ATTACHMENT_ADD)],
    max_body_size=LARGEST + (1 << 20),  # past it the framework answers, without our words
)
async def add_attachment(
    request: Request,
    by: By,
    unit: InUnit,
    held: Held,
    now: Now,
    name: Annotated[str, Query(min_length=1, max_length=200, description="文件名")],
) -> AttachmentOut:
    """上传附件:请求体即文件,PDF、OFD、PNG 或 JPEG,至多 20 MB"""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    row = await operations.keep(
        unit,
        operations.store_of(held),
        await request.body(),
        name=name,
        media=media,
        by=by,
        now=now,
    )
    return operations.shown(row)


@router.get(
    "/{attachment_id}",
    response_class=Response,
    responses=problems(AttachmentNotFound, StoreNotSet),
    dependencies=[allowed(Action.ATTACHMENT_READ)],
)
async def read_attachment(attachment_id: str, by: By, unit: InUnit, held: Held) -> Response:
    """下载附件"""
    store = operations.store_of(held)
    row, content = await operations.read(unit, store, attachment_id, by=by)
    headers = {
        # Never shown in place: what departments upload does not run in a browser of ours.
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=row.media, headers=headers)
