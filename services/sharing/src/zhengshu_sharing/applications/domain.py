"""What may happen to an application, and who may do it. Knows no HTTP, SQL or NATS.

A function returns the application as it is afterwards, or raises why it stays as it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from zhengshu_contracts.catalog import Consent
from zhengshu_contracts.grounds import RefusalGround
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.limits import ItemMask, Quota
from zhengshu_contracts.vocabulary import (
    ApplicationState,
    Mode,
    Origin,
    SharingClass,
)

from zhengshu_sharing.applications.errors import (
    AlreadyReturned,
    ApplicationNotFound,
    GroundMissing,
    IncompletenessIsNoGround,
    MissingNotNamed,
    NothingLeft,
    NotPossibleNow,
    OwnApplication,
    TermsSettled,
)
from zhengshu_sharing.applications.states import (
    CHAINS,
    PROGRESS,
    SETTLED,
    Chain,
    Move,
    may,
    with_commission,
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the applicant declares (Decree 809 Art. 20)."""

    basis: str
    scenario: str
    scope: str
    purpose: str
    until: date
    consent: Consent


@dataclass(frozen=True, slots=True)
class Part:
    """One dataset and one class of its items: decided on its own."""

    id: str
    dataset: str
    title: str
    provider: str
    origin: Origin
    sharing: SharingClass
    items: tuple[str, ...]
    modes: tuple[Mode, ...]
    filter: str
    state: ApplicationState
    quota: Quota | None = None
    chain: Chain = Chain.COMMISSION
    reason: str | None = None
    grant: str | None = None

    def moved(self, move: Move, reason: str | None = None) -> "Part":
        """Return the part after a move that its state allows."""
        return replace(self, state=CHAINS[self.chain][move][1], reason=reason or self.reason)

    def may(self, move: Move) -> bool:
        """Tell whether the part can make the move."""
        return may(self.state, move, self.chain)

    @property
    def asked(self) -> bool:
        """Whether somebody has to consent: not to what its class alone grants or refuses."""
        return self.sharing is SharingClass.CONDITIONAL

    @property
    def with_commission(self) -> bool:
        """Whether the Commission has the part, or is about to."""
        return with_commission(self.state, self.chain)


@dataclass(frozen=True, slots=True)
class Application:
    """One case: one number, one timeline, a part per dataset and class."""

    id: str
    number: str
    organization: str
    submitted_by: str
    submitted_at: datetime
    terms: Terms
    parts: tuple[Part, ...]
    renews: str | None = None
    """The grant that this one is to follow."""
    returned_at: datetime | None = None
    supplemented_at: datetime | None = None

    @property
    def state(self) -> ApplicationState:
        """The state of the slowest part; once all are decided, the best of their outcomes."""
        return min((part.state for part in self.parts), key=PROGRESS.index)

    def part(self, part: str) -> Part:
        """Return one part."""
        for one in self.parts:
            if one.id == part:
                return one
        raise ApplicationNotFound(part)

    def with_part(self, changed: Part) -> "Application":
        """Return the application with one part replaced."""
        parts = tuple(changed if one.id == changed.id else one for one in self.parts)
        return replace(self, parts=parts)


@dataclass(frozen=True, slots=True)
class Award:
    """What a decision gives: never more than was applied for."""

    items: tuple[str, ...]
    until: date
    modes: tuple[Mode, ...] = ()
    filter: str = ""
    masks: tuple[ItemMask, ...] = ()
    quota: Quota | None = None


def endorse(application: Application, *, by: Principal) -> Application:
    """Let the parts that wait for it go on to the Commission."""
    others(application, by)
    return _advance(application, Move.ENDORSE)


def give_back(
    application: Application, *, by: Principal, missing: Iterable[str], now: datetime
) -> Application:
    """Ask for everything that is missing: once, and completely (Decree 809 Art. 21)."""
    others(application, by)
    if application.returned_at is not None:
        raise AlreadyReturned(application.id)
    if not any(text.strip() for text in missing):
        raise MissingNotNamed
    return replace(_advance(application, Move.RETURN), returned_at=now)


def decline(
    application: Application,
    *,
    by: Principal,
    ground: RefusalGround | None,
    reason: str,
    missing: Iterable[str] = (),
) -> Application:
    """Refuse, on a ground the law knows, what the competent department will not forward (Art. 21)."""
    others(application, by)
    if any(text.strip() for text in missing):
        raise IncompletenessIsNoGround
    return _advance(application, Move.DECLINE, grounded(ground, reason))


def grounded(ground: RefusalGround | None, reason: str) -> str:
    """Return a refusal as people read it, or raise that it names no ground."""
    if ground is None:
        raise GroundMissing
    return f"{ground.label}:{reason}"


def supplement(application: Application, *, terms: Terms, now: datetime) -> Application:
    """Take what was missing; the parts stay what they were.

    Terms that another part was endorsed, asked about or granted under are not changed behind it.
    """
    supplied = _advance(application, Move.SUPPLEMENT)
    changed = replace(terms, consent=application.terms.consent) != application.terms
    if changed and any(part.state in SETTLED for part in application.parts if part.asked):
        raise TermsSettled(application.id)
    return replace(supplied, terms=terms, supplemented_at=now)


def withdraw(application: Application) -> Application:
    """Withdraw every part that nobody has decided yet."""
    return _advance(application, Move.WITHDRAW)


def consult(part: Part) -> Part | None:
    """Ask the provider; None when the question comes too late, twice, or for no county provider."""
    if part.origin is Origin.MUNICIPAL or not part.may(Move.CONSULT):
        return None
    return part.moved(Move.CONSULT)


def award(
    part: Part,
    *,
    applied_until: date,
    shareable: frozenset[str],
    items: Iterable[str] | None,
    until: date | None,
    modes: Iterable[Mode] | None = None,
    condition: str = "",
    today: date,
    masks: Mapping[str, ItemMask],
    quota: Quota | None,
) -> Award:
    """Narrow what was applied for by what was decided, or raise that nothing is left.

    A decision never widens: items not applied for are dropped, and so is what has been withheld
    since; a later date than the applicant's is cut to it; a mode not applied for stays closed, and a row
    filter holds beside the applicant's. Masks stay with the items that are left.
    """
    decided = set(part.items if items is None else items)
    left = tuple(name for name in part.items if name in decided & shareable)
    last = min(applied_until, until or applied_until)
    opened = tuple(mode for mode in part.modes if modes is None or mode in set(modes))
    if not left:
        raise NothingLeft(
            "准予的信息项与申请没有交集,或已不可共享、不能按要求脱敏(市级数据一律不能)"
        )
    if not opened:
        raise NothingLeft("准予的共享方式与申请没有交集")
    if last < today:
        raise NothingLeft(f"使用时限 {last} 已过")
    return Award(
        left,
        last,
        modes=opened,
        filter="&".join(filter(None, (part.filter, condition))),
        masks=tuple(masks[name] for name in left if name in masks),
        quota=quota,
    )


def others(application: Application, by: Principal) -> None:
    """Refuse the applicant: nobody decides their own application, neither the person nor the organisation."""
    if by.answers_for(application.submitted_by) or by.organization == application.organization:
        raise OwnApplication(application.id)


def _advance(application: Application, move: Move, reason: str | None = None) -> Application:
    """Move every part that can make the move; refuse when none can."""
    parts = tuple(
        part.moved(move, reason) if part.may(move) else part for part in application.parts
    )
    if parts == application.parts:
        raise NotPossibleNow(application.id, application.state)
    return replace(application, parts=parts)
