"""The life of a grant (Decree 809 Art. 27). Knows no HTTP, SQL or NATS."""

from dataclasses import dataclass, replace
from datetime import datetime

from zhengshu_contracts.identity import Principal
from zhengshu_contracts.policy import GrantPolicy
from zhengshu_contracts.vocabulary import GrantState, Mode

from zhengshu_sharing.access import oversees
from zhengshu_sharing.grants.errors import (
    GrantNotInState,
    HolderDoesNotSuspend,
    SuspendedByAnother,
)

LIVE = frozenset({GrantState.ACTIVE, GrantState.SUSPENDED})
"""Everything else is over; only these are told to the gateway."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Columns, rows, modes, purpose and period that one department holds of one dataset."""

    id: str
    part: str
    application: str
    dataset: str
    title: str
    holder: str
    provider: str
    items: tuple[str, ...]
    modes: tuple[Mode, ...]
    filter: str
    purpose: str
    starts: datetime
    ends: datetime
    state: GrantState = GrantState.ACTIVE
    reason: str | None = None
    suspended_by: str | None = None
    """The organisation that suspended it."""

    def policy(self) -> GrantPolicy:
        """Return the grant as the gateway decides from it."""
        return GrantPolicy(
            id=self.id,
            holder=self.holder,
            items=self.items,
            modes=self.modes,
            filter=self.filter,
            purpose=self.purpose,
            starts=self.starts,
            ends=self.ends,
            state=self.state,
        )


def suspend(grant: Grant, *, by: Principal, reason: str) -> Grant:
    """Stop a grant until its holder has put right what was wrong."""
    _not_holder(grant, by)
    _in(grant, GrantState.ACTIVE)
    return replace(grant, state=GrantState.SUSPENDED, reason=reason, suspended_by=by.organization)


def resume(grant: Grant, *, by: Principal, reason: str) -> Grant:
    """Take a suspended grant up again."""
    _not_holder(grant, by)
    _in(grant, GrantState.SUSPENDED)
    if not oversees(by) and by.organization != grant.suspended_by:
        raise SuspendedByAnother(grant.id)
    return replace(grant, state=GrantState.ACTIVE, reason=reason, suspended_by=None)


def revoke(grant: Grant, *, reason: str) -> Grant:
    """End a grant before its time: the holder's, the provider's and the competent department's right."""
    _in(grant, *LIVE)
    return replace(grant, state=GrantState.REVOKED, reason=reason)


def expire(grant: Grant, *, now: datetime) -> Grant | None:
    """End a grant whose period is over; None when it is not, or the grant is over already."""
    if grant.state not in LIVE or grant.ends > now:
        return None
    return replace(grant, state=GrantState.EXPIRED)


def _not_holder(grant: Grant, by: Principal) -> None:
    if by.organization == grant.holder and not oversees(by):
        raise HolderDoesNotSuspend(grant.id)


def _in(grant: Grant, *states: GrantState) -> None:
    if grant.state not in states:
        raise GrantNotInState(grant.id, grant.state)
