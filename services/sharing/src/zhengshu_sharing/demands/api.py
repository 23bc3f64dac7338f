"""Routes of demands: HTTP in, HTTP out."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, CursorInvalid, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import DemandIn, DemandList, DemandOut, DemandStep
from zhengshu_contracts.vocabulary import DatasetId, DemandState

from zhengshu_sharing.access import scope
from zhengshu_sharing.datasets.errors import DatasetNotFound, OrganizationUnknown
from zhengshu_sharing.demands import operations
from zhengshu_sharing.demands.states import MACHINE
from zhengshu_sharing.matters import operations as matters
from zhengshu_sharing.matters.domain import Matter
from zhengshu_sharing.matters.errors import (
    AgainstOneself,
    MatterNotFound,
    MatterNotInState,
    NotThisPartysMove,
    OwnMatter,
    StepIncomplete,
)
from zhengshu_sharing.unit import InUnit, Unit

router = Router(prefix="/v1/demands", tags=["数据需求"])


@router.post(
    "",
    status_code=201,
    response_model=DemandOut,
    responses=problems(AgainstOneself, OrganizationUnknown),
    dependencies=[allowed(Action.DEMAND_FILE)],
)
async def file_demand(body: DemandIn, by: By, unit: InUnit, now: Now) -> DemandOut:
    """提出数据需求"""
    return (await _shown(unit, [await operations.file(unit, body, by=by, now=now)], by))[0]


@router.get(
    "",
    response_model=DemandList,
    responses=problems(CursorInvalid),
    dependencies=[allowed(Action.DEMAND_READ)],
)
async def list_demands(
    by: By,
    unit: InUnit,
    place: Paged,
    state: Annotated[DemandState | None, Query(description="状态")] = None,
    dataset: Annotated[DatasetId | None, Query(description="只看这个数据集")] = None,
) -> DemandList:
    """查询数据需求(本单位提出或办理的;主管部门与县政府可见全部)"""
    found, more = await unit.matters.page(
        MACHINE.kind,
        organization=scope(by),
        state=state,
        dataset=dataset,
        after=place.after,
        limit=place.limit,
    )
    following = place.following([one.id for one in found], more=more)
    return DemandList(demands=await _shown(unit, found, by), next=following)


@router.get(
    "/{demand_id}",
    response_model=DemandOut,
    responses=problems(MatterNotFound),
    dependencies=[allowed(Action.DEMAND_READ)],
)
async def read_demand(demand_id: str, by: By, unit: InUnit) -> DemandOut:
    """查看数据需求与办理过程"""
    return (await _shown(unit, [await matters.read(unit, MACHINE, demand_id, by=by)], by))[0]


@router.post(
    "/{demand_id}/steps",
    response_model=DemandOut,
    responses=problems(
        MatterNotFound,
        MatterNotInState,
        NotThisPartysMove,
        OwnMatter,
        AgainstOneself,
        StepIncomplete,
        DatasetNotFound,
        OrganizationUnknown,
    ),
    dependencies=[allowed(Action.DEMAND_HANDLE)],
)
async def take_demand_step(
    demand_id: str, body: DemandStep, by: By, unit: InUnit, now: Now
) -> DemandOut:
    """办理数据需求:由本环节的单位作出下一步"""
    return (await _shown(unit, [await operations.step(unit, demand_id, body, by=by, now=now)], by))[
        0
    ]


async def _shown(unit: Unit, found: Sequence[Matter], by: Principal) -> list[DemandOut]:
    return [DemandOut(**one) for one in await matters.shown(unit, MACHINE, found, by=by)]
