"""An entry's life: who may compile, submit, review and see it, and what the platform above says of it.

Pure functions over frozen values; knows no HTTP, SQL or NATS. What its content must satisfy is in
`content`.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from zhengshu_contracts.catalog import (
    EntryIn,
    EntryPublished,
    EntryRetired,
    ItemBrief,
    MunicipalEntry,
)
from zhengshu_contracts.commission import EntryFiling
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.policy import DatasetPolicy, ItemPolicy
from zhengshu_contracts.vocabulary import (
    EntryState,
    OrganizationKind,
    Origin,
    Outcome,
    ResourceFormat,
    ServiceRegistrationState,
)

from zhengshu_catalog.entries.content import check_assessed, sharing_class
from zhengshu_catalog.entries.errors import (
    CategoryFixed,
    EntryNotFound,
    MunicipalReadOnly,
    NotProvider,
    OutcomeNotAllowed,
    SelfReview,
    StateNotAllowed,
)


@dataclass(frozen=True, slots=True)
class Revision:
    """One numbered content of an entry and how far it came."""

    entry: str
    number: int
    state: EntryState
    content: EntryIn
    authors: frozenset[str]
    """Clients that compiled it: none of them may review it."""
    compiled_at: datetime
    submitted_by: str | None = None
    submitted_at: datetime | None = None
    reviewed_by: str | None = None
    opinion: str | None = None
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry apart from its content: identity, owner, and what is published of it."""

    id: str
    code: str
    category: str
    provider: str
    provider_name: str
    origin: Origin
    state: EntryState
    revision: int = 0
    """Number of the published revision; 0 before the first."""
    revising: EntryState | None = None
    """How far the revision after the published one has come, if one is being worked on."""
    published_at: datetime | None = None
    municipal_code: str | None = None
    municipal_code_at: datetime | None = None
    """When the municipal platform said so: what it said earlier arrives too late."""
    registration: ServiceRegistrationState = ServiceRegistrationState.ABSENT
    registration_at: datetime | None = None
    service_code: str | None = None
    suspended: bool = False
    mend_by: date | None = None
    """Until when an entry taken over as it stood must have what it lacks."""
    retiring_reason: str | None = None
    """Why its provider wants it retired, while that waits for the competent department."""
    retiring_by: str | None = None
    retiring_at: datetime | None = None
    sequence: int | None = None
    """Place of its last change in the municipal catalogue; the county's own have none."""
    joined: bool = False
    """Whether it is a theme database: items and rows are its members', and so is its registration."""

    @property
    def published(self) -> bool:
        """Whether other departments may see it."""
        return self.revision > 0


def after(entry: Entry, working: Revision) -> Entry:
    """Return the entry as its working revision's new state leaves it."""
    if working.state is EntryState.PUBLISHED:
        return replace(
            entry,
            state=working.state,
            revision=working.number,
            revising=None,
            published_at=working.published_at,
            mend_by=None,
        )
    if entry.published:
        return replace(entry, revising=working.state)
    return replace(entry, state=working.state)


def new_entry(category: str, number: int, provider: str, provider_name: str) -> Entry:
    """Return a new entry of the county's own, without content yet."""
    return Entry(
        id=f"{category}-{number:06d}",
        code=f"{category}/{number:06d}",
        category=category,
        provider=provider,
        provider_name=provider_name,
        origin=Origin.COUNTY,
        state=EntryState.DRAFT,
    )


def take_over(entry: Entry, municipal_code: str, *, mend_by: date, at: datetime) -> Entry:
    """Return a new entry as it stood in the municipal catalogue: published, and to be mended."""
    return replace(
        entry,
        state=EntryState.PUBLISHED,
        revision=1,
        published_at=at,
        municipal_code=municipal_code,
        municipal_code_at=at,
        mend_by=mend_by,
    )


def sees_drafts(reader: Principal, provider: str) -> bool:
    """Tell whether a caller sees what is not published: provider and competent department do."""
    return reader.organization == provider or is_competent(reader)


def is_competent(principal: Principal) -> bool:
    """Tell whether a caller belongs to the competent department."""
    return principal.organization_kind is OrganizationKind.COMPETENT


