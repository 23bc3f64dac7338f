"""A matter and its moves. Knows no kind of matter in particular, no SQL, no HTTP."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import OrganizationKind

from zhengshu_sharing.access import overlooks, oversees
from zhengshu_sharing.matters.errors import MatterNotInState, NotThisPartysMove, OwnMatter
from zhengshu_sharing.matters.machine import Machine, Move, Party

ABOVE = frozenset({Party.COMPETENT, Party.GOVERNMENT})
"""Those who decide between others, never in their own matter."""


@dataclass(frozen=True, slots=True)
class Matter:
    """Something one organisation brings up, usually towards another."""

    id: str
    number: str
    organization: str
    filed_by: str
    filed_at: datetime
    state: str
    counterpart: str | None = None
    dataset: str | None = None
    body: dict[str, Any] = field(default_factory=dict)


def concerns(matter: Matter, by: Principal) -> bool:
    """Tell whether a matter may be shown to the caller."""
    return overlooks(by) or by.organization in {matter.organization, matter.counterpart}


def step(
    machine: Machine, matter: Matter, name: str, *, by: Principal, missed: bool = False
) -> tuple[Matter, Move]:
    """Make a move: its state allows it, it is the caller's to make, and nobody decides their own."""
    move = machine.moves[name]
    if not move.leads_from(matter.state, missed=missed):
        raise MatterNotInState(matter.number, machine.states(matter.state).label, machine.basis)
    mine = parties(matter, by) & move.by
    if not mine:
        raise NotThisPartysMove(move.label, machine.basis)
    if mine <= ABOVE and involved(matter, by):
        raise OwnMatter(matter.number, machine.basis)
    return replace(matter, state=move.to), move


def open_to(
    machine: Machine, matter: Matter, by: Principal, *, missed: bool = False
) -> list[tuple[str, Move]]:
    """Return the moves that `step` would let the caller make now."""
    held = parties(matter, by)
    return [
        (name, move)
        for name, move in machine.moves.items()
        if move.leads_from(matter.state, missed=missed)
        and (mine := held & move.by)
        and not (mine <= ABOVE and involved(matter, by))
    ]


def involved(matter: Matter, by: Principal) -> bool:
    """Tell whether the caller is one of those between whom the matter is."""
    return by.answers_for(matter.filed_by) or by.organization in {
        matter.organization,
        matter.counterpart,
    }


def parties(matter: Matter, by: Principal) -> frozenset[Party]:
    """Return what the caller is in this matter."""
    held = {
        Party.FILER: by.organization == matter.organization,
        Party.COUNTERPART: by.organization is not None and by.organization == matter.counterpart,
        Party.COMPETENT: oversees(by),
        Party.GOVERNMENT: by.organization_kind is OrganizationKind.GOVERNMENT,
    }
    return frozenset(party for party, is_one in held.items() if is_one)
