"""HTTP of importing a catalogue: the workbook to fill in, its preview, its confirmation, its report."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, Now
from zhengshu_chassis.resources import Resources, resources
from zhengshu_chassis.transaction import Router, Session
from zhengshu_contracts.catalog import ImportOut, ItemDrafts
from zhengshu_contracts.roles import Action

from zhengshu_catalog.entries.operations import Unit
from zhengshu_catalog.imports import operations
from zhengshu_catalog.imports.drafting import draft
from zhengshu_catalog.imports.errors import (
    ImportConfirmed,
    ImportNotFound,
    SampleUnreadable,
    WorkbookUnreadable,
)
from zhengshu_catalog.imports.template import template
from zhengshu_catalog.organizations.errors import OrganizationNotFound

router = Router(tags=["目录导入"], dependencies=[allowed(Action.ENTRY_IMPORT)])

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}},
    }
}
LARGEST_SAMPLE = 16 << 20
"""A sample need not be a whole table: only its first rows are looked at."""
SAMPLE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            media: {"schema": {"type": "string", "format": "binary"}}
            for media in ("text/csv", XLSX)
        },
    }
}

Held = Annotated[Resources, Depends(resources)]


@router.get(
    "/v1/import-template",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}, "description": "XLSX 模板"}},
)
async def download_template() -> Response:
    """下载目录导入模板(XLSX,含下拉选项)"""
    named = {"Content-Disposition": 'attachment; filename="catalogue.xlsx"'}
    return Response(template(), media_type=XLSX, headers=named)


@router.post(
    "/v1/imports",
    status_code=201,
    response_model=ImportOut,
    responses=problems(WorkbookUnreadable, OrganizationNotFound),
    openapi_extra=BODY,
)
async def preview_import(
    request: Request, session: Session, held: Held, by: By, now: Now
) -> ImportOut:
    """上传目录文件并预览差异;确认之前不作任何改动"""
    mend_by = (now + timedelta(days=held.settings.mend_days)).date()  # type: ignore[attr-defined] # catalog's own
    file = await request.body()
    return await operations.preview(Unit.of(session), file, mend_by=mend_by, by=by, at=now)


@router.post(
    "/v1/imports/{token}/confirmation",
    response_model=ImportOut,
    responses=problems(ImportNotFound, ImportConfirmed),
)
async def confirm_import(token: str, session: Session, by: By, now: Now) -> ImportOut:
    """确认导入,逐条执行并报告;存量登记的条目须经主管部门审核才发布"""
    return await operations.confirm(Unit.of(session), token, by=by, at=now)


@router.post(
    "/v1/item-drafts",
    response_model=ItemDrafts,
    responses=problems(SampleUnreadable, WorkbookUnreadable),
    openapi_extra=SAMPLE,
    max_body_size=LARGEST_SAMPLE,
)
async def draft_items(request: Request) -> ItemDrafts:
    """从数据文件或数据库表结构清单(CSV、XLSX)得出信息项草案;不保存文件,共享属性和开放属性由编制人确定"""
    return await asyncio.to_thread(draft, await request.body())
