"""Stopping a dataset and letting it go on: kept, told to the gateway and announced in one transaction."""

from dataclasses import replace
from datetime import datetime

from zhengshu_chassis import ids
from zhengshu_contracts.catalog import (
    EntryResumed,
    EntrySuspended,
    ResumptionIn,
    SuspensionIn,
)
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.policy import dataset_key
from zhengshu_contracts.vocabulary import EntryState

from zhengshu_catalog.entries import domain as entries
from zhengshu_catalog.entries.domain import Entry
from zhengshu_catalog.entries.errors import EntryNotFound
from zhengshu_catalog.entries.operations import Unit
from zhengshu_catalog.suspensions import domain, repository
from zhengshu_catalog.suspensions.errors import AlreadySuspended, NotSuspended
from zhengshu_catalog.suspensions.tables import SuspensionRow
from zhengshu_catalog.themes import serving as themes


async def suspend(
    unit: Unit, entry: str, given: SuspensionIn, *, by: Principal, at: datetime
) -> SuspensionRow:
    """Let nobody but its provider have a published dataset from now on."""
    found = await unit.entries.lock(entry)
    if found.state is not EntryState.PUBLISHED:
        raise EntryNotFound(entry)
    domain.check_orders(found.provider, by)
    if await repository.in_force(unit.session, entry):
        raise AlreadySuspended(f"目录条目 {entry} 已在暂停之中")
    row = SuspensionRow(
        id=ids.new("n"),
        entry=entry,
        reason=given.reason,
        basis=given.basis,
        ordered_by=by.organization,
        officer=by.id,
        ordered_at=at,
    )
    unit.session.add(row)
    await _tell(unit, replace(found, suspended=True))
    event = EntrySuspended(
        suspension=row.id, entry=entry, provider=found.provider, by=row.ordered_by
    )
    unit.outbox.add(event, aggregate=entry)
    return row


async def resume(
    unit: Unit, entry: str, given: ResumptionIn, *, by: Principal, at: datetime
) -> SuspensionRow:
    """Lift the order in force."""
    found = await unit.entries.lock(entry)
    row = await repository.in_force(unit.session, entry)
    if row is None:
        raise NotSuspended(f"目录条目 {entry} 没有生效的暂停")
    domain.check_lifts(row.ordered_by, by)
    row.lifted_at, row.lifted_reason, row.lifted_officer = at, given.reason, by.id
    await _tell(unit, replace(found, suspended=False))
    event = EntryResumed(suspension=row.id, entry=entry, provider=found.provider, by=row.ordered_by)
    unit.outbox.add(event, aggregate=entry)
    return row


async def _tell(unit: Unit, entry: Entry) -> None:
    await unit.entries.save(entry)
    shown = await unit.entries.shown(entry)
    record = entries.policy(entry, shown.content)
    unit.outbox.put(dataset_key("catalog", entry.id), record, aggregate=entry.id)
    await themes.follow(unit.session, entry.id)
