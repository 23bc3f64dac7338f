"""HTTP of deputies and departures."""

from typing import Annotated

from fastapi import Depends
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, Now
from zhengshu_chassis.transaction import Router, Session
from zhengshu_contracts.officers import DepartureIn, DepartureOut, DeputyIn, DeputyList, DeputyOut
from zhengshu_contracts.roles import Action

from zhengshu_catalog.officers import operations
from zhengshu_catalog.officers.errors import (
    Departed,
    DeputyshipNotFound,
    DeputyshipOver,
    DeputyUnfit,
)
from zhengshu_catalog.officers.operations import Unit
from zhengshu_catalog.organizations.errors import (
    ClientNotFound,
    OwnLock,
    RolesNotAssignable,
    RolesNotYours,
)

router = Router(prefix="/v1/officers/{officer}", tags=["工作人员"])


async def unit(session: Session) -> Unit:
    """Return what an operation may touch."""
    return Unit.of(session)


InUnit = Annotated[Unit, Depends(unit)]
DEPUTE = [allowed(Action.OFFICER_DEPUTE)]


@router.post(
    "/deputies",
    status_code=201,
    response_model=DeputyOut,
    dependencies=DEPUTE,
    responses=problems(ClientNotFound, RolesNotYours, DeputyUnfit, RolesNotAssignable),
)
async def name_deputy(officer: str, body: DeputyIn, unit: InUnit, by: By, now: Now) -> DeputyOut:
    """指定代理人(AB 角):代理期内代理人同时持有被代理人的角色"""
    return await operations.name_deputy(unit, officer, body, by=by, at=now)


@router.get(
    "/deputies",
    response_model=DeputyList,
    dependencies=DEPUTE,
    responses=problems(ClientNotFound, RolesNotYours),
)
async def list_deputies(officer: str, unit: InUnit, by: By) -> DeputyList:
    """列出一名工作人员的代理"""
    return DeputyList(deputies=await operations.of(unit, officer, by=by))


@router.post(
    "/deputies/{deputyship}/withdrawal",
    response_model=DeputyOut,
    dependencies=DEPUTE,
    responses=problems(ClientNotFound, RolesNotYours, DeputyshipNotFound, DeputyshipOver),
)
async def withdraw_deputy(
    officer: str, deputyship: str, unit: InUnit, by: By, now: Now
) -> DeputyOut:
    """提前结束代理"""
    return await operations.withdraw(unit, officer, deputyship, by=by, at=now)


@router.post(
    "/departure",
    response_model=DepartureOut,
    dependencies=[allowed(Action.OFFICER_DEPART)],
    responses=problems(
        ClientNotFound, RolesNotYours, OwnLock, Departed, DeputyUnfit, RolesNotAssignable
    ),
)
async def depart(officer: str, body: DepartureIn, unit: InUnit, by: By, now: Now) -> DepartureOut:
    """人员离岗:停用账号,未办结事项由接替人继续办理"""
    return await operations.depart(unit, officer, body, by=by, at=now)
