"""The rules of opening, without any I/O."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from opening.world import AUTHORIZED, CLOSED, EDUCATION, GENERAL, ITEMS, SCHOOLS, item
from zhengshu_contracts.basis import Basis
from zhengshu_contracts.beijing import end_of
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import (
    ApplicantKind,
    ApplicationState,
    ItemType,
    ListingState,
    Outcome,
    PrincipalKind,
    ProposalState,
    ServiceRegistrationState,
    SharingClass,
    UpdateCycle,
)
from zhengshu_opening.applicants import domain as applicants
from zhengshu_opening.applicants.domain import OpenApplication
from zhengshu_opening.applicants.eligibility import judge
from zhengshu_opening.applicants.errors import (
    CodeInvalid,
    NotListedYet,
    OpenToAll,
    PeriodNotAllowed,
)
from zhengshu_opening.datasets.domain import Dataset, Version, opening_class
from zhengshu_opening.listings import domain as listings
from zhengshu_opening.listings.domain import Authorization
from zhengshu_opening.listings.errors import AuthorizationRequired, ListingNotFound, NothingToOpen
from zhengshu_opening.proposals import domain as proposals
from zhengshu_opening.proposals.errors import (
    AlreadyReviewed,
    DatasetNotFound,
    NotProvider,
    OutcomeNotAllowed,
    OwnProposal,
    RegistrationWithdrawn,
)

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
DATASET = Dataset(
    id=SCHOOLS,
    title="学校名录",
    abstract="",
    provider=EDUCATION,
    provider_name="县教育局",
    update_cycle=UpdateCycle.YEARLY,
    revision=1,
    items=ITEMS,
    retired=False,
    registration=ServiceRegistrationState.LIVE,
    version=Version(1, 1),
)


def propose(dataset=DATASET, organization=EDUCATION):
    return proposals.propose(
        dataset, id="p-1", by="off-1", organization=organization, licence="许可", note="", at=NOW
    )


def register(dataset=DATASET, items=("code", "name"), opening=GENERAL):
    return listings.register(dataset, proposal="p-1", items=items, opening=opening, licence="许可")


@pytest.mark.parametrize(
    ("classes", "derived"),
    [
        ([GENERAL], GENERAL),
        ([GENERAL, AUTHORIZED], AUTHORIZED),
        ([AUTHORIZED], AUTHORIZED),
        ([GENERAL, CLOSED], CLOSED),
        ([], CLOSED),
    ],
)
def test_general_only_if_every_item_is(classes, derived):
    assert opening_class([item("x", "某", one) for one in classes]) is derived


class TestPropose:
    def test_takes_the_open_items_alone(self):
        proposal = propose()
        assert proposal.items == ("code", "name")
        assert proposal.opening is GENERAL

    def test_what_is_withheld_is_never_open(self):
        secret = ITEMS[1].model_copy(update={"sharing": SharingClass.WITHHELD})
        assert propose(replace(DATASET, items=(ITEMS[0], secret))).items == ("code",)

    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"revision": 0}, DatasetNotFound),
            ({"retired": True}, DatasetNotFound),
            ({"provider": "somebody else"}, NotProvider),
            ({"registration": ServiceRegistrationState.WITHDRAWN}, RegistrationWithdrawn),
            ({"items": (item("x", "某", CLOSED),)}, NothingToOpen),
        ],
    )
    def test_refuses(self, change, refusal):
        with pytest.raises(refusal):
            propose(replace(DATASET, **change))


def reviewer(name: str, **more) -> Principal:
    return Principal(id=name, kind=PrincipalKind.OFFICER, **more)


class TestReview:
    @pytest.mark.parametrize(
        ("outcome", "state"),
        [(Outcome.AGREE, ProposalState.APPROVED), (Outcome.RETURN, ProposalState.RETURNED)],
    )
    def test_decides(self, outcome, state):
        done = proposals.review(propose(), by=reviewer("off-2"), outcome=outcome, opinion="意见")
        assert (done.state, done.reviewed_by, done.opinion) == (state, "off-2", "意见")

    @pytest.mark.parametrize(
        ("change", "by", "outcome", "refusal"),
        [
            ({}, reviewer("off-1"), Outcome.AGREE, OwnProposal),
            ({}, reviewer("off-2", standing_in_for=("off-1",)), Outcome.AGREE, OwnProposal),
            ({}, reviewer("off-2"), Outcome.REFUSE, OutcomeNotAllowed),
            ({"state": ProposalState.APPROVED}, reviewer("off-2"), Outcome.AGREE, AlreadyReviewed),
        ],
    )
    def test_refuses(self, change, by, outcome, refusal):
        with pytest.raises(refusal):
            proposals.review(replace(propose(), **change), by=by, outcome=outcome, opinion="")

    @pytest.mark.parametrize("state", sorted(set(ProposalState) - {ProposalState.APPROVED}))
    def test_an_answer_nobody_waits_for_has_no_effect(self, state):
        proposal = replace(propose(), state=state)
        assert proposals.answer(proposal, outcome=Outcome.AGREE, reason="") is None


class TestListing:
    def test_keeps_what_may_still_be_opened(self):
        after = replace(DATASET, items=(ITEMS[0], item("name", "学校名称", CLOSED)))
        assert register(after).names() == ("code",)

    def test_nothing_left_is_refused(self):
        with pytest.raises(NothingToOpen):
            register(items=("head_phone",))

    @pytest.mark.parametrize("first", [GENERAL, AUTHORIZED])
    @pytest.mark.parametrize("second", [GENERAL, AUTHORIZED])
    def test_the_stricter_class_wins(self, first, second):
        expected = AUTHORIZED if AUTHORIZED in {first, second} else GENERAL
        assert listings.stricter(first, second) is expected

    def test_a_revision_that_closes_everything_withdraws(self):
        closed = replace(DATASET, items=(item("code", "代码", CLOSED),))
        assert listings.revised(register(), closed).state is ListingState.WITHDRAWN

    def test_a_revision_that_changes_nothing_open_keeps_the_snapshot(self):
        listed = replace(register(), state=ListingState.LISTED, version=Version(1, 1))
        assert listings.revised(listed, replace(DATASET, revision=2)) == listed

    def test_amounts_are_not_searched_for_numbers_of_persons(self):
        kinds = [ItemType.CHARACTER, ItemType.INTEGER, ItemType.CURRENCY, ItemType.DATE]
        items = tuple(item(f"i{n}", "某", GENERAL, kind) for n, kind in enumerate(kinds))
        listing = register(replace(DATASET, items=items), items=("i0", "i1", "i2", "i3"))
        assert listing.scanned() == ("i0", "i1")

    @pytest.mark.parametrize(
        ("opening", "kind", "caller", "ends", "admitted"),
        [
            (GENERAL, PrincipalKind.PUBLIC, "public", None, True),
            (AUTHORIZED, PrincipalKind.PUBLIC, "public", None, False),
            (AUTHORIZED, PrincipalKind.APPLICANT, "app-1", 1, True),
            (AUTHORIZED, PrincipalKind.APPLICANT, "app-1", 0, False),
            (AUTHORIZED, PrincipalKind.APPLICANT, "app-1", None, False),
            (AUTHORIZED, PrincipalKind.APPLICANT, "app-2", 1, False),
            (AUTHORIZED, PrincipalKind.SYSTEM, "app-1", 1, False),
            (CLOSED, PrincipalKind.PUBLIC, "public", None, False),
        ],
    )
    def test_admits(self, opening, kind, caller, ends, admitted):
        rights = [Authorization("z", "oa", SCHOOLS, "app-1", NOW + timedelta(days=ends or 0))]
        listing = replace(register(), opening=opening)

        def ask():
            listings.admit(listing, kind, caller, rights if ends is not None else [], NOW)

        if admitted:
            ask()
        else:
            with pytest.raises(AuthorizationRequired):
                ask()

    def test_a_right_lasts_through_its_last_day_in_beijing(self):
        assert end_of(date(2026, 12, 31)) == datetime(2026, 12, 31, 16, tzinfo=UTC)

    def test_pauses_grow_to_a_ceiling(self):
        pauses = [listings.pause(n).total_seconds() for n in (0, 1, 2, 5, 50)]
        assert pauses == [1, 2, 4, 32, 300]


class TestEligibility:
    @pytest.mark.parametrize(
        "kind", [ApplicantKind.DOMESTIC_ENTERPRISE, ApplicantKind.RESEARCH_INSTITUTION]
    )
    def test_two_kinds_may_apply(self, kind):
        assert judge(kind) is None

    def test_others_are_told_the_law_and_the_next_step(self):
        refusal = judge(ApplicantKind.OTHER)
        assert refusal.rule == "applicant-not-eligible"
        assert refusal.basis is Basis.MEASURES_OPENING
        assert "GET /v1/open/datasets" in refusal.next

    def test_every_other_kind_is_refused(self):
        admitted = {kind for kind in ApplicantKind if judge(kind) is None}
        assert len(admitted) == 2


class TestApply:
    def test_a_code_needs_its_check_digit(self):
        assert applicants.check_code("91110000600037341L") == "91110000600037341L"
        with pytest.raises(CodeInvalid):
            applicants.check_code("911100006000373411")

    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"opening": GENERAL}, OpenToAll),
            ({"state": ListingState.BUILDING}, NotListedYet),
            ({"state": ListingState.WITHDRAWN}, ListingNotFound),
        ],
    )
    def test_only_for_what_is_authorised_open_and_listed(self, change, refusal):
        listed = replace(register(opening=AUTHORIZED), state=ListingState.LISTED)
        assert applicants.check_listing(listed) == listed
        with pytest.raises(refusal):
            applicants.check_listing(replace(listed, **change))
        with pytest.raises(ListingNotFound):
            applicants.check_listing(None)

    @pytest.mark.parametrize("until", [date(2026, 3, 1), date(2020, 1, 1), date(2029, 3, 2)])
    def test_the_period_lies_ahead_and_is_not_endless(self, until):
        applicants.check_period(date(2029, 3, 1), today=date(2026, 3, 1))
        with pytest.raises(PeriodNotAllowed):
            applicants.check_period(until, today=date(2026, 3, 1))


class TestDecide:
    APPLICATION = OpenApplication(
        id="oa-1",
        applicant="app-1",
        dataset=SCHOOLS,
        title="学校名录",
        purpose="研究",
        scenario="分析",
        safeguards="内网",
        until=date(2026, 12, 31),
        state=ApplicationState.FORWARDED,
        submitted_at=NOW,
    )

    def decide(self, outcome=Outcome.AGREE, *, live=True, **change):
        return applicants.decide(
            replace(self.APPLICATION, **change),
            outcome=outcome,
            reason="理由",
            live=live,
            authorization="auth-1",
        )

    def test_agreeing_grants(self):
        assert self.decide().authorization == "auth-1"

    def test_refusing_tells_why(self):
        refused = self.decide(Outcome.REFUSE)
        assert (refused.state, refused.reason) == (ApplicationState.REFUSED, "理由")
        assert refused.authorization is None

    def test_nothing_is_granted_of_what_is_gone(self):
        refused = self.decide(live=False)
        assert (refused.state, refused.authorization) == (ApplicationState.REFUSED, None)

    @pytest.mark.parametrize("state", sorted(set(ApplicationState) - applicants.WAITING))
    def test_a_late_decision_has_no_effect(self, state):
        assert self.decide(state=state) is None
