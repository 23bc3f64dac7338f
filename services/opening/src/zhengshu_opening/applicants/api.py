"""Routes of applicants and their applications: HTTP in, HTTP out."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request, Response
from pydantic import BaseModel
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems, render
from zhengshu_chassis.requests import CursorInvalid, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.catalog import CredentialCheck, Credentials
from zhengshu_contracts.identity import Identity
from zhengshu_contracts.opening import (
    ApplicantIn,
    ApplicantRegistered,
    OpenApplicationIn,
    OpenApplicationList,
    OpenApplicationOut,
)
from zhengshu_contracts.roles import Action

from zhengshu_opening.applicants import operations
from zhengshu_opening.applicants.domain import OpenApplication
from zhengshu_opening.applicants.eligibility import Refusal
from zhengshu_opening.applicants.errors import (
    AlreadyApplied,
    ApplicantNotFound,
    CodeInvalid,
    CredentialsWrong,
    NotEligible,
    NotListedYet,
    OpenApplicationNotFound,
    OpenToAll,
    PeriodNotAllowed,
)
from zhengshu_opening.listings.errors import ListingNotFound
from zhengshu_opening.unit import InUnit

router = Router(tags=["授权开放申请"])
Reader = Annotated[Identity, allowed(Action.OPEN_APPLICATION_READ)]


class VerifiedClient(BaseModel):
    """The client whose secret was right."""

    client_id: str


@router.post(
    "/v1/open/applicants",
    status_code=201,
    response_model=ApplicantRegistered,
    responses=problems(CodeInvalid),
    dependencies=[allowed(Action.APPLICANT_REGISTER)],
)
async def register_applicant(
    body: ApplicantIn, unit: InUnit, response: Response
) -> ApplicantRegistered:
    """登记为申请人

    答复中的客户端密钥只显示这一次。
    """
    response.headers["Cache-Control"] = "no-store"
    applicant, credentials = await operations.register(unit, body)
    return ApplicantRegistered(
        id=applicant.id, code=applicant.code, kind=applicant.kind, credentials=credentials
    )


@router.post(
    "/internal/credentials/verification",
    response_model=VerifiedClient,
    responses=problems(CredentialsWrong),
    dependencies=[allowed(Action.INTERNAL)],
)
async def verify_credentials(body: CredentialCheck, unit: InUnit) -> VerifiedClient:
    """核对申请人的客户端密钥"""
    given = Credentials(client_id=body.client_id, client_secret=body.client_secret)
    await operations.verify(unit, given)
    return VerifiedClient(client_id=body.client_id)


@router.post(
    "/v1/open/applications",
    status_code=201,
    response_model=OpenApplicationOut,
    responses=problems(
        ApplicantNotFound,
        ListingNotFound,
        OpenToAll,
        NotListedYet,
        NotEligible,
        PeriodNotAllowed,
        AlreadyApplied,
    ),
)
async def apply_for_dataset(
    body: OpenApplicationIn,
    caller: Annotated[Identity, allowed(Action.OPEN_APPLY)],
    unit: InUnit,
    request: Request,
) -> OpenApplicationOut | Response:
    """申请授权开放数据

    仅内资控股法人企业、科研机构可申请;申请转报市大数据委审核。
    """
    now = datetime.now(UTC)
    made = await operations.apply(unit, body, by=caller.principal, at=now)
    if isinstance(made, Refusal):
        # Rendered, not raised: the refusal's event commits with it.
        error = NotEligible(made.detail, basis=made.basis.label, next=made.next)
        return render(error, request.url.path)
    return _view(made)


@router.get(
    "/v1/open/applications", response_model=OpenApplicationList, responses=problems(CursorInvalid)
)
async def list_applications(caller: Reader, unit: InUnit, place: Paged) -> OpenApplicationList:
    """列出授权开放申请

    申请人只见自己的,主管部门可见全部。
    """
    whose = operations.whose(caller.principal)
    found, more = await unit.applications.page(
        applicant=whose, after=place.after, limit=place.limit
    )
    position = [found[-1].id] if more else None
    return OpenApplicationList(
        applications=[_view(one) for one in found],
        next=place.following([position], more=position is not None),
    )


@router.get(
    "/v1/open/applications/{application_id}",
    response_model=OpenApplicationOut,
    responses=problems(OpenApplicationNotFound),
)
async def read_application(application_id: str, caller: Reader, unit: InUnit) -> OpenApplicationOut:
    """查看授权开放申请"""
    return _view(await operations.read(unit, application_id, by=caller.principal))


def _view(application: OpenApplication) -> OpenApplicationOut:
    return OpenApplicationOut(
        id=application.id,
        applicant=application.applicant,
        dataset=application.dataset,
        title=application.title,
        purpose=application.purpose,
        scenario=application.scenario,
        safeguards=application.safeguards,
        until=application.until,
        state=application.state,
        state_label=application.state.label,
        reason=application.reason,
        authorization=application.authorization,
        submitted_at=application.submitted_at,
    )