def check_visible(entry: Entry, reader: Principal) -> None:
    """Hide an unpublished entry from everybody but its provider and the competent department."""
    if not entry.published and not sees_drafts(reader, entry.provider):
        raise EntryNotFound(entry.id)


def check_provider(entry: Entry, by: Principal) -> None:
    """Refuse whoever is not the provider; what they may not see is not there for them."""
    check_visible(entry, by)
    if entry.origin is Origin.MUNICIPAL:
        raise MunicipalReadOnly
    if entry.provider != by.organization:
        raise NotProvider


def first_revision(entry: str, content: EntryIn, *, by: Principal, at: datetime) -> Revision:
    """Start a new entry's first draft."""
    return Revision(entry, 1, EntryState.DRAFT, content, frozenset({by.id}), at)


def revise(
    entry: Entry, working: Revision | None, content: EntryIn, *, by: Principal, at: datetime
) -> Revision:
    """Replace the working draft's content, or start the next revision of a published entry."""
    check_provider(entry, by)
    if content.category != entry.category:
        raise CategoryFixed(entry.category)
    _check_alive(entry)
    if working and working.state is EntryState.SUBMITTED:
        raise StateNotAllowed(working.state, "请等待主管部门审核,或请其退回修改")
    number, authors = (
        (working.number, working.authors) if working else (entry.revision + 1, frozenset[str]())
    )
    draft = Revision(entry.id, number, EntryState.DRAFT, content, authors | {by.id}, at)
    return replace(draft, opinion=working.opinion if working else None)


def submit(entry: Entry, working: Revision | None, *, by: Principal, at: datetime) -> Revision:
    """Hand a draft to the competent department, once assessed and consented to (Art. 13)."""
    check_provider(entry, by)
    _check_alive(entry)
    if working is None or working.state is EntryState.SUBMITTED:
        state = working.state if working else entry.state
        raise StateNotAllowed(state, "只有草稿或被退回的目录条目可以提交")
    check_assessed(working.content)
    return replace(working, state=EntryState.SUBMITTED, submitted_by=by.id, submitted_at=at)


def review(
    entry: Entry,
    working: Revision | None,
    *,
    outcome: Outcome,
    opinion: str,
    by: Principal,
    at: datetime,
) -> Revision:
    """Publish or return a submitted revision; nobody reviews their own (Art. 16)."""
    if outcome is Outcome.REFUSE:
        raise OutcomeNotAllowed
    _check_alive(entry)
    if working is None or working.state is not EntryState.SUBMITTED:
        raise StateNotAllowed(working.state if working else entry.state, "只能审核待审核的目录条目")
    if _is_own(entry, working, by):
        raise SelfReview
    reviewed = replace(working, reviewed_by=by.id, opinion=opinion)
    if outcome is Outcome.RETURN:
        return replace(reviewed, state=EntryState.RETURNED)
    return replace(reviewed, state=EntryState.PUBLISHED, published_at=at)


def _check_alive(entry: Entry) -> None:
    if entry.state is EntryState.RETIRED:
        raise StateNotAllowed(entry.state, "已停用的目录条目不能再修订,请另行编制")


def _is_own(entry: Entry, working: Revision, by: Principal) -> bool:
    # The competent department reviews its own entries for want of another reviewer, by another officer.
    same_house = by.organization == entry.provider and not is_competent(by)
    involved = (working.submitted_by, *working.authors)
    return same_house or any(by.answers_for(one) for one in involved)


def register(entry: Entry, code: str, at: datetime) -> Entry | None:
    """Note the municipal code; None when this or something later was said before."""
    if not entry.published or entry.origin is Origin.MUNICIPAL:
        return None
    if entry.municipal_code_at and at <= entry.municipal_code_at:
        return None
    return replace(entry, municipal_code=code, municipal_code_at=at)


