"""Decides an access: the table of design section 6, as rules in one order. Pure; knows no transport.

`decide` asks each rule in turn. A rule answers with a decision, or with None when the case is not its
business; a case that no rule takes is refused. What is missing, unknown or not yet valid never opens.
"""

from collections.abc import Callable, Collection
from operator import attrgetter

from zhengshu_contracts.basis import Basis
from zhengshu_contracts.identity import View
from zhengshu_contracts.limits import ItemMask
from zhengshu_contracts.policy import Writer
from zhengshu_contracts.roles import READERS, Action, admitted
from zhengshu_contracts.vocabulary import (
    EntryState,
    GrantState,
    ListingState,
    Mode,
    OpeningClass,
    OrganizationKind,
    Origin,
    PrincipalKind,
    ServiceRegistrationState,
)

from zhengshu_gateway import refusals
from zhengshu_gateway.case import CATALOG, OPENING, SHARING, Case, Decision
from zhengshu_gateway.facts import Authorization, Dataset, Grant, Item, Listing

MODES: dict[Action, frozenset[Mode]] = {
    Action.DATASET_QUERY: frozenset({Mode.QUERY}),
    Action.DATASET_VERIFY: frozenset({Mode.VERIFY}),
    Action.DATASET_EXPORT: frozenset({Mode.EXPORT}),
    Action.DATASET_CHANGES: frozenset({Mode.SUBSCRIBE}),
    Action.DATASET_SUBSCRIBE: frozenset({Mode.SUBSCRIBE}),
    Action.DATASET_UPLOAD: frozenset({Mode.SUBSCRIBE}),
    Action.OPEN_READ: frozenset({Mode.QUERY, Mode.EXPORT}),
}
"""Data actions and the modes each can be asked in; no other action yields rows."""

GENERAL = frozenset({OpeningClass.GENERAL})
OPEN = frozenset({OpeningClass.GENERAL, OpeningClass.AUTHORIZED})
STANDING = frozenset({ListingState.BUILDING, ListingState.LISTED})

# What every decision looks at: a member of an enumeration costs a look-up in its class each time.
OPEN_READ, UPLOAD = Action.OPEN_READ, Action.DATASET_UPLOAD
COMPETENT, ENTERPRISE = OrganizationKind.COMPETENT, OrganizationKind.PUBLIC_SERVICE_ENTERPRISE
COUNTY, MUNICIPAL, PUBLISHED = Origin.COUNTY, Origin.MUNICIPAL, EntryState.PUBLISHED
ACTIVE, REGISTERED = GrantState.ACTIVE, ServiceRegistrationState.LIVE
ENDS = attrgetter("ends")

Rule = Callable[[Case, Dataset], Decision | None]


def decide(case: Case) -> Decision:
    """Decide one access."""
    principal, dataset = case.principal, case.dataset
    if not admitted(case.action, principal.kind, principal.roles):
        return refusals.role_not_admitted()
    if case.mode is None or case.mode not in MODES.get(case.action, ()):
        return refusals.mode_not_granted(case.mode)
    if dataset is None:
        return refusals.dataset_unknown()
    for rule in RULES:
        decision = rule(case, dataset)
        if decision is not None:
            return decision
    return refusals.role_not_admitted()


def provider_own_rows(case: Case, dataset: Dataset) -> Decision | None:
    """A provider always has its own rows, whatever their class or state."""
    owner = case.principal.organization
    if owner != dataset.provider or not owner or case.action is UPLOAD or not _shares(case):
        return None
    return _answer(case, dataset, "provider-own-rows", Basis.DECREE_11, dataset.names)


def published(_: Case, dataset: Dataset) -> Decision | None:
    """Only what is published in the catalogue is shared, opened or uploaded."""
    if dataset.state is PUBLISHED:
        return None
    return refusals.entry_not_published(dataset.state)


def unsuspended(_: Case, dataset: Dataset) -> Decision | None:
    """A suspension stops everybody but the provider."""
    return None if dataset.suspended is False else refusals.dataset_suspended()


def upload(case: Case, dataset: Dataset) -> Decision | None:
    """The commission worker uploads the county's items that are not withheld, registered or not."""
    if case.action is not UPLOAD:
        return None
    if dataset.origin is not COUNTY:
        return refusals.not_uploaded()
    names = dataset.unconditional | dataset.conditional
    return _answer(case, dataset, "upload", Basis.MEASURES_REGISTER, names)


def competent_reads_no_rows(case: Case, _: Dataset) -> Decision | None:
    """Who supervises does not use."""
    if case.principal.organization_kind is COMPETENT and _shares(case):
        return refusals.competent_reads_no_rows()
    return None


def enterprise_does_not_read(case: Case, _: Dataset) -> Decision | None:
    """A public-service enterprise provides; of others' data it has only what is open."""
    if case.principal.organization_kind is ENTERPRISE and _shares(case):
        return refusals.enterprise_does_not_read()
    return None


