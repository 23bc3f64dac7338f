"""Routes of clocks: HTTP in, HTTP out."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from fastapi import Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, CursorInvalid, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.clocks import Term
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import ClockList, ClockOut, ExtensionDecision, ExtensionIn

from zhengshu_sharing.access import scope
from zhengshu_sharing.clocks import extensions
from zhengshu_sharing.clocks.domain import Clock
from zhengshu_sharing.clocks.errors import (
    ClockNotFound,
    ClockStopped,
    ExtensionAsked,
    ExtensionElsewhere,
    ExtensionNotAsked,
    ExtensionTooLate,
    ExtensionTooLong,
    OwnExtension,
)
from zhengshu_sharing.clocks.views import shown
from zhengshu_sharing.unit import InUnit, Unit

router = Router(prefix="/v1/clocks", tags=["时限"])


@router.get(
    "",
    response_model=ClockList,
    responses=problems(CursorInvalid),
    dependencies=[allowed(Action.CLOCK_READ)],
)
async def list_clocks(
    by: By,
    unit: InUnit,
    place: Paged,
    now: Now,
    term: Annotated[Term | None, Query(description="时限种类")] = None,
    due_by: Annotated[date | None, Query(description="只看至迟该日到期的")] = None,
) -> ClockList:
    """查询正在计算的时限:本单位应办的;主管部门和县政府可查全部"""
    found, more = await unit.clocks.page(
        scope(by), term=term, due_by=due_by, after=place.after, limit=place.limit
    )
    following = place.following([one.id for one in found], more=more)
    return ClockList(clocks=await _shown(unit, found, now=now), next=following)


@router.post(
    "/{clock_id}/extension",
    response_model=ClockOut,
    responses=problems(
        ClockNotFound,
        ClockStopped,
        ExtensionElsewhere,
        ExtensionAsked,
        ExtensionTooLate,
        ExtensionTooLong,
    ),
    dependencies=[allowed(Action.CLOCK_EXTEND)],
)
async def request_clock_extension(
    clock_id: str, body: ExtensionIn, by: By, unit: InUnit, now: Now
) -> ClockOut:
    """应办单位因特殊原因申请延长期限(目录更新至多 5 个工作日)"""
    found = await extensions.request(unit, clock_id, body, by=by, now=now)
    return (await _shown(unit, [found], now=now))[0]


@router.post(
    "/{clock_id}/extension/decision",
    response_model=ClockOut,
    responses=problems(
        ClockNotFound, ClockStopped, ExtensionElsewhere, ExtensionNotAsked, OwnExtension
    ),
    dependencies=[allowed(Action.EXTENSION_DECIDE)],
)
async def decide_clock_extension(
    clock_id: str, body: ExtensionDecision, by: By, unit: InUnit, now: Now
) -> ClockOut:
    """主管部门审核延长期限,结果告知应办单位"""
    found = await extensions.answer(unit, clock_id, body, by=by, now=now)
    return (await _shown(unit, [found], now=now))[0]


async def _shown(unit: Unit, found: Sequence[Clock], *, now: datetime) -> list[ClockOut]:
    asked = await unit.clocks.extensions(one.id for one in found)
    return [shown(one, asked.get(one.id), on=day_of(now)) for one in found]
