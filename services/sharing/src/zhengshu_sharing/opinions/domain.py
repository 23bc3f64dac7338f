"""An opinion, from the Commission's question to the provider's answer. Knows no HTTP, SQL or NATS."""

from dataclasses import dataclass, replace
from datetime import datetime

from zhengshu_contracts.catalog import Consent
from zhengshu_contracts.grounds import RefusalGround
from zhengshu_contracts.limits import ItemMask, Quota
from zhengshu_contracts.sharing import OpinionIn
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


def answer(opinion: Opinion, given: OpinionIn, *, by: str, now: datetime) -> Opinion:
    """Agree, or refuse with a ground the law knows and reasons (Decree 809 Art. 21)."""
    refuses = given.outcome is Outcome.REFUSE
    if given.outcome not in ANSWERS:
        raise NoSuchOutcome
    if opinion.state is not OpinionState.REQUESTED:
        raise OpinionClosed(opinion.id, opinion.state)
    if refuses and not given.reason:
        raise ReasonMissing
    if refuses and given.ground is None:
        raise GroundMissing
    return replace(
        opinion,
        state=ANSWERS[given.outcome],
        ground=given.ground if refuses else None,
        reason=given.reason,
        masks=tuple(given.masks),
        quota=given.quota,
        consent=given.consent,
        answered_at=now,
        answered_by=by,
    )
