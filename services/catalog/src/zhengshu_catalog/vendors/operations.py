"""Entrusting a vendor and ending it: when it is over, the systems it acted with are locked.

A vendor has no credential of its own: it acts with the department's systems, so those are its scope.
"""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis import ids
from zhengshu_chassis.db import keyset
from zhengshu_chassis.resources import Resources
from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.catalog import VendorEnded, VendorEntrusted, VendorIn, VendorOut
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import OrganizationKind, PrincipalKind, SystemStage

from zhengshu_catalog.organizations import credentials
from zhengshu_catalog.organizations import domain as clients
from zhengshu_catalog.organizations.domain import check_code
from zhengshu_catalog.organizations.operations import Unit
from zhengshu_catalog.organizations.tables import SystemRow
from zhengshu_catalog.vendors.errors import NotOwnSystems, UntilPassed, VendorNotFound, VendorOver
from zhengshu_catalog.vendors.tables import VendorRow

EVERY = 15.0
"""Seconds between two looks for entrustments whose date has passed."""


async def entrust(unit: Unit, given: VendorIn, *, by: Principal, at: datetime) -> VendorOut:
    """Entrust a vendor; systems that only an earlier vendor's end had locked work again."""
    check_code(given.code)
    if given.until < day_of(at):
        raise UntilPassed(given.until)
    await _check_systems(unit, given.systems, by.organization)
    row = VendorRow(
        id=ids.new("v"), department=by.organization or "", entrusted_at=at, **given.model_dump()
    )
    unit.session.add(row)
    for system in given.systems:
        client = await unit.clients.lock(system)
        if client.locked and (client.locked_by or "").startswith("v-"):
            await credentials.keep(unit, clients.unlock(client), by=row.id)
    event = VendorEntrusted(
        vendor=row.id,
        name=row.name,
        department=row.department,
        systems=tuple(row.systems),
        until=row.until,
    )
    unit.outbox.add(event, aggregate=row.id)
    return _vendor(row)


async def end(unit: Unit, vendor: str, *, by: Principal, at: datetime) -> VendorOut:
    """End an entrustment before its date."""
    row = await unit.session.get(VendorRow, vendor, with_for_update=True, populate_existing=True)
    if row is None or not _may_see(row, by):
        raise VendorNotFound(f"没有受托单位 {vendor}")
    if row.ended_at:
        raise VendorOver
    await _end(unit, row, by=by.id, at=at)
    return _vendor(row)


async def end_due(unit: Unit, *, at: datetime) -> int:
    """End every entrustment whose date has passed; return how many."""
    due = select(VendorRow).where(VendorRow.ended_at.is_(None), VendorRow.until < day_of(at))
    rows = list(await unit.session.scalars(due.with_for_update(skip_locked=True)))
    for row in rows:
        await _end(unit, row, by="catalog", at=at)
    return len(rows)


async def expire(resources: Resources) -> None:
    """Look for entrustments that are over: a worker's one turn."""
    assert resources.database, "catalog has a database"
    async with resources.database.sessions.begin() as session:
        await end_due(Unit.of(session), at=datetime.now(UTC))


async def page(
    session: AsyncSession, by: Principal, after: str | None, limit: int
) -> tuple[list[VendorOut], bool]:
    """Return vendors by id, one's own department's or to the competent department all."""
    query = select(VendorRow)
    if by.organization_kind is not OrganizationKind.COMPETENT:
        query = query.where(VendorRow.department == by.organization)
    place = [after] if after else None
    rows, more = await keyset(session, query, by=[VendorRow.id], after=place, limit=limit)
    return [_vendor(row) for row in rows], more


async def _check_systems(unit: Unit, systems: list[str], department: str | None) -> None:
    strange = []
    for system in systems:
        client = await unit.clients.get(system)
        life = await unit.session.get(SystemRow, system, populate_existing=True)
        own = client and client.kind is PrincipalKind.SYSTEM and client.organization == department
        if not own or life is None or life.stage == SystemStage.RETIRED:
            strange.append(system)
    if strange:
        raise NotOwnSystems(strange)


async def _end(unit: Unit, row: VendorRow, *, by: str, at: datetime) -> None:
    row.ended_at = at
    await unit.session.flush()
    still = await unit.session.scalars(select(VendorRow).where(VendorRow.ended_at.is_(None)))
    kept = {system for vendor in still for system in vendor.systems if vendor.until >= day_of(at)}
    for system in row.systems:
        client = await unit.clients.lock(system)
        if system not in kept and not client.locked:
            locked = clients.lock(client, f"受托单位“{row.name}”的委托已终止", by=row.id)
            await credentials.keep(unit, locked, by=row.id)
    event = VendorEnded(vendor=row.id, department=row.department, by=by)
    unit.outbox.add(event, aggregate=row.id)


def _may_see(row: VendorRow, by: Principal) -> bool:
    competent = by.organization_kind is OrganizationKind.COMPETENT
    return competent or row.department == by.organization


def _vendor(row: VendorRow) -> VendorOut:
    return VendorOut(
        id=row.id,
        name=row.name,
        code=row.code,
        department=row.department,
        duties=row.duties,
        document=row.document,
        systems=row.systems,
        until=row.until,
        entrusted_at=row.entrusted_at,
        ended_at=row.ended_at,
    )
