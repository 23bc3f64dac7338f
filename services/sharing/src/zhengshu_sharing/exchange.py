"""What comes back from the Commission, translated into operations. Signatures are the gateway's matter."""

from datetime import UTC, datetime
from typing import cast

from zhengshu_chassis.dispatch import Desk
from zhengshu_contracts.commission import (
    Callback,
    DecisionAnswer,
    DispatchKind,
    OpinionRequestAnswer,
)
from zhengshu_contracts.dispatch import DispatchOut

from zhengshu_sharing.applications import decisions
from zhengshu_sharing.opinions import operations as opinions
from zhengshu_sharing.settings import SharingSettings
from zhengshu_sharing.unit import SERVICE, Unit, units


def desk(settings: SharingSettings) -> Desk:
    """Return the desk with what happens at each answer."""
    desk = Desk(SERVICE, unit=units(settings))

    @desk.on_accepted(DispatchKind.APPLICATION)
    async def accepted(unit: Unit, dispatch: DispatchOut) -> None:
        acceptance = dispatch.acceptance or ""
        await decisions.forwarded(unit, dispatch.subject, acceptance, now=datetime.now(UTC))

    @desk.on_parked(DispatchKind.APPLICATION)
    async def parked(unit: Unit, dispatch: DispatchOut) -> None:
        reason = dispatch.reason or ""
        await decisions.parked(unit, dispatch.subject, reason, now=datetime.now(UTC))

    @desk.on_callback("opinion_request", final=False)
    async def opinion_requested(unit: Unit, callback: Callback) -> bool:
        answer = cast("OpinionRequestAnswer", callback.answer)  # the desk goes by its kind
        return await opinions.request(unit, answer, now=datetime.now(UTC))

    @desk.on_callback("decision")
    async def decided(unit: Unit, callback: Callback) -> bool:
        answer = cast("DecisionAnswer", callback.answer)
        return await decisions.decide(unit, answer, now=datetime.now(UTC))

    return desk
