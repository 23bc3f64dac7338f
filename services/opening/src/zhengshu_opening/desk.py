"""What the Commission answers: registrations of openings, decisions on applications."""

from zhengshu_chassis.dispatch import Desk
from zhengshu_contracts.commission import (
    Callback,
    DispatchKind,
    OpenDecisionAnswer,
    OpeningAnswer,
)
from zhengshu_contracts.dispatch import DispatchOut

from zhengshu_opening.applicants import operations as applicants
from zhengshu_opening.proposals import operations as proposals
from zhengshu_opening.unit import Unit

desk = Desk("opening", unit=Unit.of)


@desk.on_callback("opening")
async def opening_answered(unit: Unit, callback: Callback) -> bool:
    """The open platform registered an opening, or not."""
    given = callback.answer
    return isinstance(given, OpeningAnswer) and await proposals.answer(unit, given)


@desk.on_callback("open_decision")
async def application_decided(unit: Unit, callback: Callback) -> bool:
    """The Commission decided on an authorised-open application."""
    given = callback.answer
    return isinstance(given, OpenDecisionAnswer) and await applicants.decided(unit, given)


@desk.on_accepted(DispatchKind.OPEN_APPLICATION)
async def application_accepted(unit: Unit, dispatch: DispatchOut) -> None:
    """The Commission has an application."""
    await applicants.forwarded(unit, dispatch.subject, dispatch.acceptance or "")
