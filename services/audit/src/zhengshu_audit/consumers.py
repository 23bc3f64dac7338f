"""Events and access records in, leaves out."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.consumers import Consumers, Delivery, Unusable
from zhengshu_contracts.subjects import STREAMS

from zhengshu_audit import domain, operations
from zhengshu_audit.domain import Entry, Unreadable
from zhengshu_audit.operations import Unit

# Messages per transaction. One of ACCESS may hold 500 records, and while a transaction lasts nobody
# else appends.
BATCH = 50


@dataclass(frozen=True, slots=True)
class Intake:
    """What one transaction takes in."""

    unit: Unit
    entries: list[Entry] = field(default_factory=list)

    @classmethod
    def of(cls, session: AsyncSession) -> "Intake":
        """Begin a transaction's intake."""
        return cls(Unit.of(session))


async def record(intake: Intake) -> None:
    """Make leaves of all that was taken in."""
    await operations.record(intake.unit, intake.entries)


consumers: Consumers[Intake] = Consumers("audit", unit=Intake.of, batch=BATCH, finish=record)


@consumers.every(*(subject for stream in STREAMS for subject in stream.subjects))
async def enter(intake: Intake, delivery: Delivery) -> None:
    """Read a message: an event, or several where it is one of ACCESS."""
    try:
        intake.entries.extend(domain.enter(delivery.raw, at=datetime.now(UTC)))
    except Unreadable as error:
        raise Unusable(str(error)) from error
