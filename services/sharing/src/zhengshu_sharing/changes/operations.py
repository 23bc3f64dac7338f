"""Reporting that an entry's basis changed: the provider's ten working days begin with that day (Art. 17).

The caller owns the transaction.
"""

from datetime import datetime

from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.clocks import IN_FORCE, Term
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import (
    BasisChangeFiled,
    BasisChangeIn,
    BasisChangeMoved,
    BasisChangeState,
    BasisChangeStep,
    NoticeKind,
)
from zhengshu_contracts.vocabulary import Origin

from zhengshu_sharing.access import home
from zhengshu_sharing.changes.errors import ChangeNotWithin, EntryNotOurs, UpdateOwed
from zhengshu_sharing.changes.states import MACHINE, UPDATE
from zhengshu_sharing.clocks import operations as clocks
from zhengshu_sharing.clocks.domain import Clock
from zhengshu_sharing.datasets.domain import Dataset
from zhengshu_sharing.matters import operations as matters
from zhengshu_sharing.matters.domain import Matter
from zhengshu_sharing.unit import Unit

OWED = Term.CATALOGUE_UPDATE


async def file(unit: Unit, given: BasisChangeIn, *, by: Principal, now: datetime) -> Matter:
    """Take a report and let the provider's period run from the day of the change."""
    await unit.clocks.hold_matter(given.dataset)
    entry = await unit.datasets.get(given.dataset)
    await _check(unit, entry, given, now=now)
    filed = await matters.file(
        unit, MACHINE, given, counterpart=entry.provider, dataset=entry.id, by=by, now=now
    )
    matters.announce(unit, BasisChangeFiled(**matters.about(filed), on=given.on))
    clock = await clocks.start(
        unit, OWED, entry.id, party=entry.provider, now=now, case=filed.id, received=given.on
    )
    if entry.provider != home(by):
        await _tell(unit, clock, filed.id, now=now)
    return filed


async def owe(unit: Unit, dataset: str, *, case: str, now: datetime) -> None:
    """Let the provider owe an update from now on, unless it does already or the entry is not ours."""
    await unit.clocks.hold_matter(dataset)
    entry = (await unit.datasets.published([dataset])).get(dataset)
    if entry is None or entry.origin is Origin.MUNICIPAL:
        return
    if not await unit.clocks.running(dataset, OWED):
        clock = await clocks.start(unit, OWED, dataset, party=entry.provider, now=now, case=case)
        await _tell(unit, clock, case, now=now)


async def step(
    unit: Unit, change: str, given: BasisChangeStep, *, by: Principal, now: datetime
) -> Matter:
    """Find that nothing has to be updated, or give the report up."""
    changed = await matters.take(unit, MACHINE, change, given.move, given.opinion, by=by, now=now)
    await clocks.stop(unit, changed.dataset or "", now=now, term=OWED)
    matters.announce(unit, matters.moved(BasisChangeMoved, changed, given.move))
    return changed


async def settle(unit: Unit, entry: str, *, now: datetime) -> None:
    """Close what was reported of an entry: a revision of it was published, or it was taken off."""
    found, _ = await unit.matters.page(
        MACHINE.kind,
        organization=None,
        state=BasisChangeState.REPORTED,
        dataset=entry,
        after=None,
        limit=1,
    )
    for one in found:
        settled = await matters.happen(unit, MACHINE, one.id, UPDATE, now=now)
        if settled is not None:
            matters.announce(unit, matters.moved(BasisChangeMoved, settled, UPDATE))


async def _tell(unit: Unit, clock: Clock, case: str, *, now: datetime) -> None:
    entry, due = clock.matter, clock.due
    await unit.notices.tell(
        clock.party, NoticeKind.UPDATE_OWED, case, at=now, dataset=entry, term=OWED, due=due
    )


async def _check(unit: Unit, entry: Dataset, given: BasisChangeIn, *, now: datetime) -> None:
    if entry.origin is Origin.MUNICIPAL:
        raise EntryNotOurs(entry.id)
    if not IN_FORCE <= given.on <= day_of(now):
        raise ChangeNotWithin(given.on, first=IN_FORCE, last=day_of(now))
    for clock in await unit.clocks.running(entry.id, OWED):
        raise UpdateOwed(entry.id, clock.due)
