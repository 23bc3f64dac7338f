"""HTTP of the sign-in: what the gateway asks, and who am I."""

from typing import Annotated

from fastapi import Depends
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, Now
from zhengshu_chassis.transaction import Router, Session
from zhengshu_contracts.roles import Action
from zhengshu_contracts.signin import (
    CodeExchange,
    Me,
    OutsideSignIn,
    PasswordSet,
    SessionBegun,
    SessionCheck,
    SignedIn,
    SignIn,
)

from zhengshu_catalog.signin import operations
from zhengshu_catalog.signin.errors import AccountTaken, NotAnOfficer, PasswordWeak, SessionOver
from zhengshu_catalog.signin.operations import Unit

router = Router(tags=["登录"])


async def unit(session: Session) -> Unit:
    """Return what an operation may touch."""
    return Unit.of(session)


InUnit = Annotated[Unit, Depends(unit)]
FOR_GATEWAY = [allowed(Action.INTERNAL)]


@router.get(
    "/v1/me",
    response_model=Me,
    dependencies=[allowed(Action.ME_READ)],
    responses=problems(SessionOver),
)
async def read_me(unit: InUnit, by: By) -> Me:
    """查看本人的账号、单位和角色"""
    return await unit.accounts.me(by.id)


@router.post(
    "/internal/signin/password",
    status_code=204,
    dependencies=FOR_GATEWAY,
    responses=problems(AccountTaken, NotAnOfficer, PasswordWeak),
)
async def set_password(body: PasswordSet, unit: InUnit, now: Now) -> None:
    """设定工作人员的账号和口令"""
    await operations.set_password(unit, body, at=now)


@router.post("/internal/signin/code", response_model=SignedIn, dependencies=FOR_GATEWAY)
async def sign_in(body: SignIn, unit: InUnit, now: Now) -> SignedIn:
    """核对口令,给出授权码"""
    return await operations.sign_in(unit, body, at=now)


@router.post("/internal/signin/outside", response_model=SignedIn, dependencies=FOR_GATEWAY)
async def sign_in_outside(body: OutsideSignIn, unit: InUnit, now: Now) -> SignedIn:
    """按统一身份认证的结果给出授权码"""
    return await operations.sign_in_outside(unit, body, at=now)


@router.post(
    "/internal/signin/session", response_model=SessionBegun | None, dependencies=FOR_GATEWAY
)
async def begin_session(body: CodeExchange, unit: InUnit, now: Now) -> SessionBegun | None:
    """以授权码开始会话;授权码无效时答复 null"""
    return await operations.begin(unit, body, at=now)


@router.post("/internal/signin/renewal", dependencies=FOR_GATEWAY, responses=problems(SessionOver))
async def renew(body: SessionCheck, unit: InUnit, now: Now) -> dict[str, str]:
    """会话仍有效时答复其客户端"""
    return {"client_id": await operations.go_on(unit, body.session, at=now)}


@router.post("/internal/signin/end", status_code=204, dependencies=FOR_GATEWAY)
async def end_session(body: SessionCheck, unit: InUnit, now: Now) -> None:
    """结束会话,其访问令牌一并作废"""
    await operations.end(unit, body.session, at=now)
