"""Routes of applications: HTTP in, HTTP out."""

from typing import Annotated, Any

from fastapi import Query, Request
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems, render
from zhengshu_chassis.requests import By, CursorInvalid, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import (
    ApplicationDraft,
    ApplicationIn,
    ApplicationList,
    ApplicationOut,
    EndorsementIn,
    PaperDecisionIn,
    ReasonIn,
    SupplementIn,
)
from zhengshu_contracts.vocabulary import ApplicationState

from zhengshu_sharing.access import scope
from zhengshu_sharing.applications import drafts, operations, paper, views
from zhengshu_sharing.applications.errors import (
    AlreadyReturned,
    ApplicationNotFound,
    BeyondApplication,
    CompetentReadsNoRows,
    ConsentNotGiven,
    DatasetRepeated,
    DecisionInFuture,
    EnterpriseDoesNotRead,
    FilterNotAllowed,
    GroundMissing,
    IncompletenessIsNoGround,
    ItemsWithheld,
    KeyNotAskedFor,
    KindDoesNotApply,
    MissingNotNamed,
    ModeNotOffered,
    NothingLeft,
    NotPossibleNow,
    OwnApplication,
    PeriodNotAllowed,
    TermsSettled,
)
from zhengshu_sharing.applications.states import WAITING, WaitsFor
from zhengshu_sharing.attachments.errors import AttachmentNotFound
from zhengshu_sharing.datasets.errors import DatasetNotFound, ItemsUnknown, OwnDataset
from zhengshu_sharing.grants.errors import (
    MaskNotMunicipal,
    MaskNotPossible,
    RenewalNotPossible,
    RenewalSuspended,
)
from zhengshu_sharing.opinions.errors import NoSuchOutcome, ReasonMissing
from zhengshu_sharing.unit import InUnit

router = Router(prefix="/v1/applications", tags=["共享申请"])

REFUSALS = problems(
    DatasetNotFound,
    OwnDataset,
    EnterpriseDoesNotRead,
    CompetentReadsNoRows,
    KeyNotAskedFor,
    KindDoesNotApply,
    ModeNotOffered,
    ItemsWithheld,
    ItemsUnknown,
    DatasetRepeated,
    FilterNotAllowed,
    PeriodNotAllowed,
    ConsentNotGiven,
    RenewalNotPossible,
    RenewalSuspended,
    AttachmentNotFound,
)


@router.post(
    "",
    status_code=201,
    response_model=ApplicationOut,
    responses=REFUSALS,
    dependencies=[allowed(Action.APPLICATION_SUBMIT)],
)
async def submit_application(
    body: ApplicationIn, by: By, unit: InUnit, now: Now, request: Request
) -> Any:
    """提交共享申请"""
    taken = await operations.submit(unit, body, by=by, now=now)
    if isinstance(taken, ItemsWithheld):
        # Answered, not raised: the announcement of the refusal is to be committed.
        return render(taken, request.url.path)
    return await views.one(unit, taken)


@router.get(
    "",
    response_model=ApplicationList,
    responses=problems(CursorInvalid),
    dependencies=[allowed(Action.APPLICATION_READ)],
)
async def list_applications(
    by: By,
    unit: InUnit,
    place: Paged,
    state: Annotated[
        ApplicationState | None, Query(description="有部分处于此状态的,如 submitted 待初审")
    ] = None,
    waiting_for: Annotated[WaitsFor | None, Query(description="有部分正在等待这一方办理的")] = None,
) -> ApplicationList:
    """查询共享申请(本单位的;主管部门和县政府可见全部)"""
    states = {state} if state else WAITING[waiting_for] if waiting_for else ()
    found, more = await unit.applications.page(
        organization=scope(by), states=states, after=place.after, limit=place.limit
    )
    following = place.following([one.id for one in found], more=more)
    return ApplicationList(applications=await views.shown(unit, found), next=following)


@router.get(
    "/{application_id}",
    response_model=ApplicationOut,
    responses=problems(ApplicationNotFound),
    dependencies=[allowed(Action.APPLICATION_READ)],
)
async def read_application(application_id: str, by: By, unit: InUnit) -> ApplicationOut:
    """查看共享申请、办理进度与期限"""
    return await views.one(unit, await operations.read(unit, application_id, by=by))


@router.get(
    "/{application_id}/repetition",
    response_model=ApplicationDraft,
    responses=problems(ApplicationNotFound),
    dependencies=[allowed(Action.APPLICATION_SUBMIT)],
)
async def draft_repetition(application_id: str, by: By, unit: InUnit, now: Now) -> ApplicationDraft:
    """以本单位上次申请为底再拟一份"""
    return await drafts.repetition(unit, application_id, by=by, now=now)


@router.post(
    "/{application_id}/endorsement",
    response_model=ApplicationOut,
    responses=problems(
        ApplicationNotFound,
        OwnApplication,
        NotPossibleNow,
        AlreadyReturned,
        MissingNotNamed,
        GroundMissing,
        IncompletenessIsNoGround,
    ),
    dependencies=[allowed(Action.APPLICATION_ENDORSE)],
)
async def endorse_application(
    application_id: str, body: EndorsementIn, by: By, unit: InUnit, now: Now
) -> ApplicationOut:
    """主管部门初审:同意转报、一次性告知补正,或说明理由不予同意"""
    changed = await operations.endorse(unit, application_id, body, by=by, now=now)
    return await views.one(unit, changed)


@router.post(
    "/{application_id}/decision",
    response_model=ApplicationOut,
    responses=problems(
        ApplicationNotFound,
        OwnApplication,
        NotPossibleNow,
        AttachmentNotFound,
        DecisionInFuture,
        NoSuchOutcome,
        ReasonMissing,
        DatasetNotFound,
        BeyondApplication,
        NothingLeft,
        FilterNotAllowed,
        MaskNotPossible,
        MaskNotMunicipal,
    ),
    dependencies=[allowed(Action.DECISION_ENTER)],
)
async def enter_decision(
    application_id: str, body: PaperDecisionIn, by: By, unit: InUnit, now: Now
) -> ApplicationOut:
    """主管部门录入市大数据委的纸质批复及其扫描件"""
    return await views.one(unit, await paper.enter(unit, application_id, body, by=by, now=now))


@router.post(
    "/{application_id}/supplement",
    response_model=ApplicationOut,
    responses=problems(
        ApplicationNotFound,
        NotPossibleNow,
        TermsSettled,
        PeriodNotAllowed,
        ConsentNotGiven,
        AttachmentNotFound,
    ),
    dependencies=[allowed(Action.APPLICATION_SUBMIT)],
)
async def supplement_application(
    application_id: str, body: SupplementIn, by: By, unit: InUnit, now: Now
) -> ApplicationOut:
    """按一次性告知补正"""
    changed = await operations.supplement(unit, application_id, body, by=by, now=now)
    return await views.one(unit, changed)


@router.post(
    "/{application_id}/withdrawal",
    response_model=ApplicationOut,
    responses=problems(ApplicationNotFound, NotPossibleNow),
    dependencies=[allowed(Action.APPLICATION_WITHDRAW)],
)
async def withdraw_application(
    application_id: str, body: ReasonIn, by: By, unit: InUnit, now: Now
) -> ApplicationOut:
    """撤回尚未决定的申请"""
    changed = await operations.withdraw(unit, application_id, by=by, reason=body.reason, now=now)
    return await views.one(unit, changed)
