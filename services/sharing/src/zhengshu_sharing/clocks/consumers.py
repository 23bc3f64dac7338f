"""Catalog's reviews, as the periods they run (Decree 809 Art. 17). What is about an entry bears its id.

The law counts an update from the day that a law or a duty changed, which nobody tells the node. What the
node knows is that a revision of something published was returned: the update is then owed, and its period
runs anew. An entry never published before has nothing to update.
"""

from zhengshu_chassis.consumers import Consumers, Delivery
from zhengshu_contracts.catalog import EntryPublished, EntryRetired, EntryReturned, EntrySubmitted
from zhengshu_contracts.clocks import Term

from zhengshu_sharing.clocks import operations
from zhengshu_sharing.unit import Unit


def register(consumers: Consumers[Unit]) -> None:
    """Register the handlers; catalog's events about one entry come in their order."""

    @consumers.every(EntrySubmitted.subject)
    async def submitted(unit: Unit, delivery: Delivery) -> None:
        event, at = EntrySubmitted.model_validate(delivery.envelope.data), delivery.envelope.time
        await operations.stop(unit, event.entry, now=at)
        competent = await unit.datasets.competent()
        await operations.start(unit, Term.CATALOGUE_REVIEW, event.entry, party=competent, now=at)

    @consumers.every(EntryReturned.subject)
    async def returned(unit: Unit, delivery: Delivery) -> None:
        event, at = EntryReturned.model_validate(delivery.envelope.data), delivery.envelope.time
        await operations.stop(unit, event.entry, now=at)
        known = (await unit.datasets.published([event.entry])).get(event.entry)
        if known is not None:
            owes, term = known.provider, Term.CATALOGUE_UPDATE
            await operations.start(unit, term, event.entry, party=owes, now=at)

    @consumers.every(EntryPublished.subject, EntryRetired.subject)
    async def settled(unit: Unit, delivery: Delivery) -> None:
        await operations.stop(unit, delivery.envelope.data["entry"], now=delivery.envelope.time)
