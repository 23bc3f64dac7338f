"""Routes of annual reports: HTTP in, HTTP out."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, CursorInvalid, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import (
    AnnualReportList,
    AnnualReportOut,
    AnnualReportState,
    AnnualReportStep,
)

from zhengshu_sharing.access import scope
from zhengshu_sharing.annual import operations
from zhengshu_sharing.annual.states import MACHINE
from zhengshu_sharing.matters import operations as matters
from zhengshu_sharing.matters.domain import Matter
from zhengshu_sharing.matters.errors import MatterNotFound, MatterNotInState, NotThisPartysMove
from zhengshu_sharing.unit import InUnit, Unit

router = Router(prefix="/v1/annual-reports", tags=["年度报告"])


@router.get(
    "",
    response_model=AnnualReportList,
    responses=problems(CursorInvalid),
    dependencies=[allowed(Action.ANNUAL_REPORT_READ)],
)
async def list_annual_reports(
    by: By,
    unit: InUnit,
    place: Paged,
    state: Annotated[AnnualReportState | None, Query(description="状态")] = None,
) -> AnnualReportList:
    """查询年度报告(本单位的;主管部门与县政府可见全部);1 月 1 日起对上年使用过共享数据的单位开列"""
    found, more = await unit.matters.page(
        MACHINE.kind,
        organization=scope(by),
        state=state,
        dataset=None,
        after=place.after,
        limit=place.limit,
    )
    following = place.following([one.id for one in found], more=more)
    return AnnualReportList(reports=await _shown(unit, found, by), next=following)


@router.get(
    "/{annual_report_id}",
    response_model=AnnualReportOut,
    responses=problems(MatterNotFound),
    dependencies=[allowed(Action.ANNUAL_REPORT_READ)],
)
async def read_annual_report(annual_report_id: str, by: By, unit: InUnit) -> AnnualReportOut:
    """查看年度报告"""
    return (await _shown(unit, [await matters.read(unit, MACHINE, annual_report_id, by=by)], by))[0]


@router.post(
    "/{annual_report_id}/steps",
    response_model=AnnualReportOut,
    responses=problems(MatterNotFound, MatterNotInState, NotThisPartysMove),
    dependencies=[allowed(Action.ANNUAL_REPORT_HANDLE)],
)
async def take_annual_report_step(
    annual_report_id: str, body: AnnualReportStep, by: By, unit: InUnit, now: Now
) -> AnnualReportOut:
    """报送年度报告,二月底前"""
    filed = await operations.step(unit, annual_report_id, body, by=by, now=now)
    return (await _shown(unit, [filed], by))[0]


async def _shown(unit: Unit, found: Sequence[Matter], by: Principal) -> list[AnnualReportOut]:
    return [AnnualReportOut(**one) for one in await matters.shown(unit, MACHINE, found, by=by)]
