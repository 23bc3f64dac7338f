"""Routes of clocks: HTTP in, HTTP out."""

from datetime import date
from typing import Annotated

from fastapi import Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, CursorInvalid, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.clocks import Term
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import ClockList

from zhengshu_sharing.access import scope
from zhengshu_sharing.clocks.views import shown
from zhengshu_sharing.unit import InUnit
from zhengshu_sharing.workdays import day_of

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
    return ClockList(clocks=[shown(one, on=day_of(now)) for one in found], next=following)
