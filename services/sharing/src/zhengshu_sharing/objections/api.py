"""Routes of objections: HTTP in, HTTP out."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, CursorInvalid, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import ObjectionIn, ObjectionList, ObjectionOut, ObjectionStep
from zhengshu_contracts.vocabulary import DatasetId, ObjectionState

from zhengshu_sharing.access import scope
from zhengshu_sharing.datasets.errors import DatasetNotFound, ItemsUnknown, OwnDataset
from zhengshu_sharing.matters import operations as matters
from zhengshu_sharing.matters.domain import Matter
from zhengshu_sharing.matters.errors import (
    MatterNotFound,
    MatterNotInState,
    NotThisPartysMove,
    OwnMatter,
)
from zhengshu_sharing.objections import operations
from zhengshu_sharing.objections.states import MACHINE
from zhengshu_sharing.unit import InUnit, Unit

router = Router(prefix="/v1/objections", tags=["共享属性异议"])


@router.post(
    "",
    status_code=201,
    response_model=ObjectionOut,
    responses=problems(DatasetNotFound, ItemsUnknown, OwnDataset),
    dependencies=[allowed(Action.OBJECTION_FILE)],
)
async def file_objection(body: ObjectionIn, by: By, unit: InUnit, now: Now) -> ObjectionOut:
    """提出共享属性异议"""
    return (await _shown(unit, [await operations.file(unit, body, by=by, now=now)], by))[0]


@router.get(
    "",
    response_model=ObjectionList,
    responses=problems(CursorInvalid),
    dependencies=[allowed(Action.OBJECTION_READ)],
)
async def list_objections(
    by: By,
    unit: InUnit,
    place: Paged,
    state: Annotated[ObjectionState | None, Query(description="状态")] = None,
    dataset: Annotated[DatasetId | None, Query(description="只看这个数据集")] = None,
) -> ObjectionList:
    """查询共享属性异议(本单位提出或办理的;主管部门与县政府可见全部)"""
    found, more = await unit.matters.page(
        MACHINE.kind,
        organization=scope(by),
        state=state,
        dataset=dataset,
        after=place.after,
        limit=place.limit,
    )
    following = place.following([one.id for one in found], more=more)
    return ObjectionList(objections=await _shown(unit, found, by), next=following)


@router.get(
    "/{objection_id}",
    response_model=ObjectionOut,
    responses=problems(MatterNotFound),
    dependencies=[allowed(Action.OBJECTION_READ)],
)
async def read_objection(objection_id: str, by: By, unit: InUnit) -> ObjectionOut:
    """查看共享属性异议与办理过程"""
    return (await _shown(unit, [await matters.read(unit, MACHINE, objection_id, by=by)], by))[0]


@router.post(
    "/{objection_id}/steps",
    response_model=ObjectionOut,
    responses=problems(MatterNotFound, MatterNotInState, NotThisPartysMove, OwnMatter),
    dependencies=[allowed(Action.OBJECTION_HANDLE)],
)
async def take_objection_step(
    objection_id: str, body: ObjectionStep, by: By, unit: InUnit, now: Now
) -> ObjectionOut:
    """办理共享属性异议:由本环节的单位作出下一步"""
    return (
        await _shown(unit, [await operations.step(unit, objection_id, body, by=by, now=now)], by)
    )[0]


async def _shown(unit: Unit, found: Sequence[Matter], by: Principal) -> list[ObjectionOut]:
    return [ObjectionOut(**one) for one in await matters.shown(unit, MACHINE, found, by=by)]
