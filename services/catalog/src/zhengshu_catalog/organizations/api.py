"""HTTP of organisations, systems, officers and the check of credentials."""

from typing import Annotated

from fastapi import Depends, Response
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, Now, Paged
from zhengshu_chassis.transaction import Router, Session
from zhengshu_contracts.catalog import (
    CredentialCheck,
    OfficerIn,
    OfficerRegistered,
    OrganizationChange,
    OrganizationIn,
    OrganizationList,
    OrganizationOut,
    SystemIn,
    SystemList,
    SystemRegistered,
)
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import OrganizationCode, OrganizationKind

from zhengshu_catalog.organizations import operations
from zhengshu_catalog.organizations.errors import (
    CodeInvalid,
    CompetentDepartmentExists,
    CredentialsWrong,
    OrganizationExists,
    OrganizationNotFound,
    RolesNotAssignable,
    RolesNotYours,
)
from zhengshu_catalog.organizations.operations import Unit

router = Router(tags=["单位与系统"])


async def unit(session: Session) -> Unit:
    """Return what an operation may touch."""
    return Unit.of(session)


InUnit = Annotated[Unit, Depends(unit)]


@router.post(
    "/v1/organizations",
    status_code=201,
    response_model=OrganizationOut,
    dependencies=[allowed(Action.ORGANIZATION_REGISTER)],
    responses=problems(CodeInvalid, OrganizationExists, CompetentDepartmentExists),
)
async def register_organization(body: OrganizationIn, unit: InUnit, now: Now) -> OrganizationOut:
    """登记单位"""
    return await operations.register_organization(unit, body, at=now)


@router.put(
    "/v1/organizations/{organization}",
    response_model=OrganizationOut,
    dependencies=[allowed(Action.ORGANIZATION_CHANGE)],
    responses=problems(OrganizationNotFound),
)
async def change_organization(
    organization: OrganizationCode, body: OrganizationChange, unit: InUnit
) -> OrganizationOut:
    """变更单位名称或共享工作机构"""
    return await operations.change_organization(unit, organization, body)


@router.get(
    "/v1/organizations",
    response_model=OrganizationList,
    dependencies=[allowed(Action.ORGANIZATION_READ)],
)
async def list_organizations(unit: InUnit, place: Paged) -> OrganizationList:
    """列出单位"""
    found, more = await unit.organizations.page(place.after, place.limit)
    following = place.following([one.code for one in found], more=more)
    return OrganizationList(organizations=found, next=following)


@router.post(
    "/v1/systems",
    status_code=201,
    response_model=SystemRegistered,
    dependencies=[allowed(Action.SYSTEM_REGISTER)],
    responses=problems(OrganizationNotFound),
)
async def register_system(
    body: SystemIn, unit: InUnit, now: Now, response: Response
) -> SystemRegistered:
    """登记业务系统;密钥只在本次答复中出现"""
    show_once(response)
    return await operations.register_system(unit, body, at=now)


@router.get("/v1/systems", response_model=SystemList, dependencies=[allowed(Action.SYSTEM_READ)])
async def list_systems(unit: InUnit, place: Paged, by: By) -> SystemList:
    """列出业务系统;主管部门可见全部,其他单位只见自己的"""
    everything = by.organization_kind is OrganizationKind.COMPETENT
    owner = None if everything else by.organization or ""
    found, more = await unit.clients.systems(owner, place.after, place.limit)
    return SystemList(systems=found, next=place.following([one.id for one in found], more=more))


@router.post(
    "/v1/officers",
    status_code=201,
    response_model=OfficerRegistered,
    dependencies=[allowed(Action.OFFICER_REGISTER)],
    responses=problems(OrganizationNotFound, RolesNotAssignable, RolesNotYours),
)
async def register_officer(
    body: OfficerIn, unit: InUnit, by: By, now: Now, response: Response
) -> OfficerRegistered:
    """登记工作人员账号;密钥只在本次答复中出现"""
    show_once(response)
    return await operations.register_officer(unit, body, by=by, at=now)


@router.post(
    "/internal/credentials/verification",
    dependencies=[allowed(Action.INTERNAL)],
    responses=problems(CredentialsWrong),
)
async def check_credentials(body: CredentialCheck, unit: InUnit, now: Now) -> dict[str, str]:
    """核对客户端密钥"""
    return {"client_id": await operations.check_credentials(unit, body, at=now)}


def show_once(response: Response) -> None:
    """Keep a secret out of every store, ours of idempotent answers included."""
    response.headers["Cache-Control"] = "no-store"
