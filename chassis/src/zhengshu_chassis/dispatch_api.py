"""The internal routes of dispatches and call-backs, for the gateway alone."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import Request
from zhengshu_contracts.commission import Callback, CallbackResult
from zhengshu_contracts.dispatch import Attempt, DispatchOut, DispatchPage, DispatchState
from zhengshu_contracts.roles import Action

from zhengshu_chassis import dispatch
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.dispatch import Desk, DispatchNotFound, DispatchRow, UnknownAnswer
from zhengshu_chassis.problems import problems
from zhengshu_chassis.transaction import Router, Session

router = Router(prefix="/internal", tags=["转报"], dependencies=[allowed(Action.INTERNAL)])


async def desk(request: Request) -> Desk:
    """Return what this service does with answers."""
    found: Desk = request.app.state.desk
    return found


InDesk = Annotated[Desk, Depends(desk)]
State = Annotated[DispatchState, Query(description="状态")]
After = Annotated[str | None, Query(description="上一页最后一件的标识")]


@router.get("/dispatches", response_model=DispatchPage)
async def list_dispatches(
    session: Session, state: State = DispatchState.PARKED, after: After = None
) -> DispatchPage:
    """列出转报件"""
    return await dispatch.page(session, state, after)


@router.get(
    "/dispatches/{dispatch_id}", response_model=DispatchOut, responses=problems(DispatchNotFound)
)
async def read_dispatch(dispatch_id: str, session: Session) -> DispatchOut:
    """查看转报件"""
    row = await session.get(DispatchRow, dispatch_id)
    if row is None:
        raise DispatchNotFound(dispatch_id)
    return row.to_wire()


@router.post(
    "/dispatches/{dispatch_id}/attempts",
    response_model=DispatchOut,
    responses=problems(DispatchNotFound),
)
async def record_attempt(
    dispatch_id: str, attempt: Attempt, session: Session, desk: InDesk
) -> DispatchOut:
    """登记一次转报的结果"""
    return await desk.record(session, dispatch_id, attempt)


@router.post("/callbacks", response_model=CallbackResult, responses=problems(UnknownAnswer))
async def apply_callback(callback: Callback, session: Session, desk: InDesk) -> CallbackResult:
    """办理一份答复"""
    return await desk.apply(session, callback)
