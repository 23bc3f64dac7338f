"""An entry's life and a client's secret, without database."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest
from catalog.samples import (
    AT,
    CATEGORY,
    CITATION,
    CIVIL,
    COMPETENT,
    CONDITION,
    EDUCATION,
    content,
    item,
    officer,
    reviewer,
)
from zhengshu_catalog.entries import domain
from zhengshu_catalog.entries.domain import Entry
from zhengshu_catalog.entries.errors import (
    AssessmentRequired,
    CategoryFixed,
    EntryNotFound,
    MunicipalReadOnly,
    NotProvider,
    OutcomeNotAllowed,
    SelfReview,
    StateNotAllowed,
)
from zhengshu_catalog.organizations.domain import (
    Client,
    check_code,
    check_roles,
    check_secret,
    digest,
)
from zhengshu_catalog.organizations.errors import CodeInvalid, CredentialsWrong, RolesNotAssignable
from zhengshu_contracts.catalog import EntryPublished, EntryRetired, MunicipalEntry
from zhengshu_contracts.vocabulary import (
    EntryState,
    OrganizationKind,
    Origin,
    Outcome,
    PrincipalKind,
    Role,
    ServiceRegistrationState,
    SharingClass,
)

LATER = AT + timedelta(minutes=1)
DRAFT = domain.new_entry(CATEGORY, 1, CIVIL, "罗源县民政局")
FIRST = domain.first_revision(DRAFT.id, content(), by=officer(), at=AT)
SUBMITTED = domain.submit(DRAFT, FIRST, by=officer(), at=AT)
PENDING = domain.after(DRAFT, SUBMITTED)
RELEASED = replace(SUBMITTED, state=EntryState.PUBLISHED, published_at=AT)
PUBLISHED = domain.after(PENDING, RELEASED)
MUNICIPAL = replace(PUBLISHED, origin=Origin.MUNICIPAL)
ABSENT, LIVE, WITHDRAWN = ServiceRegistrationState


def review(entry=PENDING, working=SUBMITTED, **more):
    given = {"outcome": Outcome.AGREE, "opinion": "同意", "by": reviewer(), "at": AT}
    return domain.review(entry, working, **given | more)


def test_the_identifier_is_the_code_made_safe():
    assert (DRAFT.id, DRAFT.code) == ("307350123001-000001", "307350123001/000001")


def test_a_published_revision_is_numbered_and_served():
    published = domain.after(PENDING, review())
    assert (published.state, published.revision, published.published_at) == (
        EntryState.PUBLISHED,
        1,
        AT,
    )


def test_while_a_published_entry_is_revised_the_published_one_stays():
    draft = domain.revise(PUBLISHED, None, content(title="新名称"), by=officer(), at=AT)
    revising = domain.after(PUBLISHED, draft)
    assert draft.number == 2
    assert (revising.state, revising.revising, revising.revision) == (
        EntryState.PUBLISHED,
        EntryState.DRAFT,
        1,
    )
    again = domain.submit(revising, draft, by=officer(), at=AT)
    done = domain.after(revising, review(domain.after(revising, again), again))
    assert (done.revision, done.revising) == (2, None)


def test_a_returned_revision_can_be_mended_and_keeps_its_authors_and_opinion():
    returned = review(outcome=Outcome.RETURN, opinion="请补充摘要")
    assert returned.state is EntryState.RETURNED
    mended = domain.revise(
        domain.after(PENDING, returned), returned, content(), by=officer(client="off-2"), at=LATER
    )
    assert mended.state is EntryState.DRAFT
    assert mended.authors == {"off-civil", "off-2"}
    assert mended.opinion == "请补充摘要"
    assert mended.submitted_by is None


@pytest.mark.parametrize(
    ("case", "refusal"),
    [
        ({"by": officer(EDUCATION)}, EntryNotFound),
        ({"by": reviewer()}, NotProvider),
        ({"entry": PUBLISHED, "working": None, "by": officer(EDUCATION)}, NotProvider),
        ({"entry": MUNICIPAL, "working": None}, MunicipalReadOnly),
        ({"entry": PENDING, "working": SUBMITTED}, StateNotAllowed),
        ({"content": content(category="307350123002")}, CategoryFixed),
        (
            {"entry": replace(PUBLISHED, state=EntryState.RETIRED), "working": None},
            StateNotAllowed,
        ),
    ],
)
def test_revising_is_refused(case, refusal):
    given = {"entry": DRAFT, "working": FIRST, "content": content(), "by": officer()} | case
    with pytest.raises(refusal):
        domain.revise(given["entry"], given["working"], given["content"], by=given["by"], at=AT)


@pytest.mark.parametrize(
    ("case", "refusal"),
    [
        ({"by": officer(EDUCATION)}, EntryNotFound),
        ({"by": reviewer()}, NotProvider),
        ({"entry": PENDING, "working": SUBMITTED}, StateNotAllowed),
        ({"entry": PUBLISHED, "working": None}, StateNotAllowed),
        ({"entry": MUNICIPAL, "working": None}, MunicipalReadOnly),
        ({"working": replace(FIRST, content=content(secrecy_assessment=None))}, AssessmentRequired),
    ],
)
def test_submitting_is_refused(case, refusal):
    given = {"entry": DRAFT, "working": FIRST, "by": officer()} | case
    with pytest.raises(refusal):
        domain.submit(given["entry"], given["working"], by=given["by"], at=AT)


OWN = replace(PENDING, provider=COMPETENT)


@pytest.mark.parametrize(
    ("case", "refusal"),
    [
        ({"outcome": Outcome.REFUSE}, OutcomeNotAllowed),
        ({"entry": DRAFT, "working": FIRST}, StateNotAllowed),
        ({"entry": PUBLISHED, "working": None}, StateNotAllowed),
        ({"by": officer(CIVIL, Role.COMPETENT_OFFICER, client="off-other")}, SelfReview),
        ({"entry": OWN, "by": reviewer("off-civil")}, SelfReview),
        (
            {"entry": OWN, "working": replace(SUBMITTED, submitted_by="off-reviewer")},
            SelfReview,
        ),
        (
            {"working": replace(SUBMITTED, authors=frozenset({"off-x", "off-reviewer"}))},
            SelfReview,
        ),
    ],
)
def test_reviewing_is_refused(case, refusal):
    with pytest.raises(refusal):
        review(**case)


def test_another_officer_reviews_the_competent_departments_own_entry():
    assert review(OWN, by=reviewer("off-second")).state is EntryState.PUBLISHED


@pytest.mark.parametrize(
    ("entry", "reader", "visible"),
    [
        (DRAFT, officer(), True),
        (DRAFT, reviewer(), True),
        (DRAFT, officer(EDUCATION), False),
        (PENDING, officer(EDUCATION), False),
        (PUBLISHED, officer(EDUCATION), True),
        (MUNICIPAL, officer(EDUCATION), True),
    ],
)
def test_who_sees_an_entry(entry, reader, visible):
    with nullcontext() if visible else pytest.raises(EntryNotFound):
        domain.check_visible(entry, reader)


def test_a_municipal_code_is_noted_once_and_never_an_older_one():
    known = domain.register(PUBLISHED, "350100-1", AT)
    assert known.municipal_code == "350100-1"
    assert domain.register(known, "350100-1", AT) is None
    assert domain.register(known, "350100-0", AT - timedelta(1)) is None
    assert domain.register(known, "350100-2", LATER).municipal_code == "350100-2"


def test_a_service_registration_may_come_before_the_municipal_code():
    known = domain.change_service(PUBLISHED, LIVE, LATER, service_code="s-1")
    assert (known.registration, known.municipal_code) == (LIVE, None)
    assert domain.register(known, "350100-1", AT).registration is LIVE


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([(LIVE, 0)], LIVE),
        ([(LIVE, 0), (WITHDRAWN, 1)], WITHDRAWN),
        ([(WITHDRAWN, 1), (LIVE, 0)], WITHDRAWN),
        ([(LIVE, 0), (LIVE, 0)], LIVE),
        ([(LIVE, 0), (WITHDRAWN, 1), (LIVE, 2)], LIVE),
        ([(WITHDRAWN, 1), (LIVE, 2), (LIVE, 0), (WITHDRAWN, 1)], LIVE),
        ([(LIVE, 0), (WITHDRAWN, 0)], WITHDRAWN),
        ([(WITHDRAWN, 0), (LIVE, 0)], WITHDRAWN),
    ],
)
def test_what_was_said_last_holds_whatever_arrives_last(said, state):
    entry = PUBLISHED
    for told, minute in said:
        entry = domain.change_service(entry, told, AT + timedelta(minutes=minute)) or entry
    assert entry.registration is state


@pytest.mark.parametrize("entry", [DRAFT, MUNICIPAL])
def test_what_is_not_registered_with_the_commission_has_no_service_registration(entry):
    assert domain.change_service(entry, LIVE, AT) is None
    assert domain.register(entry, "350100-1", AT) is None


def told(**more) -> MunicipalEntry:
    plain = {
        "id": "307350100001-000001",
        "code": "307350100001/000001",
        "municipal_code": "350100-9",
        "revision": 2,
        "sequence": 10,
        "title": "企业登记信息",
        "abstract": "市级",
        "provider": "11350100003604000X",
        "provider_name": "市市场监督管理局",
        "update_cycle": "daily",
        "items": [item("uscc", key=True)],
    }
    return MunicipalEntry(**plain | more)


def test_a_municipal_entry_is_copied_once_per_change():
    entry = domain.copy(None, told(), AT)
    assert (entry.origin, entry.state, entry.revision) == (
        Origin.MUNICIPAL,
        EntryState.PUBLISHED,
        2,
    )
    assert domain.copy(entry, told(), LATER) is None
    assert domain.copy(entry, told(sequence=9, revision=3), LATER) is None
    assert domain.copy(entry, told(sequence=11, revision=1), LATER) is None
    assert domain.copy(entry, told(sequence=11, revision=3), LATER).revision == 3
    assert domain.copy(entry, told(sequence=11, retired=True), LATER).state is EntryState.RETIRED


def test_a_municipal_entry_never_overwrites_the_countys_own():
    assert domain.copy(PUBLISHED, told(id=PUBLISHED.id, sequence=10_000), LATER) is None


def test_the_policy_tells_the_classes_and_the_key():
    items = [
        item("id", key=True),
        item("income", sharing=SharingClass.CONDITIONAL, condition=CONDITION),
        item("name", sharing=SharingClass.WITHHELD, citation=CITATION),
    ]
    policy = domain.policy(PUBLISHED, content(items=items))
    assert policy.key == ("id",)
    assert [each.sharing for each in policy.items] == list(SharingClass)
    assert policy.items[1].condition == CONDITION
    assert policy.items[2].citation == CITATION
    assert (policy.state, policy.revision, policy.registration) == (EntryState.PUBLISHED, 1, ABSENT)


def test_a_retired_entry_is_announced_as_such():
    assert isinstance(domain.announcement(PUBLISHED, content()), EntryPublished)
    retired: Entry = replace(PUBLISHED, state=EntryState.RETIRED)
    assert domain.announcement(retired, content()) == EntryRetired(
        entry=PUBLISHED.id, provider=CIVIL
    )


@pytest.mark.parametrize("code", ["11350123003615100A", "113501230036151000", "00000000000000000X"])
def test_a_code_with_a_wrong_check_digit_is_refused(code):
    with pytest.raises(CodeInvalid):
        check_code(code)


def test_true_codes_pass():
    for code in (COMPETENT, CIVIL, EDUCATION):
        check_code(code)


@pytest.mark.parametrize(
    ("roles", "kind"),
    [
        ([Role.ADMINISTRATOR], OrganizationKind.DEPARTMENT),
        ([Role.DATA_OFFICER, Role.AUDITOR], OrganizationKind.DEPARTMENT),
        ([Role.OPERATOR, Role.AUDITOR], OrganizationKind.COMPETENT),
        ([Role.ADMINISTRATOR, Role.OPERATOR], OrganizationKind.COMPETENT),
    ],
)
def test_management_operation_and_audit_never_meet(roles, kind):
    with pytest.raises(RolesNotAssignable):
        check_roles(roles, kind)


CLIENT = Client(
    id="sys-1",
    kind=PrincipalKind.SYSTEM,
    organization=CIVIL,
    organization_kind=OrganizationKind.DEPARTMENT,
    roles=(),
    locked=False,
    opening=False,
    digest=digest("right"),
)


@pytest.mark.parametrize(
    ("client", "secret"),
    [(None, "right"), (CLIENT, "wrong"), (CLIENT, ""), (replace(CLIENT, locked=True), "right")],
)
def test_a_wrong_secret_an_unknown_and_a_locked_client_are_refused_alike(client, secret):
    with pytest.raises(CredentialsWrong) as raised:
        check_secret(client, secret, at=AT)
    assert raised.value.detail == ""


def test_the_right_secret_is_believed():
    check_secret(CLIENT, "right", at=AT)
