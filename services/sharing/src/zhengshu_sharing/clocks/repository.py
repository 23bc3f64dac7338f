"""All SQL of clocks. Whoever changes a clock holds the lock of what it is about."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import keyset
from zhengshu_contracts.clocks import Term

from zhengshu_sharing.clocks.domain import Clock
from zhengshu_sharing.clocks.tables import ClockRow, ExtensionRow
from zhengshu_sharing.workdays import Span


class Clocks:
    """Running and stopped clocks, with the extensions asked for."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, clock: Clock) -> None:
        """Store a new clock."""
        await self._session.execute(insert(ClockRow).values(id=clock.id, **_values(clock)))

    async def save(self, clock: Clock) -> None:
        """Store a changed clock."""
        changed = update(ClockRow).where(ClockRow.id == clock.id)
        await self._session.execute(changed.values(**_values(clock)))

    async def running(self, matter: str, term: Term | None = None) -> list[Clock]:
        """Return the clocks of a matter that nobody has stopped."""
        query = select(ClockRow).where(ClockRow.matter == matter, ClockRow.closed_on.is_(None))
        if term is not None:
            query = query.where(ClockRow.term == term.value)
        return await self._clocks(query)

    async def of_matters(self, matters: Iterable[str]) -> dict[str, Clock]:
        """Return the newest clock of each matter, stopped or not."""
        query = select(ClockRow).where(ClockRow.matter.in_(list(matters))).order_by(ClockRow.id)
        return {clock.matter: clock for clock in await self._clocks(query)}

    async def next_due(self, cases: Iterable[str]) -> dict[str, Clock]:
        """Return, for each case that waits for somebody, the running clock that is over first."""
        query = (
            select(ClockRow)
            .where(ClockRow.case.in_(list(cases)), ClockRow.closed_on.is_(None))
            .where(ClockRow.due.is_not(None))
            .order_by(ClockRow.due.desc(), ClockRow.id)
        )
        return {clock.case: clock for clock in await self._clocks(query)}

    async def page(
        self,
        party: str | None,
        *,
        term: Term | None,
        due_by: date | None,
        after: str | None,
        limit: int,
    ) -> tuple[list[Clock], bool]:
        """Return running clocks, a party's or all, the oldest first, and whether more follow."""
        query = select(ClockRow).where(ClockRow.closed_on.is_(None))
        if party is not None:
            query = query.where(ClockRow.party == party)
        if term is not None:
            query = query.where(ClockRow.term == term.value)
        if due_by is not None:
            query = query.where(ClockRow.due <= due_by)
        place = [after] if after else None
        found, more = await keyset(self._session, query, by=[ClockRow.id], after=place, limit=limit)
        return [_clock(row) for row in found], more

    async def outdated(self, calendar: str, *, after: str, limit: int) -> list[str]:
        """Return running clocks that were computed with another calendar, in order of their ids."""
        query = select(ClockRow.id).where(
            ClockRow.closed_on.is_(None), ClockRow.calendar != calendar, ClockRow.id > after
        )
        return list(await self._session.scalars(query.order_by(ClockRow.id).limit(limit)))

    async def hold_matter(self, matter: str) -> None:
        """Let nobody else start a clock of this matter until the transaction ends."""
        name = func.hashtextextended(f"clocks\n{matter}", 0)
        await self._session.execute(select(func.pg_advisory_xact_lock(name)))

    async def get(self, clock: str) -> Clock | None:
        """Read a clock, stopped or not."""
        found = await self._clocks(select(ClockRow).where(ClockRow.id == clock))
        return found[0] if found else None

    async def hold(self, clock: str) -> Clock | None:
        """Hold a running clock; None when it was stopped, or somebody else changes it now."""
        query = select(ClockRow).where(ClockRow.id == clock, ClockRow.closed_on.is_(None))
        found = await self._clocks(query.with_for_update(skip_locked=True))
        return found[0] if found else None

    async def extension(self, clock: str) -> ExtensionRow | None:
        """Return the extension asked for, if there is one."""
        query = select(ExtensionRow).where(ExtensionRow.clock == clock)
        return await self._session.scalar(query.execution_options(populate_existing=True))

    async def extensions(self, clocks: Iterable[str]) -> dict[str, ExtensionRow]:
        """Return the extensions of several clocks."""
        query = select(ExtensionRow).where(ExtensionRow.clock.in_(list(clocks)))
        return {row.clock: row for row in await self._session.scalars(query)}

    async def undecided(self, term: Term) -> list[Clock]:
        """Return the running clocks of a term that more time was asked for and not decided on."""
        query = select(ClockRow).join(ExtensionRow, ExtensionRow.clock == ClockRow.id)
        query = query.where(ClockRow.term == term.value, ClockRow.closed_on.is_(None))
        return await self._clocks(query.where(ExtensionRow.outcome.is_(None)))

    async def ask(self, clock: str, **values: Any) -> None:
        """Store a request for more time."""
        await self._session.execute(insert(ExtensionRow).values(clock=clock, **values))

    async def decide(self, clock: str, **values: Any) -> None:
        """Store what became of it."""
        changed = update(ExtensionRow).where(ExtensionRow.clock == clock)
        await self._session.execute(changed.values(**values))

    async def _clocks(self, query: Any) -> list[Clock]:
        found = await self._session.scalars(query.execution_options(populate_existing=True))
        return [_clock(row) for row in found]


def _values(clock: Clock) -> dict[str, Any]:
    return {
        "term": clock.term.value,
        "matter": clock.matter,
        "case": clock.case,
        "party": clock.party,
        "received": clock.received,
        "days": clock.days,
        "extended": clock.extended,
        "set_for": clock.set_for,
        "stood": [[str(span.after), str(span.until)] for span in clock.stood],
        "paused_on": clock.paused_on,
        "closed_on": clock.closed_on,
        "due": clock.due,
        "provisional": clock.provisional,
        "calendar": clock.calendar,
        "told": clock.told,
    }


def _clock(row: ClockRow) -> Clock:
    return Clock(
        id=row.id,
        term=Term(row.term),
        matter=row.matter,
        case=row.case,
        party=row.party,
        received=row.received,
        days=row.days,
        extended=row.extended,
        set_for=row.set_for,
        stood=tuple(Span(*(date.fromisoformat(day) for day in span)) for span in row.stood),
        paused_on=row.paused_on,
        closed_on=row.closed_on,
        due=row.due,
        provisional=row.provisional,
        calendar=row.calendar,
        told=row.told,
    )
