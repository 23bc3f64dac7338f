"""Retiring an entry: its provider asks, the competent department decides with the live grants before it."""

from dataclasses import replace
from datetime import datetime

from zhengshu_contracts.catalog import EntryRetirementRequested, RetirementIn, ReviewIn
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import EntryState

from zhengshu_catalog.entries import guards
from zhengshu_catalog.entries.operations import Shown, Unit, announce
from zhengshu_catalog.grants.consumers import live
from zhengshu_catalog.themes import serving as themes


async def propose_retirement(
    unit: Unit, entry_id: str, given: RetirementIn, *, by: Principal, at: datetime
) -> Shown:
    """Note that the provider wants an entry retired; it goes on being served."""
    entry = await unit.entries.lock(entry_id)
    asked = guards.propose_retirement(entry, given.reason, by=by, at=at)
    await unit.entries.save(asked)
    shown = await unit.entries.shown(asked)
    event = EntryRetirementRequested(
        entry=entry.id, provider=entry.provider, title=shown.content.title
    )
    unit.outbox.add(event, aggregate=entry.id)
    return Shown(asked, shown)


async def review_retirement(
    unit: Unit, entry_id: str, given: ReviewIn, *, by: Principal, at: datetime
) -> Shown:
    """Retire an entry, which stops its serving at once, or let it live on."""
    entry = await unit.entries.lock(entry_id)
    settled = guards.review_retirement(entry, given.outcome, by=by)
    shown = await unit.entries.shown(settled)
    if settled.state is EntryState.RETIRED:
        guards.check_seen(await live(unit.session, entry.id, at=at), given.grants_seen)
        announce(unit, settled, shown.content)
    await unit.entries.save(settled)
    await themes.follow(unit.session, entry.id)
    return Shown(settled, replace(shown, opinion=given.opinion))
