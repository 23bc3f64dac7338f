"""Events in."""

from support.tiny.api import NoteWritten, Unit, unit_of
from support.tiny.tables import SeenRow
from zhengshu_chassis.consumers import Consumers

consumers = Consumers("audit", unit=unit_of)


@consumers.on(NoteWritten)
async def remember(unit: Unit, event: NoteWritten) -> None:
    """Keep what was written."""
    if event.text == "poison":
        raise RuntimeError("never")
    unit.session.add(SeenRow(text=event.text))