def withheld(case: Case, dataset: Dataset) -> Decision | None:
    """What the law withholds is refused with that law, registered (it never is) or not."""
    if not dataset.withheld or not _shares(case) or not _reader(case):
        return None
    if case.requested is None:
        asked = frozenset() if dataset.unconditional or dataset.conditional else dataset.withheld
    else:
        asked = dataset.withheld.intersection(case.requested)
    return refusals.items_withheld(_items(dataset, asked)) if asked else None


def registered(_: Case, dataset: Dataset) -> Decision | None:
    """Nothing is served without a live service registration; a municipal entry has its own code."""
    if dataset.origin is MUNICIPAL and dataset.municipal_code:
        return None
    if dataset.registration is REGISTERED and dataset.origin is COUNTY:
        return None
    return refusals.no_service_registration(dataset.registration)


def opening_system_export(case: Case, dataset: Dataset) -> Decision | None:
    """Opening's own system exports what is to be open, and reads nothing else."""
    if not case.opener or case.action is OPEN_READ:
        return None
    listing = case.listing
    if case.mode is not Mode.EXPORT or listing is None or listing.state not in STANDING:
        return refusals.listing_unknown()
    names = [one.name for one in dataset.items if _opened(one, dataset, listing) in OPEN]
    return _answer(case, dataset, "opening-system-export", Basis.MEASURES_OPENING, names, OPENING)


def open_door(case: Case, dataset: Dataset) -> Decision | None:
    """What is open: general items to anyone, authorised ones to their authorised applicant."""
    if case.action is not OPEN_READ:
        return None
    listing = case.listing
    if listing is None or listing.state is not ListingState.LISTED:
        return refusals.listing_unknown()
    right = _authorization(case, listing)
    admits = OPEN if right else GENERAL
    return _answer(
        case,
        dataset,
        "open-authorized" if right else "open-general",
        Basis.MEASURES_OPENING,
        [one.name for one in dataset.items if _opened(one, dataset, listing) in admits],
        OPENING,
        # A file holds every column of its snapshot: whoever may not have one may not have it.
        wanted=listing.items if case.mode is Mode.EXPORT else None,
        authorization=right.id if right else None,
    )


def offered(case: Case, dataset: Dataset) -> Decision | None:
    """A mode that is not offered is open to nobody but the holder of a live grant in it.

    What was granted stays: no revision of the entry ends a service by itself (Decree 809 Art. 27).
    """
    if case.mode in dataset.offered or not _reader(case):
        return None
    if any(case.mode in grant.modes and _live(grant, case) for grant in case.grants):
        return None
    return refusals.mode_not_offered(case.mode, dataset.offered)


def unconditional(case: Case, dataset: Dataset) -> Decision | None:
    """Unconditional items at once, when nothing conditional was asked for."""
    if not _reader(case) or _asked(case, dataset):
        return None
    if not case.registered:
        return _answer(case, dataset, "unconditional", Basis.DECREE_14, dataset.unconditional)
    registered = [grant for grant in case.grants if _registers(grant, case, dataset)]
    record = max(registered, key=ENDS, default=None)
    free = _free(case, dataset)
    return _answer(case, dataset, "unconditional", Basis.DECREE_21, free, SHARING, grant=record)


def granted(case: Case, dataset: Dataset) -> Decision | None:
    """Conditional items under one live grant for exactly its columns, rows and modes."""
    if not _reader(case):
        return None
    asked = _asked(case, dataset)
    live = alive = [grant for grant in case.grants if _live(grant, case)]
    if case.purpose is not None:
        live = [grant for grant in alive if grant.purpose == case.purpose]
        if alive and not live:
            return refusals.purpose_not_granted(alive)
    usable = [grant for grant in live if case.mode in grant.modes and _serves(grant, case, asked)]
    if len(usable) > 1 and len({_terms(one) for one in usable}) > 1:
        return refusals.grant_not_named(usable)
    if not usable:
        others = [one for one in live if case.mode not in one.modes and _serves(one, case, asked)]
        return _ungranted(case, dataset, bool(others))
    grant = max(usable, key=ENDS) if len(usable) > 1 else usable[0]
    names = _free(case, dataset) | asked.intersection(grant.items)
    return _answer(case, dataset, "granted", Basis.DECREE_15, names, SHARING, grant=grant)


RULES: tuple[Rule, ...] = (
    provider_own_rows,
    published,
    unsuspended,
    upload,
    competent_reads_no_rows,
    enterprise_does_not_read,
    withheld,
    registered,
    opening_system_export,
    open_door,
    offered,
    unconditional,
    granted,
)


def _answer(
    case: Case,
    dataset: Dataset,
    rule: str,
    basis: Basis,
    visible: Collection[str],
    uses: frozenset[Writer] = CATALOG,
    *,
    wanted: tuple[str, ...] | None = None,
    grant: Grant | None = None,
    authorization: str | None = None,
) -> Decision:
    """Let the visible columns through; refuse if one was named that is not, or if none is left.

    What was `wanted` is what the caller named, if the rule does not say otherwise.
    """
    if wanted is None:
        wanted = case.requested
    if wanted is None:
        columns = tuple([name for name in dataset.names if name in visible])
    else:
        hidden = [name for name in wanted if name not in visible]
        if hidden:
            return _refused(case, dataset, hidden)
        columns = tuple([name for name in dataset.names if name in wanted])
    if not columns:
        return _refused(case, dataset, dataset.names)
    key = tuple([name for name in dataset.key if name in columns])
    if grant is None:
        view = View(columns, "", (), key)
        return Decision(rule, basis, view, uses, authorization=authorization)
    view = View(columns, grant.filter, _masks(grant, columns), key)
    return Decision(rule, basis, view, uses, grant.id, grant.quota, grant.purpose)


