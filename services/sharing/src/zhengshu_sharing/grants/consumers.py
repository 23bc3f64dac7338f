"""Catalog's orders about datasets, as their holders hear of them."""

from zhengshu_chassis.consumers import Consumers, Delivery
from zhengshu_contracts.catalog import (
    EntryResumed,
    EntryRetired,
    EntryRetirementRequested,
    EntrySuspended,
)
from zhengshu_contracts.sharing import NoticeKind

from zhengshu_sharing.grants import operations
from zhengshu_sharing.grants.notices import tell_holders
from zhengshu_sharing.unit import Unit


def register(consumers: Consumers[Unit]) -> None:
    """Register the handlers."""

    @consumers.every(EntryRetirementRequested.subject)
    async def asked(unit: Unit, delivery: Delivery) -> None:
        event = EntryRetirementRequested.model_validate(delivery.envelope.data)
        kind, at = NoticeKind.RETIREMENT_ASKED, delivery.envelope.time
        await tell_holders(unit, event.entry, kind, now=at)

    @consumers.every(EntryRetired.subject)
    async def retired(unit: Unit, delivery: Delivery) -> None:
        event, at = EntryRetired.model_validate(delivery.envelope.data), delivery.envelope.time
        await operations.retire(unit, event.entry, now=at)

    @consumers.every(EntrySuspended.subject)
    async def suspended(unit: Unit, delivery: Delivery) -> None:
        event = EntrySuspended.model_validate(delivery.envelope.data)
        kind, at = NoticeKind.DATASET_SUSPENDED, delivery.envelope.time
        await tell_holders(unit, event.entry, kind, now=at)

    @consumers.every(EntryResumed.subject)
    async def resumed(unit: Unit, delivery: Delivery) -> None:
        event = EntryResumed.model_validate(delivery.envelope.data)
        kind, at = NoticeKind.DATASET_RESUMED, delivery.envelope.time
        await tell_holders(unit, event.entry, kind, now=at)
