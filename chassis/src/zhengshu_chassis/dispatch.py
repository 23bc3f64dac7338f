"""Things that must reach a counterpart outside: kept here, offered again until they are done.

Knows kinds as strings. Whoever sends (the gateway's worker) is woken by a lossy message, reads the
dispatch, sends it under its id, and reports the attempt; answers come as call-backs, each applied once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_contracts.commission import Callback, CallbackResult, about
from zhengshu_contracts.dispatch import (
    Attempt,
    AttemptOutcome,
    DispatchOut,
    DispatchPage,
    DispatchState,
    WakeUp,
    wake_up_subject,
)

from zhengshu_chassis import ids, inbox
from zhengshu_chassis.bus import Bus
from zhengshu_chassis.db import Base, Database
from zhengshu_chassis.errors import Conflict, NotFound
from zhengshu_chassis.telemetry import log

CHANNEL = "dispatches"
OFFERS = 50
FIRST_POLL = 3
"""An accepted dispatch is polled for lost answers from 2^3 s on."""
INBOX = "callbacks"


class DispatchNotFound(NotFound):
    """No such dispatch."""

    slug = "dispatch-not-found"
    title = "没有此转报件"


class NotParked(Conflict):
    """Only a parked dispatch can be retried by hand."""

    slug = "dispatch-not-parked"
    title = "转报件未搁置"


class UnknownAnswer(NotFound):
    """This service applies no such call-back."""

    slug = "callback-unknown"
    title = "本服务不受理此类答复"


PARKED = text("state = 'parked'")
"""As the index says it, so that it serves."""


class DispatchRow(Base):
    """One thing to send, and how far it got."""

    __tablename__ = "dispatches"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    expects_answer: Mapped[bool]
    state: Mapped[str] = mapped_column(default=DispatchState.DUE.value)
    attempts: Mapped[int] = mapped_column(default=0)
    offers: Mapped[int] = mapped_column(default=0)
    acceptance: Mapped[str | None]
    reason: Mapped[str | None]
    next_offer_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    accepted_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]

    def to_wire(self) -> DispatchOut:
        """Return it as the sender sees it."""
        fields = {name: getattr(self, name) for name in DispatchOut.model_fields}
        return DispatchOut.model_validate(fields)


class Dispatches:
    """Opens dispatches in the session's transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def open(
        self,
        kind: str,
        subject: str,
        payload: BaseModel | dict[str, Any],
        *,
        expects_answer: bool = True,
    ) -> str:
        """Put something on its way when this transaction commits; return its id."""
        body = payload.model_dump(mode="json") if isinstance(payload, BaseModel) else payload
        row = DispatchRow(
            id=str(ids.uuid7()),
            kind=str(kind),
            subject=subject,
            payload=body,
            expects_answer=expects_answer,
        )
        self._session.add(row)
        return row.id

    async def cancel(self, subject: str, kind: str) -> None:
        """Stop offering what has become moot; answers that still come are the handlers' to judge."""
        moot = select(DispatchRow).where(
            DispatchRow.subject == subject, DispatchRow.kind == str(kind)
        )
        for row in await self._session.scalars(moot.with_for_update()):
            _finish(row)


Hook = Callable[[Any, DispatchOut], Awaitable[None]]
Answered = Callable[[Any, Callback], Awaitable[bool | None]]


class Desk:
    """What a service does when a dispatch is accepted or parked, and how it applies call-backs."""

    def __init__(self, name: str, *, unit: Callable[[AsyncSession], Any]) -> None:
        self.name = name
        self._unit = unit
        self._hooks: dict[tuple[DispatchState, str], Hook] = {}
        self._answers: dict[str, tuple[Answered, bool]] = {}

    def on_accepted(self, kind: str) -> Callable[[Hook], Hook]:
        """Register what happens, once, when the counterpart has a dispatch of this kind."""
        return self._hook(DispatchState.ACCEPTED, kind)

    def on_parked(self, kind: str) -> Callable[[Hook], Hook]:
        """Register what happens when the counterpart refuses a dispatch of this kind for good."""
        return self._hook(DispatchState.PARKED, kind)

    def on_callback(self, kind: str, *, final: bool = True) -> Callable[[Answered], Answered]:
        """Register who applies a kind of call-back; returning False means it had no effect.

        `final` call-backs answer the dispatch they refer to; others (a question back) leave it open.
        """

        def register(handler: Answered) -> Answered:
            self._answers[str(kind)] = (handler, final)
            return handler

        return register

    def _hook(self, state: DispatchState, kind: str) -> Callable[[Hook], Hook]:
        def register(hook: Hook) -> Hook:
            self._hooks[state, str(kind)] = hook
            return hook

        return register

    async def record(
        self, session: AsyncSession, dispatch_id: str, attempt: Attempt
    ) -> DispatchOut:
        """Note how an attempt ended; a report that comes late changes nothing but the number."""
        row = await _locked(session, dispatch_id)
        row.attempts += 1
        row.acceptance = attempt.acceptance or row.acceptance
        if row.state != DispatchState.DUE:
            return row.to_wire()
        row.reason = attempt.reason
        if attempt.outcome is AttemptOutcome.ACCEPTED:
            await self._accept(session, row)
        elif attempt.outcome is AttemptOutcome.REJECTED:
            row.state = DispatchState.PARKED.value
            log.error("dispatch.parked", id=row.id, kind=row.kind)
            await self._run(session, DispatchState.PARKED, row)
        return row.to_wire()

    async def apply(self, session: AsyncSession, callback: Callback) -> CallbackResult:
        """Apply a call-back once and close the dispatch it answers.

        One about nothing that is here does nothing.
        """
        handler, final = self._answers.get(callback.answer.kind, (None, False))
        if handler is None:
            raise UnknownAnswer(callback.answer.kind)
        row = await _answered(session, callback)
        if not await inbox.first_time(session, INBOX, callback.id):
            return CallbackResult(outcome="no-effect")
        if row is not None and row.state == DispatchState.DUE:
            # The answer overtook the report of its acceptance.
            row.acceptance = callback.number or row.acceptance
            await self._accept(session, row)
        try:
            applied = await handler(self._unit(session), callback)
        except NotFound as unknown:
            log.warning(
                "callback.unknown", id=callback.id, kind=callback.answer.kind, why=str(unknown)
            )
            applied = False
        if row is not None and final:
            _finish(row)
        return CallbackResult(outcome="no-effect" if applied is False else "applied")

    async def _accept(self, session: AsyncSession, row: DispatchRow) -> None:
        row.state = DispatchState.ACCEPTED.value
        row.accepted_at = func.clock_timestamp()
        row.offers = FIRST_POLL
        row.next_offer_at = func.clock_timestamp() + timedelta(seconds=2**FIRST_POLL)
        await session.flush()
        await session.refresh(row)
        await self._run(session, DispatchState.ACCEPTED, row)

    async def _run(self, session: AsyncSession, state: DispatchState, row: DispatchRow) -> None:
        if hook := self._hooks.get((state, row.kind)):
            await hook(self._unit(session), row.to_wire())


