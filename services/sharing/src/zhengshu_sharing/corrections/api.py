"""Routes of corrections: HTTP in, HTTP out."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, CursorInvalid, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import CorrectionIn, CorrectionList, CorrectionOut, CorrectionStep
from zhengshu_contracts.vocabulary import CorrectionState, DatasetId

from zhengshu_sharing.access import scope
from zhengshu_sharing.corrections import operations
from zhengshu_sharing.corrections.states import MACHINE
from zhengshu_sharing.datasets.errors import DatasetNotFound, ItemsUnknown, OwnDataset
from zhengshu_sharing.matters import operations as matters
from zhengshu_sharing.matters.domain import Matter
from zhengshu_sharing.matters.errors import (
    MatterNotFound,
    MatterNotInState,
    NotThisPartysMove,
    OwnMatter,
)
from zhengshu_sharing.unit import InUnit, Unit

router = Router(prefix="/v1/corrections", tags=["校核"])


@router.post(
    "",
    status_code=201,
    response_model=CorrectionOut,
    responses=problems(DatasetNotFound, ItemsUnknown, OwnDataset),
    dependencies=[allowed(Action.CORRECTION_FILE)],
)
async def file_correction(body: CorrectionIn, by: By, unit: InUnit, now: Now) -> CorrectionOut:
    """提出校核"""
    return (await _shown(unit, [await operations.file(unit, body, by=by, now=now)], by))[0]


@router.get(
    "",
    response_model=CorrectionList,
    responses=problems(CursorInvalid),
    dependencies=[allowed(Action.CORRECTION_READ)],
)
async def list_corrections(
    by: By,
    unit: InUnit,
    place: Paged,
    state: Annotated[CorrectionState | None, Query(description="状态")] = None,
    dataset: Annotated[DatasetId | None, Query(description="只看这个数据集")] = None,
) -> CorrectionList:
    """查询校核(本单位提出或办理的;主管部门与县政府可见全部)"""
    found, more = await unit.matters.page(
        MACHINE.kind,
        organization=scope(by),
        state=state,
        dataset=dataset,
        after=place.after,
        limit=place.limit,
    )
    following = place.following([one.id for one in found], more=more)
    return CorrectionList(corrections=await _shown(unit, found, by), next=following)


@router.get(
    "/{correction_id}",
    response_model=CorrectionOut,
    responses=problems(MatterNotFound),
    dependencies=[allowed(Action.CORRECTION_READ)],
)
async def read_correction(correction_id: str, by: By, unit: InUnit) -> CorrectionOut:
    """查看校核与办理过程"""
    return (await _shown(unit, [await matters.read(unit, MACHINE, correction_id, by=by)], by))[0]


@router.post(
    "/{correction_id}/steps",
    response_model=CorrectionOut,
    responses=problems(MatterNotFound, MatterNotInState, NotThisPartysMove, OwnMatter),
    dependencies=[allowed(Action.CORRECTION_HANDLE)],
)
async def take_correction_step(
    correction_id: str, body: CorrectionStep, by: By, unit: InUnit, now: Now
) -> CorrectionOut:
    """办理校核:由本环节的单位作出下一步"""
    return (
        await _shown(unit, [await operations.step(unit, correction_id, body, by=by, now=now)], by)
    )[0]


async def _shown(unit: Unit, found: Sequence[Matter], by: Principal) -> list[CorrectionOut]:
    return [CorrectionOut(**one) for one in await matters.shown(unit, MACHINE, found, by=by)]