def change_service(
    entry: Entry,
    state: ServiceRegistrationState,
    at: datetime,
    *,
    service_code: str | None = None,
) -> Entry | None:
    """Note a service registration or its withdrawal; None when it comes too late to count.

    The order of what was said decides, not the order of arrival; of two at one instant, the withdrawal.
    """
    if not entry.published or entry.origin is Origin.MUNICIPAL or entry.joined:
        return None
    withdrawn = ServiceRegistrationState.WITHDRAWN
    known = entry.registration_at
    if known and (at, state is withdrawn) <= (known, entry.registration is withdrawn):
        return None
    return replace(
        entry,
        registration=state,
        registration_at=at,
        service_code=service_code or entry.service_code,
    )


def copy(known: Entry | None, told: MunicipalEntry, at: datetime) -> Entry | None:
    """Take a change of the municipal catalogue; None when it is known or not ours to take.

    An entry of the county's own is never overwritten.
    """
    if known and (known.origin is Origin.COUNTY or told.sequence <= (known.sequence or 0)):
        return None
    if known and told.revision < known.revision:
        return None
    return Entry(
        id=told.id,
        code=told.code,
        category=told.id.rpartition("-")[0],
        provider=told.provider,
        provider_name=told.provider_name,
        origin=Origin.MUNICIPAL,
        state=EntryState.RETIRED if told.retired else EntryState.PUBLISHED,
        revision=told.revision,
        published_at=at,
        municipal_code=told.municipal_code,
        sequence=told.sequence,
    )


def copied_revision(told: MunicipalEntry, at: datetime) -> Revision:
    """Return a municipal entry's content; its format is that of a service of the municipal platform.

    Texts are cut to what an entry here may hold: one long title must not hold the whole copy up.
    """
    content = EntryIn(
        category=told.id.rpartition("-")[0],
        title=told.title[:50].ljust(2, "…"),
        abstract=told.abstract[:256] or told.title[:256] or "…",
        format=ResourceFormat.SERVICE,
        update_cycle=told.update_cycle,
        items=told.items,
        state_secret=False,
        work_secret=False,
    )
    published = EntryState.PUBLISHED
    return Revision(
        told.id, told.revision, published, content, frozenset(), compiled_at=at, published_at=at
    )


def policy(entry: Entry, content: EntryIn) -> DatasetPolicy:
    """Say what the gateway must know to decide about the entry's dataset."""
    return DatasetPolicy(
        id=entry.id,
        title=content.title,
        # A theme's rows are nobody's own: not even its lead has them but by class and grant.
        provider="" if entry.joined else entry.provider,
        origin=entry.origin,
        state=entry.state,
        revision=entry.revision,
        items=tuple(
            ItemPolicy.model_validate(item, from_attributes=True) for item in content.items
        ),
        key=tuple(item.name for item in content.items if item.key),
        registration=entry.registration,
        suspended=entry.suspended,
        municipal_code=entry.municipal_code,
        modes=tuple(dict.fromkeys(content.modes)),
    )


def announcement(entry: Entry, content: EntryIn) -> EntryPublished | EntryRetired:
    """Return the event of an entry's newest published state."""
    if entry.state is EntryState.RETIRED:
        return EntryRetired(entry=entry.id, provider=entry.provider)
    return EntryPublished(
        entry=entry.id,
        code=entry.code,
        revision=entry.revision,
        title=content.title,
        abstract=content.abstract,
        provider=entry.provider,
        provider_name=entry.provider_name,
        origin=entry.origin,
        update_cycle=content.update_cycle,
        sharing=sharing_class(content.items),
        items=tuple(ItemBrief.model_validate(item, from_attributes=True) for item in content.items),
        municipal_code=entry.municipal_code,
        modes=tuple(dict.fromkeys(content.modes)),
        mend_by=entry.mend_by,
    )


def filing(entry: Entry, content: EntryIn) -> EntryFiling:
    """Return what the Commission is told of a published revision."""
    return EntryFiling(
        entry=entry.id,
        code=entry.code,
        revision=entry.revision,
        title=content.title,
        abstract=content.abstract,
        provider=entry.provider,
        provider_name=entry.provider_name,
        update_cycle=content.update_cycle,
        items=content.items,
        municipal_code=entry.municipal_code,
        provider_office=content.provider_office,
        modes=tuple(content.modes),
        opening_condition=content.opening_condition,
    )