async def offer_for_ever(
    name: str, database: Database, bus: Bus, wake: asyncio.Event, *, ceiling: float
) -> None:
    """Offer what is due until it is done; the table is the truth, the message only wakes."""
    while True:
        wake.clear()
        await bus.ready()
        offered = await _offer(database, ceiling)
        for dispatch_id, state in offered:
            message = WakeUp.model_validate({"id": dispatch_id, "state": state})
            await bus.send(wake_up_subject(name), message.model_dump_json().encode())
        if len(offered) < OFFERS:
            await _rest(wake, await _pause(database, ceiling))


async def _offer(database: Database, ceiling: float) -> list[tuple[str, str]]:
    async with database.sessions.begin() as session:
        found = await session.execute(_OFFER, {"limit": OFFERS, "ceiling": ceiling})
        return [(row.id, row.state) for row in found]


async def _pause(database: Database, ceiling: float) -> float:
    async with database.reads.begin() as session:
        seconds = await session.scalar(_NEXT)
    return min(max(float(seconds), 0.05), ceiling) if seconds is not None else ceiling


async def _rest(wake: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return


async def _locked(session: AsyncSession, dispatch_id: str) -> DispatchRow:
    row = await session.get(DispatchRow, dispatch_id, with_for_update=True)
    if row is None:
        raise DispatchNotFound(dispatch_id)
    return row


async def _answered(session: AsyncSession, callback: Callback) -> DispatchRow | None:
    """Hold the dispatch a call-back answers; one about something else stays open for its own answer."""
    if not callback.ref:
        return None
    row = await session.get(DispatchRow, callback.ref, with_for_update=True)
    if row is not None and row.subject != about(callback.answer):
        log.error("callback.astray", id=callback.id, dispatch=row.id)
        return None
    return row


async def retry(session: AsyncSession, dispatch_id: str) -> DispatchOut:
    """Offer a parked dispatch again."""
    row = await _locked(session, dispatch_id)
    if row.state != DispatchState.PARKED:
        raise NotParked(dispatch_id)
    row.state, row.offers, row.reason = DispatchState.DUE.value, 0, None
    row.next_offer_at = func.clock_timestamp()
    await session.flush()
    await session.refresh(row)
    return row.to_wire()


async def page(session: AsyncSession, state: DispatchState, after: str | None) -> DispatchPage:
    """Return dispatches in a state, by id."""
    query = select(DispatchRow).where(DispatchRow.state == state.value).order_by(DispatchRow.id)
    if after:
        query = query.where(DispatchRow.id > after)
    rows = list(await session.scalars(query.limit(OFFERS + 1)))
    shown = rows[:OFFERS]
    following = shown[-1].id if len(rows) > OFFERS else None
    return DispatchPage(dispatches=[row.to_wire() for row in shown], next=following)


def _finish(row: DispatchRow) -> None:
    row.state = DispatchState.ANSWERED.value
    row.answered_at = func.clock_timestamp()


_OFFER = text(
    "UPDATE dispatches SET offers = offers + 1,"
    " next_offer_at = clock_timestamp()"
    "   + least(power(2, least(offers, 16)), :ceiling) * interval '1 second'"
    " WHERE id IN (SELECT id FROM dispatches"
    "   WHERE (state = 'due' OR state = 'accepted' AND expects_answer)"
    "   AND next_offer_at <= clock_timestamp() ORDER BY next_offer_at LIMIT :limit FOR UPDATE SKIP LOCKED)"
    " RETURNING id, state"
)
_NEXT = text(
    "SELECT extract(epoch FROM min(next_offer_at) - clock_timestamp()) FROM dispatches"
    " WHERE state = 'due' OR state = 'accepted' AND expects_answer"
)
