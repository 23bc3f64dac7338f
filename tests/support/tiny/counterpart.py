"""What comes back from outside."""

from sqlalchemy import select
from support.tiny.api import Unit, unit_of
from support.tiny.tables import NoteRow, SeenRow
from zhengshu_chassis.dispatch import Desk
from zhengshu_chassis.errors import NotFound
from zhengshu_contracts.commission import Callback
from zhengshu_contracts.dispatch import DispatchOut

desk = Desk("audit", unit=unit_of)


@desk.on_accepted("application")
async def accepted(unit: Unit, dispatch: DispatchOut) -> None:
    """Write down that the counterpart has it."""
    unit.session.add(SeenRow(text=f"accepted {dispatch.acceptance}"))


@desk.on_parked("application")
async def parked(unit: Unit, dispatch: DispatchOut) -> None:
    """Write down why the counterpart refused it."""
    unit.session.add(SeenRow(text=f"parked {dispatch.reason}"))


@desk.on_callback("opinion_request", final=False)
async def asked(unit: Unit, callback: Callback) -> None:
    """Write down the question."""
    unit.session.add(SeenRow(text="asked"))


@desk.on_callback("decision")
async def decided(unit: Unit, callback: Callback) -> bool:
    """Write down the decision, unless it comes too late, or about nothing that is here."""
    if callback.answer.part == "unknown":
        raise NotFound
    withdrawn = select(NoteRow).where(NoteRow.text == "withdrawn")
    if await unit.session.scalar(withdrawn):
        return False
    unit.session.add(SeenRow(text="decided"))
    return True