def _masks(grant: Grant, columns: tuple[str, ...]) -> tuple[ItemMask, ...]:
    """Return the masks of the columns that leave."""
    if not grant.masks:
        return ()
    return tuple([one for one in grant.masks if one.item in columns])


def _refused(case: Case, dataset: Dataset, names: Collection[str]) -> Decision:
    """Say why these columns are not let through: unknown, not open, withheld, or to be applied for."""
    hidden = _items(dataset, names)
    unknown = set(names).difference(dataset.names)
    if unknown:
        return refusals.items_unknown(unknown)
    if not _shares(case):
        return _not_open(case, dataset, hidden)
    if case.registered and not dataset.unconditional.isdisjoint(names):
        return refusals.use_not_registered()
    conditional = tuple(item for item in hidden if item.name not in dataset.withheld)
    if not conditional:
        return refusals.items_withheld(hidden)
    return refusals.items_conditional(conditional, case.mode)


def _not_open(case: Case, dataset: Dataset, hidden: tuple[Item, ...]) -> Decision:
    listing = case.listing
    if any(_opened(item, dataset, listing) is OpeningClass.AUTHORIZED for item in hidden):
        return refusals.authorization_required()
    return refusals.listing_unknown()


def _ungranted(case: Case, dataset: Dataset, granted_otherwise: bool) -> Decision:
    """Without a grant the unconditional items remain; of conditional ones say what is missing."""
    free = _free(case, dataset)
    decision = _answer(case, dataset, "unconditional", Basis.DECREE_14, free, SHARING)
    if decision.rule == "items-conditional" and granted_otherwise:
        return refusals.mode_not_granted(case.mode)
    return decision


def _free(case: Case, dataset: Dataset) -> frozenset[str]:
    """Unconditional items that the caller may have: all, or those whose use it has registered."""
    if not case.registered:
        return dataset.unconditional
    registered = (grant for grant in case.grants if _registers(grant, case, dataset))
    return frozenset(name for grant in registered for name in grant.items)


def _registers(grant: Grant, case: Case, dataset: Dataset) -> bool:
    """Whether a grant is the record of a use of unconditional items: theirs alone, and live."""
    return (
        dataset.unconditional.issuperset(grant.items)
        and case.mode in grant.modes
        and case.purpose in {None, grant.purpose}
        and _live(grant, case)
    )


def _shares(case: Case) -> bool:
    """Whether this is one department's read of what another provides."""
    return case.action is not OPEN_READ and not case.opener


def _reader(case: Case) -> bool:
    return case.principal.organization_kind in READERS and bool(case.principal.organization)


def _asked(case: Case, dataset: Dataset) -> frozenset[str]:
    """Names of the conditional items that the caller asks for."""
    if case.requested is None:
        return dataset.conditional
    return dataset.conditional.intersection(case.requested)


def _items(dataset: Dataset, names: Collection[str]) -> tuple[Item, ...]:
    return tuple(item for item in dataset.items if item.name in names)


def _terms(grant: Grant) -> tuple[object, ...]:
    """Everything of a grant but its end: grants alike in it are one to their holder."""
    return grant.purpose, grant.filter, frozenset(grant.items), frozenset(grant.masks), grant.quota


def _live(grant: Grant, case: Case) -> bool:
    return (
        grant.state is ACTIVE
        and grant.holder == case.principal.organization
        and grant.starts <= case.now < grant.ends
        and (case.named is None or case.named == grant.id)
    )


def _serves(grant: Grant, case: Case, asked: frozenset[str]) -> bool:
    """Whether a grant covers every conditional item that was named, or any when none was."""
    if case.requested is None:
        return not asked.isdisjoint(grant.items)
    return asked == asked.intersection(grant.items)


def _authorization(case: Case, listing: Listing) -> Authorization | None:
    """Find the applicant's live right."""
    if case.principal.kind is not PrincipalKind.APPLICANT:
        return None
    for one in listing.authorizations:
        if one.applicant == case.principal.id and case.now < one.ends:
            return one
    return None


def _opened(item: Item, dataset: Dataset, listing: Listing | None) -> OpeningClass:
    """The stricter of what the item and its listing say; what may not be shared is never open."""
    if listing is None or item.name not in listing.items or item.name in dataset.withheld:
        return OpeningClass.CLOSED
    if item.opening not in OPEN or listing.opening not in OPEN:
        return OpeningClass.CLOSED
    if OpeningClass.AUTHORIZED in {item.opening, listing.opening}:
        return OpeningClass.AUTHORIZED
    return OpeningClass.GENERAL
