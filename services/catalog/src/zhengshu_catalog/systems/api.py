"""HTTP of a business system's life and of its statements."""

from typing import Annotated

from fastapi import Depends, Query
from fastapi.responses import HTMLResponse
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, Now, Paged
from zhengshu_chassis.resources import Resources, resources
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.catalog import PlannedIn, StageIn, StatementList, StatementOut
from zhengshu_contracts.roles import Action

from zhengshu_catalog.organizations.api import InUnit
from zhengshu_catalog.systems import operations
from zhengshu_catalog.systems.errors import (
    NotAggregated,
    StageNotAllowed,
    StatementNotFound,
    SystemNotFound,
)
from zhengshu_catalog.systems.page import page

router = Router(prefix="/v1", tags=["业务系统"])

Held = Annotated[Resources, Depends(resources)]


@router.get(
    "/systems/{system}/planned",
    response_model=PlannedIn,
    dependencies=[allowed(Action.STATEMENT_READ)],
    responses=problems(SystemNotFound),
)
async def read_planned(system: str, unit: InUnit, by: By) -> PlannedIn:
    """查看业务系统应汇聚的数据"""
    return await operations.read_planned(unit, system, by=by)


@router.put(
    "/systems/{system}/planned",
    response_model=PlannedIn,
    dependencies=[allowed(Action.SYSTEM_PLAN)],
    responses=problems(SystemNotFound, StageNotAllowed),
)
async def plan_system(system: str, body: PlannedIn, unit: InUnit, by: By) -> PlannedIn:
    """列明业务系统应汇聚的数据,建设之前填写,验收之前可以对应到目录条目"""
    return await operations.plan(unit, system, body, by=by)


@router.post(
    "/systems/{system}/stage",
    response_model=StageIn,
    dependencies=[allowed(Action.SYSTEM_ADVANCE)],
    responses=problems(SystemNotFound, StageNotAllowed, NotAggregated),
)
async def advance_system(system: str, body: StageIn, unit: InUnit, by: By) -> StageIn:
    """进入下一阶段:规划、已建成、已接入、已验收、运行;随时可以停用"""
    return StageIn(stage=await operations.advance(unit, system, body, by=by))


@router.post(
    "/systems/{system}/statements",
    status_code=201,
    response_model=StatementOut,
    dependencies=[allowed(Action.STATEMENT_ISSUE)],
    responses=problems(SystemNotFound),
)
async def issue_statement(system: str, unit: InUnit, held: Held, by: By, now: Now) -> StatementOut:
    """出具数据汇聚情况证明,供验收和财政部门审核使用"""
    key = held.settings.row_id_key.get_secret_value().encode()  # type: ignore[attr-defined] # catalog's own
    return await operations.issue(unit, system, key=key, by=by, at=now)


@router.get(
    "/statements",
    response_model=StatementList,
    dependencies=[allowed(Action.STATEMENT_READ)],
)
async def list_statements(
    unit: InUnit,
    place: Paged,
    by: By,
    system: Annotated[str | None, Query(max_length=60, description="业务系统标识")] = None,
) -> StatementList:
    """列出数据汇聚情况证明;主管部门、财政局和县政府可见各单位的"""
    found, more = await operations.page(unit, by, place.after, place.limit, system=system)
    following = place.following([one.number for one in found], more=more)
    return StatementList(statements=found, next=following)


@router.get(
    "/statements/{number}",
    response_model=StatementOut,
    dependencies=[allowed(Action.STATEMENT_READ)],
    responses=problems(StatementNotFound),
)
async def read_statement(number: str, unit: InUnit, by: By) -> StatementOut:
    """查看数据汇聚情况证明,核对编号与校验码"""
    return await operations.read(unit, number, by=by)


@router.get(
    "/statements/{number}/print",
    response_class=HTMLResponse,
    dependencies=[allowed(Action.STATEMENT_READ)],
    responses=problems(StatementNotFound),
)
async def print_statement(number: str, unit: InUnit, by: By) -> HTMLResponse:
    """打印数据汇聚情况证明(HTML,A4)"""
    return HTMLResponse(page(await operations.read(unit, number, by=by)))
