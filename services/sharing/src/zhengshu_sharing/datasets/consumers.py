"""Catalog's events, as the read model takes them."""

from zhengshu_chassis.consumers import Consumers, Delivery
from zhengshu_contracts.catalog import (
    EntryPublished,
    EntryRegistered,
    EntryRetired,
    OrganizationRegistered,
    ServiceRegistrationChanged,
)
from zhengshu_contracts.vocabulary import ServiceRegistrationState

from zhengshu_sharing.grants import provision
from zhengshu_sharing.unit import Unit


def register(consumers: Consumers[Unit]) -> None:
    """Register the handlers. The envelope's time orders what carries no version of its own."""

    @consumers.every(EntryPublished.subject)
    async def published(unit: Unit, delivery: Delivery) -> None:
        event = EntryPublished.model_validate(delivery.envelope.data)
        await unit.datasets.publish(event, at=delivery.envelope.time)

    @consumers.every(EntryRetired.subject)
    async def retired(unit: Unit, delivery: Delivery) -> None:
        event = EntryRetired.model_validate(delivery.envelope.data)
        await unit.datasets.retire(event, at=delivery.envelope.time)

    @consumers.on(EntryRegistered)
    async def registered(unit: Unit, event: EntryRegistered) -> None:
        await unit.datasets.register(event)

    @consumers.every(ServiceRegistrationChanged.subject)
    async def served(unit: Unit, delivery: Delivery) -> None:
        event = ServiceRegistrationChanged.model_validate(delivery.envelope.data)
        await unit.datasets.serve(event, at=delivery.envelope.time)
        if event.state is ServiceRegistrationState.LIVE:
            await provision.fulfilled(unit, event.dataset, now=delivery.envelope.time)

    @consumers.every(OrganizationRegistered.subject)
    async def organization(unit: Unit, delivery: Delivery) -> None:
        event = OrganizationRegistered.model_validate(delivery.envelope.data)
        await unit.datasets.organization(event, at=delivery.envelope.time)
