"""What waits for a person, listed and tried again by an operator: `/v1/dispatches`, `/v1/dead-letters`."""

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from zhengshu_contracts.dispatch import DeadLetterOut, DeadLetterPage, ParkedOut, ParkedPage
from zhengshu_contracts.dispatch import DispatchState as State
from zhengshu_contracts.roles import Action

from zhengshu_chassis import dispatch, parked
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.dispatch import DispatchNotFound, NotParked
from zhengshu_chassis.parked import DeadLetterFails, DeadLetterNotFound
from zhengshu_chassis.problems import problems
from zhengshu_chassis.transaction import Router, Session

After = Annotated[str | None, Query(description="下一页游标,取自上一页的 next", max_length=400)]
Wanted = Annotated[State, Query(description="状态,默认已搁置")]
READS = [allowed(Action.PARKED_READ)]
RETRIES = [allowed(Action.PARKED_RETRY)]


def dispatches(name: str) -> Router:
    """Return the routes of one service's dispatches."""
    router = Router(prefix=f"/v1/dispatches/{name}", tags=["搁置件"])

    @router.get("", response_model=ParkedPage, dependencies=READS)
    async def list_parked(
        session: Session, state: Wanted = State.PARKED, after: After = None
    ) -> ParkedPage:
        """列出转报件

        默认列出被市大数据委拒收而搁置的;不含转报内容。
        """
        page = await dispatch.page(session, state, after)
        shown = [ParkedOut.model_validate(each.model_dump()) for each in page.dispatches]
        return ParkedPage(dispatches=shown, next=page.next)

    @router.post(
        "/{dispatch_id}/retry",
        response_model=ParkedOut,
        responses=problems(DispatchNotFound, NotParked),
        dependencies=RETRIES,
    )
    async def retry_parked(dispatch_id: str, session: Session) -> ParkedOut:
        """重新转报已搁置的件

        以原标识重新转报,市级平台据此去重,不会办理两次。
        """
        made = await dispatch.retry(session, dispatch_id)
        return ParkedOut.model_validate(made.model_dump())

    return router


def dead_letters(name: str) -> Router:
    """Return the routes of one service's dead letters."""
    router = Router(prefix=f"/v1/dead-letters/{name}", tags=["搁置件"])

    @router.get("", response_model=DeadLetterPage, dependencies=READS)
    async def list_dead_letters(session: Session, after: After = None) -> DeadLetterPage:
        """列出无法处理的消息"""
        return await parked.dead_letters(session, after)

    @router.post(
        "/{stream}/{event}/retry",
        response_model=DeadLetterOut,
        responses=problems(DeadLetterNotFound, DeadLetterFails),
        dependencies=RETRIES,
    )
    async def retry_dead_letter(
        stream: str, event: str, session: Session, request: Request
    ) -> DeadLetterOut:
        """重新处理一条消息

        由现行版本的处理程序重新处理,成功后从清单中删去;同一事件只生效一次。
        """
        return await parked.retry(session, request.app.state.consumers, stream, event)

    return router
