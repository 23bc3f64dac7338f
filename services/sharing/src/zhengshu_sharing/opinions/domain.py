"""An opinion, from the Commission's question to the provider's answer. Knows no HTTP, SQL or NATS."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from zhengshu_contracts.catalog import Consent
from zhengshu_contracts.grounds import RefusalGround
from zhengshu_contracts.limits import ItemMask, Quota
from zhengshu_contracts.vocabulary import OpinionState, Outcome

from zhengshu_sharing.applications.errors import GroundMissing
from zhengshu_sharing.opinions.errors import NoSuchOutcome, OpinionClosed, ReasonMissing

ANSWERS = {Outcome.AGREE: OpinionState.AGREED, Outcome.REFUSE: OpinionState.REFUSED}


@dataclass(frozen=True, slots=True)
class Opinion:
    """One question to one provider about one part."""

    id: str
    part: str
    application: str
    provider: str
    requested_at: datetime
    state: OpinionState = OpinionState.REQUESTED
    ground: RefusalGround | None = None
    reason: str = ""
    masks: tuple[ItemMask, ...] = ()
    quota: Quota | None = None
    consent: Consent | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None


def answer(
    opinion: Opinion,
    *,
    outcome: Outcome,
    reason: str,
    consent: Consent,
    by: str,
    now: datetime,
    ground: RefusalGround | None = None,
    masks: Iterable[ItemMask] = (),
    quota: Quota | None = None,
) -> Opinion:
    """Agree, or refuse with a ground the law knows and reasons (Decree 809 Art. 21)."""
    if outcome not in ANSWERS:
        raise NoSuchOutcome
    if opinion.state is not OpinionState.REQUESTED:
        raise OpinionClosed(opinion.id, opinion.state)
    if outcome is Outcome.REFUSE and not reason:
        raise ReasonMissing
    if outcome is Outcome.REFUSE and ground is None:
        raise GroundMissing
    return replace(
        opinion,
        state=ANSWERS[outcome],
        ground=ground if outcome is Outcome.REFUSE else None,
        reason=reason,
        masks=tuple(masks),
        quota=quota,
        consent=consent,
        answered_at=now,
        answered_by=by,
    )
