"""What all matters do: be filed, read, moved. The caller owns the transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from zhengshu_chassis import ids
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import MatterFiled, MatterMoved, NextMove, Step

from zhengshu_sharing.access import home
from zhengshu_sharing.clocks import operations as clocks
from zhengshu_sharing.clocks.views import deadline
from zhengshu_sharing.matters import domain
from zhengshu_sharing.matters.domain import Matter
from zhengshu_sharing.matters.errors import MatterNotFound
from zhengshu_sharing.matters.machine import Machine, Party, Waits
from zhengshu_sharing.unit import Unit


async def file(
    unit: Unit,
    machine: Machine,
    body: BaseModel,
    *,
    counterpart: str | None,
    dataset: str | None,
    by: Principal,
    now: datetime,
) -> Matter:
    """Take a matter, give it its number and let the first clock run."""
    matter = Matter(
        id=ids.new(machine.prefix),
        number=await unit.applications.number(machine.paper, now),
        organization=home(by),
        filed_by=by.id,
        filed_at=now,
        state=machine.start,
        counterpart=counterpart,
        dataset=dataset,
        body=body.model_dump(mode="json"),
    )
    await unit.matters.add(machine.kind, matter)
    await _note(unit, matter, "提出", "", by=by, now=now)
    await _wait(unit, matter, machine.waits, now=now)
    return matter


async def read(unit: Unit, machine: Machine, matter: str, *, by: Principal) -> Matter:
    """Return a matter that the caller may see."""
    found = await unit.matters.get(machine.kind, matter)
    if not domain.concerns(found, by):
        raise MatterNotFound(matter)
    return found


async def take(
    unit: Unit,
    machine: Machine,
    matter: str,
    move: str,
    opinion: str,
    *,
    by: Principal,
    now: datetime,
    counterpart: str | None = None,
    **told: Any,
) -> Matter:
    """Make a move; `told` is what its kind keeps of it, `counterpart` whom it asks from now on."""
    found = await unit.matters.get(machine.kind, matter, lock=True)
    if not domain.concerns(found, by):
        raise MatterNotFound(matter)
    missed = any(clock.missed for clock in await unit.clocks.running(matter))
    moved, made = domain.step(machine, found, move, by=by, missed=missed)
    changed = replace(
        moved, counterpart=counterpart or moved.counterpart, body={**moved.body, **told}
    )
    await unit.matters.save(changed)
    await clocks.stop(unit, matter, now=now)
    await _wait(unit, changed, made.waits, now=now)
    await _note(unit, changed, made.label, opinion, by=by, now=now)
    return changed


async def happen(
    unit: Unit, machine: Machine, matter: str, move: str, *, now: datetime
) -> Matter | None:
    """Make a move that is nobody's; None where the matter's state does not allow it any more."""
    found, made = await unit.matters.get(machine.kind, matter, lock=True), machine.moves[move]
    if found.state not in made.froms:
        return None
    changed = replace(found, state=made.to)
    await unit.matters.save(changed)
    await unit.matters.note(matter, Step(at=now, actor="系统", officer="", what=made.label))
    return changed


def announce(unit: Unit, event: MatterFiled) -> None:
    """Tell everybody what became of a matter, in order."""
    unit.outbox.add(event, aggregate=event.matter)


def about(matter: Matter) -> dict[str, str | None]:
    """Return what every event about a matter says."""
    return {
        "matter": matter.id,
        "organization": matter.organization,
        "counterpart": matter.counterpart,
        "dataset": matter.dataset,
    }


def moved(kind: type[MatterMoved], matter: Matter, move: str) -> MatterMoved:
    """Return the event of a move."""
    return kind(**about(matter), move=move, state=matter.state)


async def shown(
    unit: Unit, machine: Machine, matters: Sequence[Matter], *, by: Principal
) -> list[dict[str, Any]]:
    """Return the members that every kind shows, and its own."""
    names = [one.id for one in matters]
    timelines, due = await unit.matters.timelines(names), await unit.clocks.next_due(names)
    return [
        {
            **one.body,
            "id": one.id,
            "number": one.number,
            "organization": one.organization,
            "counterpart": one.counterpart,
            "filed_at": one.filed_at,
            "state": one.state,
            "state_label": machine.states(one.state).label,
            "timeline": timelines.get(one.id, []),
            **deadline(due.get(one.id)),
            "moves": [
                NextMove(move=name, label=move.label)
                for name, move in domain.open_to(
                    machine, one, by, missed=one.id in due and due[one.id].missed
                )
            ],
        }
        for one in matters
    ]


async def _wait(unit: Unit, matter: Matter, waits: Waits | None, *, now: datetime) -> None:
    if waits is None:
        return
    term, party = waits
    who = {Party.FILER: matter.organization, Party.COUNTERPART: matter.counterpart}.get(party)
    if party is Party.COMPETENT:
        who = await unit.datasets.competent()
    if party is Party.GOVERNMENT:
        who = await unit.datasets.government()
    await clocks.start(unit, term, matter.id, party=who or party.value, now=now)


async def _note(
    unit: Unit, matter: Matter, what: str, opinion: str, *, by: Principal, now: datetime
) -> None:
    actor = await unit.datasets.name_of(home(by))
    step = Step(at=now, actor=actor, officer=by.id, what=what, opinion=opinion)
    await unit.matters.note(matter.id, step)
