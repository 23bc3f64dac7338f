"""Routes of basis changes: HTTP in, HTTP out."""

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
    BasisChangeIn,
    BasisChangeList,
    BasisChangeOut,
    BasisChangeState,
    BasisChangeStep,
)
from zhengshu_contracts.vocabulary import DatasetId

from zhengshu_sharing.access import scope
from zhengshu_sharing.changes import operations
from zhengshu_sharing.changes.errors import ChangeNotWithin, EntryNotOurs, UpdateOwed
from zhengshu_sharing.changes.states import MACHINE
from zhengshu_sharing.datasets.errors import DatasetNotFound
from zhengshu_sharing.matters import operations as matters
from zhengshu_sharing.matters.domain import Matter
from zhengshu_sharing.matters.errors import (
    MatterNotFound,
    MatterNotInState,
    NotThisPartysMove,
    OwnMatter,
)
from zhengshu_sharing.unit import InUnit, Unit

router = Router(prefix="/v1/basis-changes", tags=["目录依据变化"])


@router.post(
    "",
    status_code=201,
    response_model=BasisChangeOut,
    responses=problems(DatasetNotFound, ChangeNotWithin, UpdateOwed, EntryNotOurs),
    dependencies=[allowed(Action.BASIS_CHANGE_FILE)],
)
async def file_basis_change(body: BasisChangeIn, by: By, unit: InUnit, now: Now) -> BasisChangeOut:
    """报告目录所依据的法律、决定或职责已变化,提供单位的更新期限自该日次日起算"""
    return (await _shown(unit, [await operations.file(unit, body, by=by, now=now)], by))[0]


@router.get(
    "",
    response_model=BasisChangeList,
    responses=problems(CursorInvalid),
    dependencies=[allowed(Action.BASIS_CHANGE_READ)],
)
async def list_basis_changes(
    by: By,
    unit: InUnit,
    place: Paged,
    state: Annotated[BasisChangeState | None, Query(description="状态")] = None,
    dataset: Annotated[DatasetId | None, Query(description="只看这个数据集")] = None,
) -> BasisChangeList:
    """查询目录依据变化(本单位提出或办理的;主管部门与县政府可见全部)"""
    found, more = await unit.matters.page(
        MACHINE.kind,
        organization=scope(by),
        state=state,
        dataset=dataset,
        after=place.after,
        limit=place.limit,
    )
    following = place.following([one.id for one in found], more=more)
    return BasisChangeList(changes=await _shown(unit, found, by), next=following)


@router.get(
    "/{basis_change_id}",
    response_model=BasisChangeOut,
    responses=problems(MatterNotFound),
    dependencies=[allowed(Action.BASIS_CHANGE_READ)],
)
async def read_basis_change(basis_change_id: str, by: By, unit: InUnit) -> BasisChangeOut:
    """查看目录依据变化与办理过程"""
    return (await _shown(unit, [await matters.read(unit, MACHINE, basis_change_id, by=by)], by))[0]


@router.post(
    "/{basis_change_id}/steps",
    response_model=BasisChangeOut,
    responses=problems(MatterNotFound, MatterNotInState, NotThisPartysMove, OwnMatter),
    dependencies=[allowed(Action.BASIS_CHANGE_HANDLE)],
)
async def take_basis_change_step(
    basis_change_id: str, body: BasisChangeStep, by: By, unit: InUnit, now: Now
) -> BasisChangeOut:
    """认定无须更新或撤回;目录更新发布后自动办结"""
    return (
        await _shown(unit, [await operations.step(unit, basis_change_id, body, by=by, now=now)], by)
    )[0]


async def _shown(unit: Unit, found: Sequence[Matter], by: Principal) -> list[BasisChangeOut]:
    return [BasisChangeOut(**one) for one in await matters.shown(unit, MACHINE, found, by=by)]
