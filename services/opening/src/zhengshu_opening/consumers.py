"""Catalog's events: what is published, registered, retired and updated. Translates to operations.

The envelope's time orders what carries no version of its own.
"""

from zhengshu_chassis.consumers import Consumers, Delivery
from zhengshu_contracts.catalog import (
    DatasetRestarted,
    DatasetUpdated,
    EntryPublished,
    EntryRetired,
    ServiceRegistrationChanged,
)
from zhengshu_contracts.vocabulary import Origin, ServiceRegistrationState

from zhengshu_opening.datasets.domain import Version
from zhengshu_opening.listings import operations as listings
from zhengshu_opening.unit import Unit

consumers: Consumers[Unit] = Consumers("opening", unit=Unit.of)


@consumers.every(EntryPublished.subject)
async def published(unit: Unit, delivery: Delivery) -> None:
    """Take a revision; a listing follows it. The municipal copy is not ours to open."""
    event = EntryPublished.model_validate(delivery.envelope.data)
    at = delivery.envelope.time
    if event.origin is not Origin.COUNTY or not await unit.datasets.publish(event, at=at):
        return
    dataset = await unit.datasets.find(event.entry)
    if dataset is not None and dataset.published:
        await listings.follow(unit, dataset)


@consumers.every(EntryRetired.subject)
async def retired(unit: Unit, delivery: Delivery) -> None:
    """Take down what is no longer published."""
    event = EntryRetired.model_validate(delivery.envelope.data)
    if await unit.datasets.retire(event.entry, at=delivery.envelope.time):
        await listings.withdraw(unit, event.entry, "目录已停用")


@consumers.every(ServiceRegistrationChanged.subject)
async def registration_changed(unit: Unit, delivery: Delivery) -> None:
    """Take down what may no longer be served; what may be served now may be read now."""
    event = ServiceRegistrationChanged.model_validate(delivery.envelope.data)
    if not await unit.datasets.register(event.dataset, event.state, at=delivery.envelope.time):
        return
    if event.state is ServiceRegistrationState.WITHDRAWN:
        reason = f"市级平台已撤销挂接:{event.reason}" if event.reason else "市级平台已撤销挂接"
        await listings.withdraw(unit, event.dataset, reason)
    else:
        await listings.ask(unit, event.dataset)


@consumers.on(DatasetUpdated)
async def updated(unit: Unit, event: DatasetUpdated) -> None:
    """Ask for a snapshot of a new version."""
    await _moved(unit, event.dataset, Version(event.epoch, event.version))


@consumers.on(DatasetRestarted)
async def restarted(unit: Unit, event: DatasetRestarted) -> None:
    """Ask for a snapshot of what a new epoch begins with."""
    await _moved(unit, event.dataset, Version(event.epoch, event.version))


async def _moved(unit: Unit, dataset: str, version: Version) -> None:
    if await unit.datasets.update(dataset, version):
        await listings.ask(unit, dataset)
