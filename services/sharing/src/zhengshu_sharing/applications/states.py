"""The state machine of an application's part, as data (design, chapter 7). Pure.

A part is granted in one of two ways: on arrival, because its items' class is itself the right
(unconditional), or by the Commission's decision after every consent of its chain. There is no third.
"""

from dataclasses import dataclass
from enum import StrEnum

from zhengshu_contracts.clocks import Term
from zhengshu_contracts.vocabulary import ApplicationState, Labelled, SharingClass

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
    SEND_BACK = "send_back"
    GRANT = "grant"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class Chain(StrEnum):
    """Who asks the provider: the Commission (the county's rule), or the county before it forwards."""

    COMMISSION = "commission"
    COUNTY = "county"


@dataclass(frozen=True, slots=True)
class Consent:
    """A link of a chain: the move that is a consent, whose it is, and how long it may take."""

    move: Move
    who: str
    term: Term | None = None
    always: bool = True
    """False: asked for where the Commission wants it."""


Moves = dict[Move, tuple[frozenset[S], S]]
"""From which states each move leads, and where to."""

OPEN = frozenset({S.SUBMITTED, S.SUPPLEMENTING, S.ENDORSED, S.FORWARDED, S.CONSULTING, S.REVIEWING})
FINAL = frozenset(S) - OPEN
SETTLED = frozenset({S.ENDORSED, S.FORWARDED, S.CONSULTING, S.REVIEWING, S.GRANTED})
"""States in which somebody has consented to the terms as they were."""

ENDORSEMENT = Consent(Move.ENDORSE, "县主管部门初审", Term.ENDORSEMENT)
DECISION = Consent(Move.GRANT, "市大数据委决定")

CONSENTS: dict[Chain, tuple[Consent, ...]] = {
    Chain.COMMISSION: (
        ENDORSEMENT,
        Consent(Move.ANSWER, "提供单位意见", Term.REPLY_CONDITIONAL, always=False),
        DECISION,
    ),
    Chain.COUNTY: (
        ENDORSEMENT,
        Consent(Move.ANSWER, "提供单位意见", Term.REPLY_CONDITIONAL),
        DECISION,
    ),
}
"""What a grant needs, in this order; the applicant's own office head consents with the application."""

_COMMON: Moves = {
    Move.RETURN: (frozenset({S.SUBMITTED}), S.SUPPLEMENTING),
    Move.SUPPLEMENT: (frozenset({S.SUPPLEMENTING}), S.SUBMITTED),
    Move.DECLINE: (frozenset({S.SUBMITTED}), S.REFUSED),
    Move.FORWARD: (frozenset({S.ENDORSED}), S.FORWARDED),
    Move.WITHDRAW: (OPEN, S.WITHDRAWN),
}
_HELD = {
    Chain.COMMISSION: frozenset({S.ENDORSED, S.FORWARDED, S.CONSULTING, S.REVIEWING}),
    Chain.COUNTY: frozenset({S.ENDORSED, S.FORWARDED}),
}

CHAINS: dict[Chain, Moves] = {
    Chain.COMMISSION: {
        **_COMMON,
        Move.ENDORSE: (frozenset({S.SUBMITTED}), S.ENDORSED),
        # A call-back may overtake the acceptance it belongs to, so it finds the part merely endorsed.
        Move.CONSULT: (frozenset({S.ENDORSED, S.FORWARDED}), S.CONSULTING),
        Move.ANSWER: (frozenset({S.CONSULTING}), S.REVIEWING),
        Move.SEND_BACK: (_HELD[Chain.COMMISSION], S.SUPPLEMENTING),
        Move.GRANT: (_HELD[Chain.COMMISSION], S.GRANTED),
        Move.REFUSE: (_HELD[Chain.COMMISSION], S.REFUSED),
    },
    Chain.COUNTY: {
        **_COMMON,
        Move.ENDORSE: (frozenset({S.SUBMITTED}), S.CONSULTING),
        # The provider was asked; whoever asks again gets no second opinion.
        Move.CONSULT: (frozenset(), S.CONSULTING),
        Move.ANSWER: (frozenset({S.CONSULTING}), S.ENDORSED),
        Move.SEND_BACK: (_HELD[Chain.COUNTY], S.SUPPLEMENTING),
        Move.GRANT: (_HELD[Chain.COUNTY], S.GRANTED),
        Move.REFUSE: (_HELD[Chain.COUNTY], S.REFUSED),
    },
}


class WaitsFor(Labelled):
    """Whom an application waits for."""

    APPLICANT = "applicant", "申请单位补正"
    COMPETENT = "competent", "主管部门初审"
    PROVIDER = "provider", "提供单位答复"
    COMMISSION = "commission", "市大数据委办理"


WAITING: dict[WaitsFor, frozenset[S]] = {
    WaitsFor.APPLICANT: frozenset({S.SUPPLEMENTING}),
    WaitsFor.COMPETENT: frozenset({S.SUBMITTED}),
    WaitsFor.PROVIDER: frozenset({S.CONSULTING}),
    WaitsFor.COMMISSION: frozenset({S.ENDORSED, S.FORWARDED, S.REVIEWING}),
}
"""In which states a part waits for whom; in every other it is over."""

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


def may(state: ApplicationState, move: Move, chain: Chain) -> bool:
    """Tell whether a part in this state can make the move."""
    return state in CHAINS[chain][move][0]


def with_commission(state: ApplicationState, chain: Chain) -> bool:
    """Tell whether the Commission has a part in this state, or is about to."""
    return state in _HELD[chain]


def term_of(chain: Chain, move: Move) -> Term:
    """Return how long whoever makes this move has."""
    [term] = [one.term for one in CONSENTS[chain] if one.move is move and one.term]
    return term
