"""The state machine of a grant, as data (Decree 809 Art. 27). Pure."""

from enum import StrEnum

from zhengshu_contracts.vocabulary import GrantState

S = GrantState


class Move(StrEnum):
    """What can happen to a grant."""

    SUSPEND = "suspend"
    RECTIFY = "rectify"
    RESUME = "resume"
    REVOKE = "revoke"
    EXPIRE = "expire"
    RENEW = "renew"
    DISPOSE = "dispose"


STOPPED = frozenset({S.SUSPENDED, S.RECTIFIED})
"""Opens nothing until it is resumed, and is not renewed before."""
LIVE = STOPPED | {S.ACTIVE}
"""Everything else is over; only these are told to the gateway, and only the active one opens anything."""

MOVES: dict[Move, tuple[frozenset[S], S]] = {
    # A rectification that does not suffice is suspended again.
    Move.SUSPEND: (frozenset({S.ACTIVE, S.RECTIFIED}), S.SUSPENDED),
    Move.RECTIFY: (frozenset({S.SUSPENDED}), S.RECTIFIED),
    Move.RESUME: (frozenset({S.SUSPENDED, S.RECTIFIED}), S.ACTIVE),
    Move.REVOKE: (LIVE, S.REVOKED),
    Move.EXPIRE: (LIVE, S.EXPIRED),
    # One suspended after the renewal was applied for hands its suspension on (domain.inherit).
    Move.RENEW: (LIVE, S.RENEWED),
    Move.DISPOSE: (frozenset({S.EXPIRED, S.REVOKED}), S.DISPOSED),
}
"""From which states each move leads, and where to."""
