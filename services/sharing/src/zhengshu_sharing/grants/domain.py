"""The life of a grant (Decree 809 Art. 27). Knows no HTTP, SQL or NATS."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.limits import ItemMask, Quota
from zhengshu_contracts.policy import GrantPolicy
from zhengshu_contracts.sharing import Consultation
from zhengshu_contracts.vocabulary import GrantState, Mode

from zhengshu_sharing.access import oversees
from zhengshu_sharing.grants.errors import (
    ConsultationMissing,
    GrantNotInState,
    HolderDoesNotSuspend,
    NotRectified,
    RectificationAwaited,
    StopTooSoon,
    SuspendedByAnother,
)
from zhengshu_sharing.grants.states import LIVE, MOVES, STOPPED, Move

RETIRED = "目录已停用,数据不再提供"


@dataclass(frozen=True, slots=True)
class Grant:
    """Columns, rows, masks, modes, purpose, period and quota that one department holds of one dataset."""

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
    masks: tuple[ItemMask, ...] = ()
    quota: Quota | None = None
    state: GrantState = GrantState.ACTIVE
    reason: str | None = None
    suspended_by: str | None = None
    """The organisation that suspended it."""
    rectification: str | None = None
    renews: str | None = None

    def policy(self) -> GrantPolicy:
        """Return the grant as the gateway decides from it."""
        return GrantPolicy(
            id=self.id,
            holder=self.holder,
            items=self.items,
            modes=self.modes,
            filter=self.filter,
            masks=self.masks,
            quota=self.quota,
            purpose=self.purpose,
            starts=self.starts,
            ends=self.ends,
            state=self.state,
        )


@dataclass(frozen=True, slots=True)
class Stop:
    """A provider's announcement that a grant ends before its time."""

    grant: str
    number: str
    reason: str
    consultation: Consultation
    ends: date
    announced_by: str
    announced_at: datetime


def suspend(grant: Grant, *, by: Principal, reason: str) -> Grant:
    """Stop a grant until its holder has put right what was wrong."""
    _not_holder(grant, by)
    suspended = _moved(grant, Move.SUSPEND)
    return replace(suspended, reason=reason, suspended_by=by.organization, rectification=None)


def rectify(grant: Grant, *, report: str) -> Grant:
    """Take the holder's word of what was put right; whoever suspended judges it."""
    return replace(_moved(grant, Move.RECTIFY), rectification=report)


def resume(grant: Grant, *, by: Principal, reason: str) -> Grant:
    """Take a suspended grant up again: after a rectification, or because it was suspended in error."""
    _not_holder(grant, by)
    resumed = _moved(grant, Move.RESUME)
    if not oversees(by):
        if by.organization != grant.suspended_by:
            raise SuspendedByAnother(grant.id)
        if grant.state is not GrantState.RECTIFIED:
            raise NotRectified(grant.id)
    return replace(resumed, reason=reason, suspended_by=None)


def revoke(grant: Grant, *, by: Principal, reason: str, rectify_by: date | None) -> Grant:
    """End a grant before its time; `rectify_by` is until when its holder may still put things right.

    The holder needs it no longer, or the competent department ends it. A provider ends at once only what it
    suspended for misuse and what was not put right, or not well; anything else it consults on, files and
    tells ahead.
    """
    revoked = _moved(grant, Move.REVOKE)
    provides = by.organization == grant.provider and not oversees(by)
    if provides and grant.suspended_by != by.organization:
        raise ConsultationMissing(grant.id)
    if provides and rectify_by is not None:
        raise RectificationAwaited(grant.id, rectify_by)
    return replace(revoked, reason=reason)


def take_back(grant: Grant, *, reason: str) -> Grant | None:
    """End a grant that the Commission refuses after all; None when it is over already."""
    if grant.state not in LIVE:
        return None
    return replace(_moved(grant, Move.REVOKE), reason=reason)


def announce_stop(grant: Grant, stop: Stop, *, earliest: date) -> Grant:
    """Let a grant end on the announced day, which is far enough ahead for its holder to prepare."""
    _moved(grant, Move.REVOKE)
    if stop.consultation.on > day_of(stop.announced_at):
        raise ConsultationMissing(grant.id)
    if stop.ends < earliest:
        raise StopTooSoon(grant.id, earliest)
    return grant


def expire(grant: Grant, *, now: datetime, stopped: str | None = None) -> Grant | None:
    """End a grant whose period is over; None when it is not, or the grant is over already.

    One whose provider had announced a stop ends as revoked, for the reason it gave.
    """
    if grant.state not in LIVE or grant.ends > now:
        return None
    if stopped is not None:
        return replace(_moved(grant, Move.REVOKE), reason=stopped)
    return _moved(grant, Move.EXPIRE)


def retire(grant: Grant) -> Grant:
    """End a grant on what is no longer provided."""
    return replace(_moved(grant, Move.REVOKE), reason=RETIRED)


def inherit(grant: Grant, renewed: Grant) -> Grant:
    """Let a new grant begin suspended where the one it renews is: no renewal ends a suspension."""
    if renewed.state not in STOPPED or renewed.dataset != grant.dataset:
        return grant
    return replace(
        grant,
        state=renewed.state,
        reason=renewed.reason,
        suspended_by=renewed.suspended_by,
        rectification=renewed.rectification,
    )


def renew(grant: Grant) -> Grant | None:
    """Let a grant give way to the one that renews it; None when it is over already."""
    return _moved(grant, Move.RENEW) if grant.state in LIVE else None


def dispose(grant: Grant) -> Grant:
    """Close a grant whose data were disposed of."""
    return _moved(grant, Move.DISPOSE)


def _not_holder(grant: Grant, by: Principal) -> None:
    if by.organization == grant.holder and not oversees(by):
        raise HolderDoesNotSuspend(grant.id)


def _moved(grant: Grant, move: Move) -> Grant:
    froms, to = MOVES[move]
    if grant.state not in froms:
        raise GrantNotInState(grant.id, grant.state)
    return replace(grant, state=to)
