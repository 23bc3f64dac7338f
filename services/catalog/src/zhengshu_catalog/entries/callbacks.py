"""What the Commission answers about entries: translates call-backs into operations."""

from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.dispatch import Desk
from zhengshu_contracts.commission import (
    Callback,
    EntryAnswer,
    ServiceRegistrationAnswer,
    ServiceWithdrawalAnswer,
)

from zhengshu_catalog.entries import operations
from zhengshu_catalog.entries.operations import Unit


def register(desk: Desk) -> None:
    """Tell the desk who applies which call-back; all are harmless late, twice or in another order."""
    desk.on_callback("entry")(apply_entry)
    desk.on_callback("service_registration", final=False)(apply_service)
    desk.on_callback("service_withdrawal", final=False)(apply_service)


async def apply_entry(session: AsyncSession, callback: Callback) -> bool:
    """Note an entry's municipal code."""
    assert isinstance(callback.answer, EntryAnswer)
    return await operations.register_entry(Unit.of(session), callback.answer, at=callback.issued_at)


async def apply_service(session: AsyncSession, callback: Callback) -> bool:
    """Note that a service registration was given or withdrawn."""
    answer = callback.answer
    assert isinstance(answer, ServiceRegistrationAnswer | ServiceWithdrawalAnswer)
    return await operations.change_service(Unit.of(session), answer, at=callback.issued_at)
