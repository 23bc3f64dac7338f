"""Routes of forms: HTTP in, HTTP out."""

from typing import Annotated

from fastapi import Query
from starlette.responses import HTMLResponse
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, Now
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import FormCheck, FormIn, FormOut

from zhengshu_sharing.applications.errors import ApplicationNotFound
from zhengshu_sharing.forms import operations
from zhengshu_sharing.forms.errors import FormNotFound
from zhengshu_sharing.unit import InUnit

router = Router(prefix="/v1", tags=["表单"])

INERT = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
"""A form is paper: it loads and runs nothing."""


@router.post(
    "/applications/{application_id}/forms",
    status_code=201,
    response_model=FormOut,
    responses=problems(ApplicationNotFound),
    dependencies=[allowed(Action.FORM_ISSUE)],
)
async def issue_form(application_id: str, body: FormIn, by: By, unit: InUnit, now: Now) -> FormOut:
    """签发可打印的申请表或审批表,带编号与校验码"""
    return await operations.issue(unit, application_id, body, by=by, now=now)


@router.get(
    "/forms/{form_code}",
    response_class=HTMLResponse,
    responses=problems(FormNotFound),
    dependencies=[allowed(Action.FORM_READ)],
)
async def read_form(form_code: str, by: By, unit: InUnit) -> HTMLResponse:
    """按校验码查看签发时的表单(HTML,可打印)"""
    return HTMLResponse(await operations.read(unit, form_code, by=by), headers=INERT)


@router.get(
    "/forms/{form_code}/verification",
    response_model=FormCheck,
    responses=problems(FormNotFound),
    dependencies=[allowed(Action.FORM_VERIFY)],
)
async def verify_form(
    form_code: str,
    unit: InUnit,
    number: Annotated[str, Query(max_length=100, description="表上的编号")],
) -> FormCheck:
    """凭编号与校验码核对纸件:无须登录,不含意见与人员姓名"""
    return await operations.verify(unit, form_code, number)
