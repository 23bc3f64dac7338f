"""The rules of applications, opinions and grants, without a database."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

import pytest
from sharing.cast import (
    AID,
    CIVIL,
    COMPETENT,
    COMPETENT_OFFICER,
    ENTRIES,
    LAW,
    MARKET,
    MARKET_OFFICER,
    REGISTER,
    SURVEY,
    TOWNS,
    officer,
)
from sharing.cast import part as wish
from zhengshu_contracts.beijing import end_of
from zhengshu_contracts.catalog import Consent
from zhengshu_contracts.grounds import RefusalGround
from zhengshu_contracts.limits import HashMask, ItemMask, Quota
from zhengshu_contracts.sharing import OpinionIn, PartIn
from zhengshu_contracts.vocabulary import (
    ApplicationState,
    GrantState,
    ItemType,
    Mode,
    OpinionState,
    OrganizationKind,
    Origin,
    Outcome,
    Role,
    SharingClass,
)
from zhengshu_sharing.applications import arrival, domain
from zhengshu_sharing.applications.domain import Application, Part, Terms
from zhengshu_sharing.applications.errors import (
    AlreadyReturned,
    CompetentReadsNoRows,
    ConsentNotGiven,
    DatasetRepeated,
    EnterpriseDoesNotRead,
    FilterNotAllowed,
    GroundMissing,
    KeyNotAskedFor,
    KindDoesNotApply,
    MissingNotNamed,
    NothingLeft,
    NotPossibleNow,
    OwnApplication,
    PeriodNotAllowed,
)
from zhengshu_sharing.applications.filters import check_filter
from zhengshu_sharing.datasets.domain import Dataset
from zhengshu_sharing.datasets.errors import DatasetNotFound, ItemsUnknown, OwnDataset
from zhengshu_sharing.grants import domain as grants
from zhengshu_sharing.grants.domain import Grant
from zhengshu_sharing.grants.errors import (
    ConsultationMissing,
    GrantNotInState,
    HolderDoesNotSuspend,
    NotRectified,
    SuspendedByAnother,
)
from zhengshu_sharing.opinions import domain as opinions
from zhengshu_sharing.opinions.domain import Opinion
from zhengshu_sharing.opinions.errors import NoSuchOutcome, OpinionClosed, ReasonMissing

S = ApplicationState
GROUND = RefusalGround.OUTSIDE_DUTIES
TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
CONSENT = Consent(by="负责人", on=TODAY)
TERMS = Terms("依据", "场景", "范围", "用途", date(2027, 3, 1), CONSENT)
KNOWN = {
    entry.entry: Dataset(
        entry.entry, entry.title, entry.provider, entry.provider_name, entry.origin, entry.items
    )
    for entry in ENTRIES
}
PART = Part(
    id="a-1-1",
    dataset=AID,
    title="低保对象",
    provider=CIVIL,
    origin=Origin.COUNTY,
    sharing=SharingClass.CONDITIONAL,
    items=("name", "amount"),
    modes=(Mode.QUERY,),
    filter="",
    state=S.SUBMITTED,
)
CASE = Application("a-1", "罗政数申〔2026〕000001 号", MARKET, "off-1", NOW, TERMS, (PART,))


def at(state: ApplicationState, **changes: Any) -> Application:
    return replace(CASE, parts=(replace(PART, state=state),), **changes)


def split(*wishes: dict[str, Any], applicant: str = MARKET) -> tuple[Part, ...]:
    asked = [PartIn.model_validate(each) for each in wishes]
    return arrival.split("a-1", asked, KNOWN, applicant=applicant)


class TestArrival:
    def test_splits_by_dataset_and_class(self) -> None:
        parts = split(wish(AID, "illness", "amount", "town", "name"), wish(TOWNS, "code"))
        assert [(p.id, p.dataset, p.items, p.state) for p in parts] == [
            ("a-1-1", AID, ("town",), S.GRANTED),
            ("a-1-2", AID, ("name", "amount"), S.SUBMITTED),
            ("a-1-3", AID, ("illness",), S.REFUSED),
            ("a-1-4", TOWNS, ("code",), S.GRANTED),
        ]

    def test_a_withheld_part_names_its_law(self) -> None:
        (part,) = split(wish(SURVEY, "income"))
        assert LAW.text() in (part.reason or "")
        assert arrival.refused_whole([part])
        assert not arrival.refused_whole(split(wish(AID, "town", "illness")))

    def test_an_unconditional_right_has_no_filter(self) -> None:
        parts = split(wish(AID, "town", "name", filter="town=eq.凤山镇"))
        assert [part.filter for part in parts] == ["", "town=eq.凤山镇"]

    @pytest.mark.parametrize(
        ("wishes", "refusal"),
        [
            ([wish("303084122704-999999", "name")], DatasetNotFound),
            ([wish(AID, "name", "nonsense")], ItemsUnknown),
            ([wish(AID, "name"), wish(AID, "town")], DatasetRepeated),
            ([wish(AID, "name", filter="nonsense=eq.1")], FilterNotAllowed),
            ([wish(AID, "name", filter="illness=eq.1")], FilterNotAllowed),
            ([wish(AID, "name", filter="or=(town.eq.1,illness.eq.1)")], FilterNotAllowed),
            ([wish(AID, "name", filter="town=resembles.1")], FilterNotAllowed),
            ([wish(AID, "name", filter="select=illness")], FilterNotAllowed),
            ([wish(AID, "name", filter="town=eq.1&limit=5")], FilterNotAllowed),
        ],
    )
    def test_refuses(self, wishes: list[dict[str, Any]], refusal: type[Exception]) -> None:
        with pytest.raises(refusal):
            split(*wishes)

    @pytest.mark.parametrize(
        "text", ["amount=gt.many", "amount=like.1*", "or=(town.eq.a,amount.is.true)"]
    )
    def test_refuses_a_filter_that_would_fail_at_every_read(self, text: str) -> None:
        items = tuple(
            one.model_copy(update={"type": ItemType.NUMERIC}) if one.name == "amount" else one
            for one in KNOWN[AID].items
        )
        with pytest.raises(FilterNotAllowed, match="amount"):
            check_filter(text, replace(KNOWN[AID], items=items))
        check_filter("amount=gt.100", replace(KNOWN[AID], items=items))

    @pytest.mark.parametrize(
        ("key", "sharing", "asked", "taken"),
        [
            (True, SharingClass.UNCONDITIONAL, ["name"], True),
            (True, SharingClass.CONDITIONAL, ["name"], False),
            (True, SharingClass.CONDITIONAL, ["name", "town"], True),
            (True, SharingClass.WITHHELD, ["name", "town"], False),
            (False, SharingClass.UNCONDITIONAL, ["name"], False),
        ],
    )
    def test_verifies_by_the_whole_key_alone(
        self,
        monkeypatch: pytest.MonkeyPatch,
        key: bool,
        sharing: SharingClass,
        asked: list[str],
        taken: bool,
    ) -> None:
        changed = {"key": key, "sharing": sharing}
        items = tuple(
            one.model_copy(update=changed) if one.name == "town" else one
            for one in KNOWN[AID].items
        )
        monkeypatch.setitem(KNOWN, AID, replace(KNOWN[AID], items=items))
        with nullcontext() if taken else pytest.raises(KeyNotAskedFor):
            split(wish(AID, *asked, modes=["verify"]))
        assert split(wish(AID, *asked, modes=["query"]))

    def test_refuses_an_own_dataset(self) -> None:
        with pytest.raises(OwnDataset):
            split(wish(AID, "name"), applicant=CIVIL)

    @pytest.mark.parametrize(
        ("kind", "refusal"),
        [
            (OrganizationKind.PUBLIC_SERVICE_ENTERPRISE, EnterpriseDoesNotRead),
            (OrganizationKind.COMPETENT, CompetentReadsNoRows),
            (None, KindDoesNotApply),
        ],
    )
    def test_admits_only_who_reads(
        self, kind: OrganizationKind | None, refusal: type[Exception]
    ) -> None:
        with pytest.raises(refusal):
            arrival.admit(officer(MARKET, kind=kind))
        arrival.admit(officer(MARKET, kind=OrganizationKind.TOWNSHIP))

    @pytest.mark.parametrize("until", [TODAY, TODAY - timedelta(1), date(2029, 3, 3)])
    def test_refuses_a_period(self, until: date) -> None:
        with pytest.raises(PeriodNotAllowed):
            arrival.check_period(until, today=TODAY, longest_years=3)

    def test_takes_the_longest_period(self) -> None:
        arrival.check_period(date(2029, 3, 2), today=TODAY, longest_years=3)
        assert arrival.years_after(date(2028, 2, 29), 3) == date(2031, 2, 28)

    def test_a_consent_cannot_lie_ahead(self) -> None:
        with pytest.raises(ConsentNotGiven):
            arrival.check_consent(Consent(by="人", on=TODAY + timedelta(1)), today=TODAY)


class TestEndorsement:
    def test_lets_only_waiting_parts_go_on(self) -> None:
        done = replace(PART, id="a-1-2", state=S.GRANTED)
        case = domain.endorse(replace(CASE, parts=(PART, done)), by=COMPETENT_OFFICER)
        assert [part.state for part in case.parts] == [S.ENDORSED, S.GRANTED]

    @pytest.mark.parametrize(
        "by",
        [
            officer(COMPETENT, Role.COMPETENT_OFFICER, id="off-1"),
            officer(MARKET, Role.COMPETENT_OFFICER, id="off-2"),
        ],
    )
    def test_nobody_decides_their_own(self, by: Any) -> None:
        steps = [
            lambda: domain.endorse(CASE, by=by),
            lambda: domain.decline(CASE, by=by, ground=GROUND, reason="不同意"),
            lambda: domain.give_back(CASE, by=by, missing=["依据"], now=NOW),
        ]
        for step in steps:
            with pytest.raises(OwnApplication):
                step()

    def test_returns_once_and_completely(self) -> None:
        with pytest.raises(MissingNotNamed):
            domain.give_back(CASE, by=COMPETENT_OFFICER, missing=[" "], now=NOW)
        returned = domain.give_back(CASE, by=COMPETENT_OFFICER, missing=["依据"], now=NOW)
        again = domain.supplement(returned, terms=replace(TERMS, basis="新依据"), now=NOW)
        assert (again.state, again.terms.basis) == (S.SUBMITTED, "新依据")
        with pytest.raises(AlreadyReturned):
            domain.give_back(again, by=COMPETENT_OFFICER, missing=["场景"], now=NOW)

    @pytest.mark.parametrize("state", [S.ENDORSED, S.GRANTED, S.REFUSED, S.WITHDRAWN])
    def test_endorses_only_what_waits(self, state: ApplicationState) -> None:
        with pytest.raises(NotPossibleNow):
            domain.endorse(at(state), by=COMPETENT_OFFICER)

    @pytest.mark.parametrize("state", [S.GRANTED, S.REFUSED, S.WITHDRAWN])
    def test_withdraws_only_before_a_decision(self, state: ApplicationState) -> None:
        with pytest.raises(NotPossibleNow):
            domain.withdraw(at(state))


class TestAward:
    BASE: ClassVar[dict[str, Any]] = {
        "applied_until": date(2027, 3, 1),
        "shareable": frozenset({"town", "name", "amount"}),
        "items": None,
        "until": None,
        "today": TODAY,
        "masks": {},
        "quota": None,
    }

    @pytest.mark.parametrize(
        ("change", "award"),
        [
            ({}, (("name", "amount"), date(2027, 3, 1))),
            ({"items": ["name"], "until": date(2026, 6, 1)}, (("name",), date(2026, 6, 1))),
            ({"items": ["town", "amount", "illness"]}, (("amount",), date(2027, 3, 1))),
            ({"until": date(2099, 1, 1)}, (("name", "amount"), date(2027, 3, 1))),
            ({"shareable": frozenset({"name"})}, (("name",), date(2027, 3, 1))),
        ],
    )
    def test_narrows_and_never_widens(self, change: dict[str, Any], award: Any) -> None:
        given = domain.award(PART, **self.BASE | change)
        assert (given.items, given.until) == award

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"items": ["town"]}, "信息项"),
            ({"items": []}, "信息项"),
            ({"shareable": frozenset()}, "信息项"),
            ({"today": date(2027, 3, 2)}, "使用时限 2027-03-01 已过"),
            ({"modes": [Mode.EXPORT]}, "共享方式"),
        ],
    )
    def test_says_why_nothing_is_left(self, change: dict[str, Any], why: str) -> None:
        with pytest.raises(NothingLeft, match=why):
            domain.award(PART, **self.BASE | change)

    def test_modes_and_rows_only_get_fewer(self) -> None:
        part = replace(PART, modes=(Mode.QUERY, Mode.VERIFY), filter="town=eq.凤山镇")
        wider = [Mode.QUERY, Mode.EXPORT]
        given = domain.award(part, **self.BASE | {"modes": wider, "condition": "year=gte.2020"})
        assert (given.modes, given.filter) == ((Mode.QUERY,), "town=eq.凤山镇&year=gte.2020")
        same = domain.award(part, **self.BASE)
        assert (same.modes, same.filter) == (part.modes, part.filter)

    def test_masks_and_quota_go_with_what_is_left(self) -> None:
        masks = {name: ItemMask(item=name, mask=HashMask()) for name in ("name", "amount")}
        quota = Quota(calls=10)
        given = domain.award(
            PART, **self.BASE | {"items": ["name"], "masks": masks, "quota": quota}
        )
        assert (given.masks, given.quota) == ((masks["name"],), quota)


class TestConsultation:
    @pytest.mark.parametrize("state", sorted(set(S) - {S.ENDORSED, S.FORWARDED}))
    def test_asks_only_what_the_commission_has(self, state: ApplicationState) -> None:
        assert domain.consult(replace(PART, state=state)) is None

    def test_asks_no_county_provider_for_municipal_data(self) -> None:
        part = replace(PART, state=S.FORWARDED, dataset=REGISTER, origin=Origin.MUNICIPAL)
        assert domain.consult(part) is None


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([S.GRANTED, S.SUBMITTED, S.REFUSED], S.SUBMITTED),
        ([S.REVIEWING, S.CONSULTING], S.CONSULTING),
        ([S.GRANTED, S.REFUSED], S.GRANTED),
        ([S.WITHDRAWN, S.REFUSED], S.WITHDRAWN),
        ([S.REFUSED], S.REFUSED),
    ],
)
def test_an_application_is_where_its_slowest_part_is(
    states: list[ApplicationState], state: ApplicationState
) -> None:
    case = replace(CASE, parts=tuple(replace(PART, state=each) for each in states))
    assert case.state is state


class TestOpinion:
    OPINION = Opinion("o-1", "a-1-1", "a-1", CIVIL, NOW)

    def give(self, opinion: Opinion = OPINION, **changes: Any) -> Opinion:
        given = OpinionIn.model_validate({"outcome": Outcome.AGREE, "consent": CONSENT} | changes)
        return opinions.answer(opinion, given, by="off", now=NOW)

    def test_agrees_or_refuses_with_reasons(self) -> None:
        assert self.give().state is OpinionState.AGREED
        refused = self.give(outcome=Outcome.REFUSE, ground=GROUND, reason="超出职责")
        assert (refused.state, refused.reason) == (OpinionState.REFUSED, "超出职责")

    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"outcome": Outcome.REFUSE, "ground": GROUND}, ReasonMissing),
            ({"outcome": Outcome.REFUSE, "reason": "材料不全"}, GroundMissing),
            ({"outcome": Outcome.RETURN}, NoSuchOutcome),
            ({"opinion": replace(OPINION, state=OpinionState.AGREED)}, OpinionClosed),
            ({"opinion": replace(OPINION, state=OpinionState.LAPSED)}, OpinionClosed),
        ],
    )
    def test_refuses(self, change: dict[str, Any], refusal: type[Exception]) -> None:
        with pytest.raises(refusal):
            self.give(**change)


class TestGrant:
    GRANT = Grant(
        id="g-1",
        part="a-1-1",
        application="a-1",
        dataset=AID,
        title="低保对象",
        holder=MARKET,
        provider=CIVIL,
        items=("name",),
        modes=(Mode.QUERY,),
        filter="",
        purpose="帮扶",
        starts=NOW,
        ends=end_of(TODAY),
    )

    def test_the_holder_does_not_suspend(self) -> None:
        with pytest.raises(HolderDoesNotSuspend):
            grants.suspend(self.GRANT, by=MARKET_OFFICER, reason="停")

    def test_who_suspended_resumes_and_the_competent_department_may(self) -> None:
        by_competent = grants.suspend(self.GRANT, by=COMPETENT_OFFICER, reason="滥用")
        with pytest.raises(SuspendedByAnother):
            grants.resume(by_competent, by=officer(CIVIL), reason="已整改")
        by_provider = grants.suspend(self.GRANT, by=officer(CIVIL), reason="滥用")
        with pytest.raises(NotRectified):
            grants.resume(by_provider, by=officer(CIVIL), reason="误停")
        assert grants.resume(by_provider, by=COMPETENT_OFFICER, reason="误停").state is (
            GrantState.ACTIVE
        )
        rectified = grants.rectify(by_provider, report="已收回账号")
        for who in (officer(CIVIL), COMPETENT_OFFICER):
            assert grants.resume(rectified, by=who, reason="已整改").state is GrantState.ACTIVE
        assert grants.suspend(rectified, by=officer(CIVIL), reason="不够").rectification is None

    def test_a_provider_ends_at_once_only_what_it_suspended(self) -> None:
        with pytest.raises(ConsultationMissing):
            grants.revoke(self.GRANT, by=officer(CIVIL), reason="不想提供", rectify_by=None)
        by_competent = grants.suspend(self.GRANT, by=COMPETENT_OFFICER, reason="滥用")
        with pytest.raises(ConsultationMissing):
            grants.revoke(by_competent, by=officer(CIVIL), reason="不想提供", rectify_by=None)
        suspended = grants.suspend(self.GRANT, by=officer(CIVIL), reason="滥用")
        for grant, who in (
            (suspended, officer(CIVIL)),
            (grants.rectify(suspended, report="已整改"), officer(CIVIL)),
            (self.GRANT, MARKET_OFFICER),
            (self.GRANT, COMPETENT_OFFICER),
        ):
            assert (
                grants.revoke(grant, by=who, reason="终止", rectify_by=None).state
                is GrantState.REVOKED
            )

    @pytest.mark.parametrize("state", [GrantState.EXPIRED, GrantState.REVOKED, GrantState.DISPOSED])
    def test_what_is_over_stays_over(self, state: GrantState) -> None:
        grant = replace(self.GRANT, state=state)
        for step in (
            lambda: grants.suspend(grant, by=COMPETENT_OFFICER, reason="停"),
            lambda: grants.resume(grant, by=COMPETENT_OFFICER, reason="复"),
            lambda: grants.revoke(grant, by=COMPETENT_OFFICER, reason="撤", rectify_by=None),
        ):
            with pytest.raises(GrantNotInState):
                step()
        assert grants.expire(grant, now=self.GRANT.ends) is None

    def test_expires_when_its_last_day_is_over(self) -> None:
        assert grants.expire(self.GRANT, now=self.GRANT.ends - timedelta(seconds=1)) is None
        expired = grants.expire(self.GRANT, now=self.GRANT.ends)
        assert expired is not None
        assert expired.state is GrantState.EXPIRED
