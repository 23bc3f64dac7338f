"""Naming and ending deputies, letting an officer leave. The caller owns the transaction.

What a deputy is lent is kept with the client, so that every record the gateway is told has it.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis import ids
from zhengshu_chassis.resources import Resources
from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.officers import (
    DepartureIn,
    DepartureOut,
    DeputyEnded,
    DeputyIn,
    DeputyNamed,
    DeputyOut,
    DeputyStarted,
    Ending,
    OfficerDeparted,
)
from zhengshu_contracts.vocabulary import PrincipalKind

from zhengshu_catalog.officers import domain
from zhengshu_catalog.officers.errors import Departed, DeputyshipNotFound, DeputyshipOver
from zhengshu_catalog.officers.repository import Standing
from zhengshu_catalog.officers.tables import DepartureRow, DeputyRow
from zhengshu_catalog.organizations import credentials
from zhengshu_catalog.organizations import domain as clients
from zhengshu_catalog.organizations.domain import Client
from zhengshu_catalog.organizations.errors import ClientNotFound
from zhengshu_catalog.organizations.operations import Unit as Registry
from zhengshu_catalog.organizations.operations import admit
from zhengshu_catalog.signin.repository import Sessions

EVERY = 15.0
"""Seconds between two looks for deputyships that begin or end."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What one operation may touch."""

    session: AsyncSession
    registry: Registry
    standing: Standing
    sessions: Sessions

    @classmethod
    def of(cls, session: AsyncSession) -> Self:
        """Return what an operation may touch in this session."""
        return cls(session, Registry.of(session), Standing(session), Sessions(session))


async def name_deputy(
    unit: Unit, officer: str, given: DeputyIn, *, by: Principal, at: datetime
) -> DeputyOut:
    """Name who stands in for an officer while the dates run; from today on, it begins at once."""
    away, deputy = await _both(unit, officer, given.deputy, by)
    domain.check_dates(given.starts, given.until, day_of(at))
    others = await unit.standing.stood_in_for(deputy.id, running=False)
    domain.check_other(away, deputy, await unit.standing.roles(others))
    row = DeputyRow(
        id=ids.new("dp"),
        officer=away.id,
        deputy=deputy.id,
        starts=given.starts,
        until=given.until,
        named_by=by.id,
        named_at=at,
    )
    unit.session.add(row)
    event = DeputyNamed(
        deputyship=row.id,
        officer=away.id,
        deputy=deputy.id,
        organization=away.organization,
        starts=row.starts,
        until=row.until,
        by=by.id,
    )
    unit.registry.outbox.add(event, aggregate=away.id)
    await turn(unit, row, at)
    return shown(row)


async def withdraw(
    unit: Unit, officer: str, deputyship: str, *, by: Principal, at: datetime
) -> DeputyOut:
    """End a deputyship before its date."""
    await _managed(unit, officer, by)
    row = await unit.standing.lock(officer, deputyship)
    if row is None:
        raise DeputyshipNotFound(f"{officer} 没有代理 {deputyship}")
    if row.ended_at is not None:
        raise DeputyshipOver(f"代理 {deputyship} 已结束")
    await _end(unit, row, "withdrawn", at)
    return shown(row)


async def of(unit: Unit, officer: str, *, by: Principal) -> list[DeputyOut]:
    """Return an officer's deputyships."""
    _check_manages(await unit.registry.clients.get(officer), officer, by)
    return [shown(row) for row in await unit.standing.of(officer)]


async def depart(
    unit: Unit, officer: str, given: DepartureIn, *, by: Principal, at: datetime
) -> DepartureOut:
    """Let an officer leave: no way in is left, and the successor takes over roles and open steps."""
    leaving, successor = await _both(unit, officer, given.successor, by)
    if await unit.standing.departed(leaving.id):
        raise Departed(leaving.id)
    domain.check_other(leaving, successor)
    row = DepartureRow(officer=leaving.id, successor=successor.id)
    row.departed_by, row.departed_at = by.id, at
    unit.session.add(row)
    locked = clients.end_tokens(clients.lock(leaving, "已离岗", by=by.id), at)
    await credentials.keep(unit.registry, locked, by=by.id)
    await unit.sessions.end_all(leaving.id)
    for open_one in await unit.standing.open_of(leaving.id):
        await _end(unit, open_one, "departed", at)
    roles = tuple(dict.fromkeys((*successor.roles, *leaving.roles)))
    await unit.registry.clients.save_standing(replace(successor, roles=roles))
    await _refresh(unit, successor.id)
    event = OfficerDeparted(
        officer=leaving.id,
        organization=leaving.organization,
        successor=successor.id,
        roles=leaving.roles,
        by=by.id,
    )
    unit.registry.outbox.add(event, aggregate=leaving.id)
    return DepartureOut(
        officer=leaving.id, successor=successor.id, roles=list(roles), departed_at=at
    )


