"""Routes of grants: HTTP in, HTTP out."""

from typing import Annotated

from fastapi import Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, CursorInvalid, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import (
    ApplicationDraft,
    DisposalIn,
    GrantList,
    GrantOut,
    ReasonIn,
    RectificationIn,
    StopIn,
)
from zhengshu_contracts.vocabulary import DatasetId

from zhengshu_sharing.access import regulates, scope
from zhengshu_sharing.applications import drafts
from zhengshu_sharing.grants import endings, operations, views
from zhengshu_sharing.grants.errors import (
    ConsultationMissing,
    DisposalInFuture,
    GrantNotFound,
    GrantNotInState,
    HolderDoesNotSuspend,
    NotRectified,
    RectificationAwaited,
    RenewalNotPossible,
    RenewalSuspended,
    StopTooSoon,
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
    """查询授权(本单位使用或提供的;主管部门、县政府和网络信息安全监管部门可见全部)"""
    found, more = await unit.grants.page(
        organization=None if regulates(by) else scope(by),
        dataset=dataset,
        after=place.after,
        limit=place.limit,
    )
    following = place.following([one.id for one in found], more=more)
    return GrantList(grants=await views.shown(unit, found), next=following)


@router.get(
    "/{grant_id}",
    response_model=GrantOut,
    responses=problems(GrantNotFound),
    dependencies=[allowed(Action.GRANT_READ)],
)
async def read_grant(grant_id: str, by: By, unit: InUnit) -> GrantOut:
    """查看授权"""
    return await views.one(unit, await operations.read(unit, grant_id, by=by))


@router.post(
    "/{grant_id}/revocation",
    response_model=GrantOut,
    responses=problems(GrantNotFound, GrantNotInState, ConsultationMissing, RectificationAwaited),
    dependencies=[allowed(Action.GRANT_REVOKE)],
)
async def revoke_grant(grant_id: str, body: ReasonIn, by: By, unit: InUnit, now: Now) -> GrantOut:
    """撤销授权"""
    return await views.one(
        unit, await operations.revoke(unit, grant_id, by=by, reason=body.reason, now=now)
    )


@router.post(
    "/{grant_id}/suspension",
    response_model=GrantOut,
    responses=problems(GrantNotFound, GrantNotInState, HolderDoesNotSuspend),
    dependencies=[allowed(Action.GRANT_SUSPEND)],
)
async def suspend_grant(grant_id: str, body: ReasonIn, by: By, unit: InUnit, now: Now) -> GrantOut:
    """暂停授权,责令整改"""
    return await views.one(
        unit, await operations.suspend(unit, grant_id, by=by, reason=body.reason, now=now)
    )


@router.post(
    "/{grant_id}/resumption",
    response_model=GrantOut,
    responses=problems(
        GrantNotFound, GrantNotInState, HolderDoesNotSuspend, SuspendedByAnother, NotRectified
    ),
    dependencies=[allowed(Action.GRANT_SUSPEND)],
)
async def resume_grant(grant_id: str, body: ReasonIn, by: By, unit: InUnit, now: Now) -> GrantOut:
    """整改后恢复授权"""
    return await views.one(
        unit, await operations.resume(unit, grant_id, by=by, reason=body.reason, now=now)
    )


@router.post(
    "/{grant_id}/rectification",
    response_model=GrantOut,
    responses=problems(GrantNotFound, GrantNotInState),
    dependencies=[allowed(Action.GRANT_RECTIFY)],
)
async def rectify_grant(
    grant_id: str, body: RectificationIn, by: By, unit: InUnit, now: Now
) -> GrantOut:
    """使用单位报告整改情况,由作出暂停的单位复核"""
    changed = await operations.rectify(unit, grant_id, by=by, report=body.report, now=now)
    return await views.one(unit, changed)


@router.post(
    "/{grant_id}/stop",
    response_model=GrantOut,
    responses=problems(GrantNotFound, GrantNotInState, ConsultationMissing, StopTooSoon),
    dependencies=[allowed(Action.GRANT_STOP)],
)
async def announce_stop(grant_id: str, body: StopIn, by: By, unit: InUnit, now: Now) -> GrantOut:
    """提供单位协商后备案并预告停止服务"""
    return await views.one(unit, await endings.announce_stop(unit, grant_id, body, by=by, now=now))


@router.post(
    "/{grant_id}/disposal",
    response_model=GrantOut,
    responses=problems(GrantNotFound, GrantNotInState, DisposalInFuture),
    dependencies=[allowed(Action.GRANT_DISPOSE)],
)
async def dispose_of_data(
    grant_id: str, body: DisposalIn, by: By, unit: InUnit, now: Now
) -> GrantOut:
    """使用单位登记数据处置情况"""
    return await views.one(unit, await endings.dispose(unit, grant_id, body, by=by, now=now))


@router.get(
    "/{grant_id}/renewal",
    response_model=ApplicationDraft,
    responses=problems(GrantNotFound, RenewalNotPossible, RenewalSuspended),
    dependencies=[allowed(Action.APPLICATION_SUBMIT)],
)
async def draft_renewal(grant_id: str, by: By, unit: InUnit, now: Now) -> ApplicationDraft:
    """按现行授权拟一份续期申请"""
    return await drafts.renewal(unit, grant_id, by=by, now=now)
