"""Builds the cases that the tables of `policy_tables` speak of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

from zhengshu_contracts.identity import Principal
from zhengshu_contracts.policy import Citation, Condition
from zhengshu_contracts.vocabulary import (
    EntryState,
    GrantState,
    LawLevel,
    ListingState,
    Mode,
    OpeningClass,
    OrganizationKind,
    Origin,
    PrincipalKind,
    Role,
    ServiceRegistrationState,
    SharingClass,
)
from zhengshu_gateway.case import Case
from zhengshu_gateway.facts import Authorization, Dataset, Grant, Item, Listing

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
ID = "303084122704-000001"
PROVIDER = "11350123003612345A"
READER = "11350123003654321B"
APPLICANT = "app-1"

SYSTEM, OFFICER = PrincipalKind.SYSTEM, PrincipalKind.OFFICER
KIND = OrganizationKind


def system(organization, kind):
    return Principal(id="sys-1", kind=SYSTEM, organization=organization, organization_kind=kind)


def other(kind, **members):
    return Principal(id=f"the-{kind}", kind=kind, **members)


def officer(organization):
    roles = frozenset(Role)  # even somebody with every role reads no rows
    return Principal(
        id="off-1",
        kind=OFFICER,
        organization=organization,
        organization_kind=KIND.DEPARTMENT,
        roles=roles,
    )


DEPARTMENT = system(READER, KIND.DEPARTMENT)
PRINCIPALS = {
    "provider": system(PROVIDER, KIND.DEPARTMENT),
    "enterprise_provider": system(PROVIDER, KIND.PUBLIC_SERVICE_ENTERPRISE),
    "competent_provider": system(PROVIDER, KIND.COMPETENT),
    "department": DEPARTMENT,
    "township": system(READER, KIND.TOWNSHIP),
    "government": system(READER, KIND.GOVERNMENT),
    "finance": system(READER, KIND.FINANCE),
    "security_regulator": system(READER, KIND.SECURITY_REGULATOR),
    "enterprise": system(READER, KIND.PUBLIC_SERVICE_ENTERPRISE),
    "competent": system(READER, KIND.COMPETENT),
    "opening_system": system(READER, KIND.COMPETENT),
    "opening_provider": system(PROVIDER, KIND.COMPETENT),
    "no_organization": system(None, KIND.DEPARTMENT),
    "no_kind": system(READER, None),
    "officer": officer(READER),
    "provider_officer": officer(PROVIDER),
    "public": Principal(id="anonymous", kind=PrincipalKind.PUBLIC),
    "applicant": Principal(id="app-2", kind=PrincipalKind.APPLICANT, organization=READER),
    "authorized": Principal(id=APPLICANT, kind=PrincipalKind.APPLICANT, organization=READER),
    "worker": other(PrincipalKind.COMMISSION_WORKER),
    "commission": other(PrincipalKind.COMMISSION),
    "gateway": other(PrincipalKind.GATEWAY),
}
"""Requesters; those of the tables that are not here are departments with a grant of some kind."""


def everybody():
    """Every caller there can be: each kind, whosever, of each kind of organisation, with each role alone.

    Who is no officer has either no role or all of them: they are to count for nothing.
    """
    alone = [frozenset({role}) for role in Role]
    organizations = product((PROVIDER, READER, None), (*OrganizationKind, None))
    for kind, (organization, its) in product(PrincipalKind, list(organizations)):
        for roles in (frozenset(), *(alone if kind is OFFICER else [frozenset(Role)])):
            yield Principal(
                id="anybody",
                kind=kind,
                organization=organization,
                organization_kind=its,
                roles=roles,
            )


GRANT = Grant(
    id="g-1",
    holder=READER,
    items=("it",),
    modes=tuple(Mode),
    purpose="核对",
    starts=NOW - DAY,
    ends=NOW + DAY,
    state=GrantState.ACTIVE,
)
GRANTS = {
    **{f"granted_{mode}": replace(GRANT, modes=(mode,)) for mode in Mode},
    "grant_suspended": replace(GRANT, state=GrantState.SUSPENDED),
    "grant_expired": replace(GRANT, state=GrantState.EXPIRED),
    "grant_revoked": replace(GRANT, state=GrantState.REVOKED),
    "grant_ended": replace(GRANT, ends=NOW),
    "grant_future": replace(GRANT, starts=NOW + DAY),
    "grant_of_another": replace(GRANT, holder=PROVIDER),
    "grant_of_another_item": replace(GRANT, items=("another",)),
}

LIVE = ServiceRegistrationState.LIVE
STATES = {
    "live": {},
    **{state.value: {"state": state} for state in EntryState if state is not EntryState.PUBLISHED},
    "state_unknown": {"state": None},
    "unregistered": {"registration": ServiceRegistrationState.ABSENT},
    "withdrawn": {"registration": ServiceRegistrationState.WITHDRAWN},
    "registration_unknown": {"registration": None},
    "suspended": {"suspended": True},
    "suspension_unknown": {"suspended": None},
    "municipal": {"origin": Origin.MUNICIPAL, "municipal_code": "FZ-1", "registration": None},
    "queries_offered": {"modes": (Mode.QUERY,)},
    "others_offered": {"modes": (Mode.VERIFY, Mode.EXPORT, Mode.SUBSCRIBE)},
    "municipal_uncoded": {"origin": Origin.MUNICIPAL, "municipal_code": None},
    "origin_unknown": {"origin": None},
}

CITATION = Citation(
    level=LawLevel.LAW,
    title="中华人民共和国统计法",
    article="第二十八条",
    reason="统计调查个体资料",
)
CONDITION = Condition(scope="民政业务协同", purpose="资格核对")


def item(sharing, opening=OpeningClass.CLOSED, name="it"):
    return Item(
        name=name,
        title=f"项{name}",
        sharing=sharing,
        opening=opening,
        condition=CONDITION if sharing is SharingClass.CONDITIONAL else None,
        citation=CITATION if sharing is SharingClass.WITHHELD else None,
    )


def dataset(items, state="live"):
    if state == "missing":
        return None
    plain = {
        "id": ID,
        "title": "数据",
        "provider": PROVIDER,
        "origin": Origin.COUNTY,
        "state": EntryState.PUBLISHED,
        "revision": 1,
        "registration": LIVE,
    }
    return Dataset(items=tuple(items), **(plain | STATES[state]))


def listing(state, opening, items=("it",)):
    """A listing in a named state; `none` is no listing at all."""
    if state == "none":
        return None
    return Listing(
        id=ID,
        state=ListingState(state),
        opening=opening,
        items=items,
        authorizations=(
            Authorization(id="z-0", applicant=APPLICANT, ends=NOW),
            Authorization(id="z-1", applicant=APPLICANT, ends=NOW + DAY),
        ),
    )


def case(requester, action, mode, about, **members):
    """The case of a requester of the tables."""
    grant = GRANTS.get(requester)
    return Case(
        principal=PRINCIPALS.get(requester, DEPARTMENT),
        action=action,
        mode=mode,
        dataset=about,
        now=NOW,
        grants=(grant,) if grant else (),
        opener=requester.startswith("opening_"),
        **members,
    )
