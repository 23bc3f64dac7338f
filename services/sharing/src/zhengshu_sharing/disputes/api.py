"""Routes of disputes: HTTP in, HTTP out."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, CursorInvalid, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import DisputeIn, DisputeList, DisputeOut, DisputeStep
from zhengshu_contracts.vocabulary import DatasetId, DisputeState

from zhengshu_sharing.access import scope
from zhengshu_sharing.datasets.errors import DatasetNotFound, OrganizationUnknown
from zhengshu_sharing.disputes import operations
from zhengshu_sharing.disputes.states import MACHINE
from zhengshu_sharing.matters import operations as matters
from zhengshu_sharing.matters.domain import Matter
from zhengshu_sharing.matters.errors import (
    AgainstOneself,
    MatterNotFound,
    MatterNotInState,
    NotThisPartysMove,
    OwnMatter,
)
from zhengshu_sharing.unit import InUnit, Unit

router = Router(prefix="/v1/disputes", tags=["争议"])


@router.post(
    "",
    status_code=201,
    response_model=DisputeOut,
    responses=problems(DatasetNotFound, OrganizationUnknown, AgainstOneself),
    dependencies=[allowed(Action.DISPUTE_FILE)],
)
async def file_dispute(body: DisputeIn, by: By, unit: InUnit, now: Now) -> DisputeOut:
    """提出争议"""
    return (await _shown(unit, [await operations.file(unit, body, by=by, now=now)], by))[0]


@router.get(
    "",
    response_model=DisputeList,
    responses=problems(CursorInvalid),
    dependencies=[allowed(Action.DISPUTE_READ)],
)
async def list_disputes(
    by: By,
    unit: InUnit,
    place: Paged,
    state: Annotated[DisputeState | None, Query(description="状态")] = None,
    dataset: Annotated[DatasetId | None, Query(description="只看这个数据集")] = None,
) -> DisputeList:
    """查询争议(本单位提出或办理的;主管部门与县政府可见全部)"""
    found, more = await unit.matters.page(
        MACHINE.kind,
        organization=scope(by),
        state=state,
        dataset=dataset,
        after=place.after,
        limit=place.limit,
    )
    following = place.following([one.id for one in found], more=more)
    return DisputeList(disputes=await _shown(unit, found, by), next=following)


@router.get(
    "/{dispute_id}",
    response_model=DisputeOut,
    responses=problems(MatterNotFound),
    dependencies=[allowed(Action.DISPUTE_READ)],
)
async def read_dispute(dispute_id: str, by: By, unit: InUnit) -> DisputeOut:
    """查看争议与办理过程"""
    return (await _shown(unit, [await matters.read(unit, MACHINE, dispute_id, by=by)], by))[0]


@router.post(
    "/{dispute_id}/steps",
    response_model=DisputeOut,
    responses=problems(MatterNotFound, MatterNotInState, NotThisPartysMove, OwnMatter),
    dependencies=[allowed(Action.DISPUTE_HANDLE)],
)
async def take_dispute_step(
    dispute_id: str, body: DisputeStep, by: By, unit: InUnit, now: Now
) -> DisputeOut:
    """办理争议:由本环节的单位作出下一步"""
    return (
        await _shown(unit, [await operations.step(unit, dispute_id, body, by=by, now=now)], by)
    )[0]


async def _shown(unit: Unit, found: Sequence[Matter], by: Principal) -> list[DisputeOut]:
    return [DisputeOut(**one) for one in await matters.shown(unit, MACHINE, found, by=by)]
