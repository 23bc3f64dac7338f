"""Routes of grants: HTTP in, HTTP out."""

from typing import Annotated

from fastapi import Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, CursorInvalid, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import GrantList, GrantOut, ReasonIn
from zhengshu_contracts.vocabulary import DatasetId

from zhengshu_sharing.access import scope
from zhengshu_sharing.grants import operations
from zhengshu_sharing.grants.domain import Grant
from zhengshu_sharing.grants.errors import (
    GrantNotFound,
    GrantNotInState,
    HolderDoesNotSuspend,
    SuspendedByAnother,
)
from zhengshu_sharing.unit import InUnit

router = Router(prefix="/v1/grants", tags=["授权"])


@router.get(
    "",
    response_model=GrantList,
    responses=problems(CursorInvalid),
    dependencies=[allowed(Action.GRANT_READ)],
)
async def list_grants(
    by: By,
    unit: InUnit,
    place: Paged,
    dataset: Annotated[DatasetId | None, Query(description="只看这个数据集")] = None,
) -> GrantList:
    """查询授权(本单位使用或提供的;主管部门可见全部)"""
    found, more = await unit.grants.page(
        organization=scope(by), dataset=dataset, after=place.after, limit=place.limit
    )
    following = place.following([one.id for one in found], more=more)
    return GrantList(grants=[_grant(one) for one in found], next=following)


@router.get(
    "/{grant_id}",
    response_model=GrantOut,
    responses=problems(GrantNotFound),
    dependencies=[allowed(Action.GRANT_READ)],
)
async def read_grant(grant_id: str, by: By, unit: InUnit) -> GrantOut:
    """查看授权"""
    return _grant(await operations.read(unit, grant_id, by=by))


@router.post(
    "/{grant_id}/revocation",
    response_model=GrantOut,
    responses=problems(GrantNotFound, GrantNotInState),
    dependencies=[allowed(Action.GRANT_REVOKE)],
)
async def revoke_grant(grant_id: str, body: ReasonIn, by: By, unit: InUnit) -> GrantOut:
    """撤销授权"""
    return _grant(await operations.revoke(unit, grant_id, by=by, reason=body.reason))


@router.post(
    "/{grant_id}/suspension",
    response_model=GrantOut,
    responses=problems(GrantNotFound, GrantNotInState, HolderDoesNotSuspend),
    dependencies=[allowed(Action.GRANT_SUSPEND)],
)
async def suspend_grant(grant_id: str, body: ReasonIn, by: By, unit: InUnit) -> GrantOut:
    """暂停授权,责令整改"""
    return _grant(await operations.suspend(unit, grant_id, by=by, reason=body.reason))


@router.post(
    "/{grant_id}/resumption",
    response_model=GrantOut,
    responses=problems(GrantNotFound, GrantNotInState, HolderDoesNotSuspend, SuspendedByAnother),
    dependencies=[allowed(Action.GRANT_SUSPEND)],
)
async def resume_grant(grant_id: str, body: ReasonIn, by: By, unit: InUnit) -> GrantOut:
    """整改后恢复授权"""
    return _grant(await operations.resume(unit, grant_id, by=by, reason=body.reason))


def _grant(grant: Grant) -> GrantOut:
    return GrantOut(
        id=grant.id,
        part=grant.part,
        dataset=grant.dataset,
        title=grant.title,
        holder=grant.holder,
        provider=grant.provider,
        items=list(grant.items),
        modes=list(grant.modes),
        filter=grant.filter,
        purpose=grant.purpose,
        starts=grant.starts,
        ends=grant.ends,
        state=grant.state,
        state_label=grant.state.label,
        reason=grant.reason,
    )
