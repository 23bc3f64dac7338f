"""Catalog's reviews, as the periods they run (Decree 809 Art. 17). What is about an entry bears its id.

The law counts an update from the day that a law or a duty changed: somebody reports that (`changes`). What
the node sees by itself is that a revision of something published was returned: the update is then owed too.
It stands still while a revision is reviewed. An entry never published before has nothing to update.
"""

from datetime import datetime

from zhengshu_chassis.consumers import Consumers, Delivery
from zhengshu_contracts.catalog import EntryPublished, EntryRetired, EntryReturned, EntrySubmitted
from zhengshu_contracts.clocks import Term

from zhengshu_sharing.changes import operations as changes
from zhengshu_sharing.clocks import operations
from zhengshu_sharing.unit import Unit

REVIEW, UPDATE = Term.CATALOGUE_REVIEW, Term.CATALOGUE_UPDATE


def register(consumers: Consumers[Unit]) -> None:
    """Register the handlers; catalog's events about one entry come in their order."""

    @consumers.every(EntrySubmitted.subject)
    async def submitted(unit: Unit, delivery: Delivery) -> None:
        event, at = EntrySubmitted.model_validate(delivery.envelope.data), delivery.envelope.time
        await unit.clocks.hold_matter(event.entry)
        await operations.stop(unit, event.entry, now=at, term=REVIEW)
        await operations.pause(unit, event.entry, now=at, term=UPDATE)
        competent = await unit.datasets.competent()
        await operations.start(unit, REVIEW, event.entry, party=competent, now=at)

    @consumers.every(EntryReturned.subject)
    async def returned(unit: Unit, delivery: Delivery) -> None:
        event, at = EntryReturned.model_validate(delivery.envelope.data), delivery.envelope.time
        await unit.clocks.hold_matter(event.entry)
        await operations.stop(unit, event.entry, now=at, term=REVIEW)
        await _owe(unit, event.entry, now=at)

    @consumers.every(EntryPublished.subject, EntryRetired.subject)
    async def settled(unit: Unit, delivery: Delivery) -> None:
        entry, at = delivery.envelope.data["entry"], delivery.envelope.time
        await unit.clocks.hold_matter(entry)
        await changes.settle(unit, entry, now=at)
        await operations.stop(unit, entry, now=at)


async def _owe(unit: Unit, entry: str, *, now: datetime) -> None:
    if await unit.clocks.running(entry, UPDATE):
        await operations.resume(unit, entry, now=now, term=UPDATE)
        return
    known = (await unit.datasets.published([entry])).get(entry)
    if known is not None:
        await operations.start(unit, UPDATE, entry, party=known.provider, now=now)
