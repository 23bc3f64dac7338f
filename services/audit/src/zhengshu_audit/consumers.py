"""Events and access records in, leaves out."""

from datetime import UTC, datetime

from zhengshu_chassis.consumers import Consumers, Delivery, Unusable
from zhengshu_contracts.subjects import STREAMS

from zhengshu_audit import domain, operations
from zhengshu_audit.domain import Unreadable
from zhengshu_audit.operations import Unit

BATCH = 200

consumers: Consumers[Unit] = Consumers("audit", unit=Unit.of, batch=BATCH)


@consumers.every(*(subject for stream in STREAMS for subject in stream.subjects))
async def record(unit: Unit, delivery: Delivery) -> None:
    """Make a leaf of every event; a message of ACCESS holds several."""
    try:
        entries = domain.enter(delivery.raw, at=datetime.now(UTC))
    except Unreadable as error:
        raise Unusable(str(error)) from error
    await operations.record(unit, entries)
