"""Routes of opinions: HTTP in, HTTP out."""

from typing import Annotated

from fastapi import Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, CursorInvalid, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import (
    ExtensionDecision,
    ExtensionIn,
    OpinionIn,
    OpinionList,
    OpinionOut,
)
from zhengshu_contracts.vocabulary import OpinionState

from zhengshu_sharing.access import scope
from zhengshu_sharing.applications.errors import ConsentNotGiven, GroundMissing, OwnApplication
from zhengshu_sharing.clocks.errors import (
    ExtensionAsked,
    ExtensionNotAsked,
    ExtensionTooLate,
    ExtensionTooLong,
    OwnExtension,
)
from zhengshu_sharing.datasets.errors import DatasetNotFound
from zhengshu_sharing.grants.errors import MaskNotPossible
from zhengshu_sharing.opinions import extensions, operations, views
from zhengshu_sharing.opinions.errors import (
    NoSuchOutcome,
    OpinionClosed,
    OpinionNotFound,
    ReasonMissing,
)
from zhengshu_sharing.unit import InUnit

router = Router(prefix="/v1/opinions", tags=["征求意见"])


@router.get(
    "",
    response_model=OpinionList,
    responses=problems(CursorInvalid),
    dependencies=[allowed(Action.OPINION_READ)],
)
async def list_opinions(
    by: By,
    unit: InUnit,
    place: Paged,
    state: Annotated[OpinionState | None, Query(description="状态")] = None,
) -> OpinionList:
    """查询征求本单位意见的申请(主管部门可见全部)"""
    found, more = await unit.opinions.page(
        provider=scope(by), state=state, after=place.after, limit=place.limit
    )
    following = place.following([one.id for one in found], more=more)
    return OpinionList(opinions=await views.shown(unit, found), next=following)


@router.get(
    "/{opinion_id}",
    response_model=OpinionOut,
    responses=problems(OpinionNotFound),
    dependencies=[allowed(Action.OPINION_READ)],
)
async def read_opinion(opinion_id: str, by: By, unit: InUnit) -> OpinionOut:
    """查看一份意见征求"""
    found = await operations.read(unit, opinion_id, by=by)
    return (await views.shown(unit, [found]))[0]


@router.post(
    "/{opinion_id}",
    response_model=OpinionOut,
    responses=problems(
        OpinionNotFound,
        OwnApplication,
        OpinionClosed,
        ReasonMissing,
        GroundMissing,
        NoSuchOutcome,
        ConsentNotGiven,
        DatasetNotFound,
        MaskNotPossible,
    ),
    dependencies=[allowed(Action.OPINION_GIVE)],
)
async def give_opinion(
    opinion_id: str, body: OpinionIn, by: By, unit: InUnit, now: Now
) -> OpinionOut:
    """提供单位答复:同意,或说明理由不同意"""
    changed = await operations.answer(unit, opinion_id, body, by=by, now=now)
    return (await views.shown(unit, [changed]))[0]


@router.post(
    "/{opinion_id}/extension",
    response_model=OpinionOut,
    responses=problems(
        OpinionNotFound, OpinionClosed, ExtensionAsked, ExtensionTooLate, ExtensionTooLong
    ),
    dependencies=[allowed(Action.OPINION_GIVE)],
)
async def ask_extension(
    opinion_id: str, body: ExtensionIn, by: By, unit: InUnit, now: Now
) -> OpinionOut:
    """提供单位因特殊原因申请延期答复"""
    found = await extensions.ask(unit, opinion_id, body, by=by, now=now)
    return (await views.shown(unit, [found]))[0]


@router.post(
    "/{opinion_id}/extension/decision",
    response_model=OpinionOut,
    responses=problems(OpinionNotFound, OpinionClosed, ExtensionNotAsked, OwnExtension),
    dependencies=[allowed(Action.EXTENSION_DECIDE)],
)
async def decide_extension(
    opinion_id: str, body: ExtensionDecision, by: By, unit: InUnit, now: Now
) -> OpinionOut:
    """主管部门审核延期答复,结果告知申请单位"""
    found = await extensions.decide(unit, opinion_id, body, by=by, now=now)
    return (await views.shown(unit, [found]))[0]
