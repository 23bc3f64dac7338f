"""What a kind of matter is, as data: its states, who may make which move, and whose clock then runs. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from zhengshu_contracts.basis import Basis
from zhengshu_contracts.clocks import Term
from zhengshu_contracts.vocabulary import Labelled


class Party(StrEnum):
    """Whose move it is."""

    FILER = "filer"
    COUNTERPART = "counterpart"
    COMPETENT = "competent"
    GOVERNMENT = "government"
    CATALOGUE = "catalogue"
    """Nobody: it happens with what is published in the catalogue."""


Waits = tuple[Term, Party]
"""The period that begins, and for whom."""


@dataclass(frozen=True, slots=True)
class Move:
    """One move: from where, to where, by whom, how the timeline calls it."""

    froms: frozenset[str]
    to: str
    by: frozenset[Party]
    label: str
    waits: Waits | None = None
    """Whoever has to act next; None: nobody, or nobody with a clock."""
    missed: frozenset[str] = frozenset()
    """States that it leads from too, once whoever had to act there missed the period."""

    def leads_from(self, state: str, *, missed: bool) -> bool:
        """Tell whether it can be made in a state."""
        return state in self.froms or (missed and state in self.missed)


@dataclass(frozen=True, slots=True)
class Machine:
    """A kind of matter."""

    kind: str
    prefix: str
    paper: str
    """What its numbers say: 罗政数校〔2026〕000001 号."""
    states: type[Labelled]
    start: str
    waits: Waits | None
    moves: Mapping[str, Move]
    basis: Basis


def move(
    froms: tuple[str, ...],
    to: str,
    by: tuple[Party, ...],
    label: str,
    waits: Waits | None = None,
    missed: tuple[str, ...] = (),
) -> Move:
    """Write a move in one line."""
    return Move(frozenset(froms), to, frozenset(by), label, waits, frozenset(missed))