async def turn(unit: Unit, row: DeputyRow, at: datetime) -> None:
    """Begin or end a deputyship whose day has come."""
    if row.until < day_of(at):
        await _end(unit, row, "expired", at)
    elif row.begun_at is None and row.starts <= day_of(at):
        row.begun_at = at
        await _refresh(unit, row.deputy)
        away = await _client(unit, row.officer)
        event = DeputyStarted(**_told(row, away.organization), roles=away.roles)
        unit.registry.outbox.add(event, aggregate=row.officer)
    await unit.session.flush()


async def turn_due(unit: Unit, *, at: datetime) -> int:
    """Begin and end every deputyship whose day has come; return how many."""
    rows = await unit.standing.due(day_of(at))
    for row in rows:
        await turn(unit, row, at)
    return len(rows)


async def keep_dates(resources: Resources) -> None:
    """Look for deputyships whose day has come: a worker's one turn."""
    assert resources.database, "catalog has a database"
    async with resources.database.sessions.begin() as session:
        await turn_due(Unit.of(session), at=datetime.now(UTC))


def shown(row: DeputyRow) -> DeputyOut:
    """Return a deputyship as its administrator sees it."""
    return DeputyOut(
        id=row.id,
        officer=row.officer,
        deputy=row.deputy,
        starts=row.starts,
        until=row.until,
        running=row.begun_at is not None and row.ended_at is None,
        ended=row.ended_why,
    )


async def _end(unit: Unit, row: DeputyRow, why: Ending, at: datetime) -> None:
    row.ended_at, row.ended_why = at, why
    await _refresh(unit, row.deputy)
    away = await _client(unit, row.officer)
    event = DeputyEnded(**_told(row, away.organization), why=why)
    unit.registry.outbox.add(event, aggregate=row.officer)


def _told(row: DeputyRow, organization: str) -> dict[str, str]:
    return {
        "deputyship": row.id,
        "officer": row.officer,
        "deputy": row.deputy,
        "organization": organization,
    }


async def _refresh(unit: Unit, officer: str) -> None:
    """Work out what an officer is lent and whom they answer for, and tell the gateway."""
    await unit.session.flush()
    client = await unit.registry.clients.lock(officer)
    away = await unit.standing.stood_in_for(officer, running=True)
    roles = await unit.standing.roles(away)
    before = await unit.standing.predecessors([officer, *away])
    changed = replace(
        client,
        lent=tuple(role for role in roles if role not in client.roles),
        standing_in_for=tuple(sorted({*away, *before} - {officer})),
    )
    await unit.registry.clients.save_standing(changed)
    admit(unit.registry, changed)


async def _both(unit: Unit, officer: str, other: str, by: Principal) -> tuple[Client, Client]:
    """Return two officers within reach, held in one order, whoever asks about whom."""
    held = {one: await _managed(unit, one, by) for one in sorted({officer, other})}
    return held[officer], held[other]


async def _managed(unit: Unit, officer: str, by: Principal) -> Client:
    return _check_manages(await unit.registry.clients.lock(officer), officer, by)


def _check_manages(found: Client | None, officer: str, by: Principal) -> Client:
    if found is None or not clients.reaches(by, found.organization):
        raise ClientNotFound(officer)
    if found.kind is not PrincipalKind.OFFICER:
        raise ClientNotFound(officer)
    clients.check_manages(by, found.held)
    return found


async def _client(unit: Unit, officer: str) -> Client:
    found = await unit.registry.clients.get(officer)
    assert found is not None, "a deputyship names clients that exist"
    return found
