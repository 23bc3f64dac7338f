"""The state machine of an application's part, as data (design, chapter 7). Pure.

A part is granted in one of two ways: on arrival, because its items' class is itself the right
(unconditional), or by the Commission's decision after an endorsement. `MOVES` has no third.
"""

from enum import StrEnum

from zhengshu_contracts.vocabulary import ApplicationState, SharingClass

S = ApplicationState


class Move(StrEnum):
    """What can happen to a part."""

    RETURN = "return"
    SUPPLEMENT = "supplement"
    ENDORSE = "endorse"
    DECLINE = "decline"
    FORWARD = "forward"
    CONSULT = "consult"
    ANSWER = "answer"
    GRANT = "grant"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


WITH_COMMISSION = frozenset({S.ENDORSED, S.FORWARDED, S.CONSULTING, S.REVIEWING})
OPEN = WITH_COMMISSION | {S.SUBMITTED, S.SUPPLEMENTING}
FINAL = frozenset(S) - OPEN

MOVES: dict[Move, tuple[frozenset[S], S]] = {
    Move.RETURN: (frozenset({S.SUBMITTED}), S.SUPPLEMENTING),
    Move.SUPPLEMENT: (frozenset({S.SUPPLEMENTING}), S.SUBMITTED),
    Move.ENDORSE: (frozenset({S.SUBMITTED}), S.ENDORSED),
    Move.DECLINE: (frozenset({S.SUBMITTED}), S.REFUSED),
    Move.FORWARD: (frozenset({S.ENDORSED}), S.FORWARDED),
    # A call-back may overtake the acceptance it belongs to, so it finds the part merely endorsed.
    Move.CONSULT: (frozenset({S.ENDORSED, S.FORWARDED}), S.CONSULTING),
    Move.ANSWER: (frozenset({S.CONSULTING}), S.REVIEWING),
    Move.GRANT: (WITH_COMMISSION, S.GRANTED),
    Move.REFUSE: (WITH_COMMISSION, S.REFUSED),
    Move.WITHDRAW: (OPEN, S.WITHDRAWN),
}
"""From which states each move leads, and where to."""

PROGRESS = (
    S.SUPPLEMENTING,
    S.SUBMITTED,
    S.ENDORSED,
    S.FORWARDED,
    S.CONSULTING,
    S.REVIEWING,
    S.GRANTED,
    S.WITHDRAWN,
    S.REFUSED,
)
"""Slowest first: an application is where its slowest part is."""


def arrival(sharing: SharingClass) -> ApplicationState:
    """Return the state a part of this class arrives in."""
    return {
        SharingClass.UNCONDITIONAL: S.GRANTED,
        SharingClass.CONDITIONAL: S.SUBMITTED,
        SharingClass.WITHHELD: S.REFUSED,
    }[sharing]


def may(state: ApplicationState, move: Move) -> bool:
    """Tell whether a part in this state can make the move."""
    return state in MOVES[move][0]
