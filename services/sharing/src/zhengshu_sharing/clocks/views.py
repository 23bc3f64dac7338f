"""Clocks as callers see them: what a thing waits for says by when, by whom and on which basis."""

from datetime import date
from typing import Any

from zhengshu_contracts.clocks import PERIODS
from zhengshu_contracts.sharing import ClockOut, ExtensionOut
from zhengshu_contracts.vocabulary import Outcome

from zhengshu_sharing.clocks.domain import Clock, overdue
from zhengshu_sharing.clocks.tables import ExtensionRow


def shown(clock: Clock, asked: ExtensionRow | None, *, on: date) -> ClockOut:
    """Return one clock, with the extension asked for."""
    return ClockOut(
        id=clock.id,
        term=clock.term,
        term_label=clock.term.label,
        matter=clock.matter,
        party=clock.party,
        received=clock.received,
        due=clock.due,
        due_provisional=clock.provisional,
        overdue=overdue(clock, on=on),
        paused=clock.paused_on is not None,
        basis=_basis(clock),
        extension=extension(asked),
    )


def extension(row: ExtensionRow | None) -> ExtensionOut | None:
    """Return an extension asked for, and what became of it."""
    if row is None:
        return None
    return ExtensionOut(
        days=row.days,
        reason=row.reason,
        asked_at=row.asked_at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        opinion=row.opinion,
    )


def deadline(clock: Clock | None) -> dict[str, Any]:
    """Return the members of `Deadline`; of a clock that was stopped only when it was due."""
    if clock is None:
        return {}
    timed = {"due": clock.due, "due_provisional": clock.provisional}
    if clock.closed_on or clock.paused_on:
        return timed
    return timed | {
        "due_term": clock.term.label,
        "due_party": clock.party,
        "due_basis": _basis(clock),
    }


def _basis(clock: Clock) -> str | None:
    basis = PERIODS[clock.term].basis
    return basis.label if basis else None
