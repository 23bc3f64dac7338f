"""What a grant holds back, how it is put right, renewed and stopped, and what becomes of the data."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sharing.cast import (
    AID,
    CIVIL,
    CIVIL_OFFICER,
    COMPETENT_OFFICER,
    IN_A_YEAR,
    MARKET_OFFICER,
    REGISTER,
    SCHOOLS_OFFICER,
    TODAY,
    TOWNS,
    Sharing,
    application,
    item,
    officer,
    part,
    published,
)
from zhengshu_contracts.beijing import end_of
from zhengshu_contracts.limits import HashMask, ItemMask, KeepMask, PeriodMask, Quota, StepMask
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import (
    GrantState,
    ItemType,
    OrganizationKind,
    Origin,
    Role,
    SharingClass,
)
from zhengshu_sharing.datasets.domain import Dataset
from zhengshu_sharing.grants import limits, operations
from zhengshu_sharing.grants.errors import MaskNotPossible
from zhengshu_sharing.grants.states import LIVE, MOVES, Move
from zhengshu_sharing.workdays import Calendar

STOP = {
    "reason": "业务系统停用",
    "consultation": {"on": str(TODAY), "person": "王某", "record": "双方同意改用新系统"},
    "ends": str(TODAY + timedelta(days=40)),
}
DISPOSAL = {"method": "deleted", "note": "已从注册系统删除全部记录", "on": str(TODAY)}
MASK = {"item": "name", "mask": {"kind": "keep", "first": 1}}


async def do(sharing: Sharing, who: Any, action: Action, grant: str, step: str, body: Any) -> Any:
    return await sharing.call(who, action, "POST", f"/v1/grants/{grant}/{step}", body)


async def shown(sharing: Sharing, grant: str) -> Any:
    path = f"/v1/grants/{grant}"
    return (await sharing.call(MARKET_OFFICER, Action.GRANT_READ, "GET", path)).json()


@given(st.lists(st.sampled_from(Move), max_size=20))
def test_no_way_back_from_what_is_over_and_disposal_comes_last(moves: list[Move]) -> None:
    state, seen = GrantState.ACTIVE, [GrantState.ACTIVE]
    for move in moves:
        froms, to = MOVES[move]
        if state in froms:
            state = to
            seen.append(state)
    over = [one for one in seen if one not in LIVE]
    assert over == seen[len(seen) - len(over) :]
    assert over in ([], [GrantState.RENEWED]) or over[0] in {GrantState.EXPIRED, GrantState.REVOKED}
    assert over[1:] in ([], [GrantState.DISPOSED])


class TestLimits:
    ABOUT: ClassVar[Dataset] = Dataset(
        AID,
        "低保对象",
        CIVIL,
        "罗源县民政局",
        Origin.COUNTY,
        (
            item("name", SharingClass.CONDITIONAL),
            item("amount", SharingClass.CONDITIONAL).model_copy(update={"type": ItemType.NUMERIC}),
            item("born", SharingClass.CONDITIONAL).model_copy(update={"type": ItemType.DATE}),
            item("id", SharingClass.CONDITIONAL).model_copy(update={"key": True}),
            item("town", SharingClass.CONDITIONAL),
        ),
    )
    ASKED: ClassVar[tuple[str, ...]] = ("name", "amount", "born", "id")

    @pytest.mark.parametrize(
        ("name", "mask", "fits"),
        [
            ("name", KeepMask(first=1), True),
            ("name", StepMask(width=10), False),
            ("name", PeriodMask(unit="year"), False),
            ("amount", StepMask(width=100), True),
            ("amount", KeepMask(last=2), False),
            ("amount", HashMask(), True),
            ("born", PeriodMask(unit="month"), True),
            ("id", HashMask(), False),
            ("town", HashMask(), False),
            ("other", HashMask(), False),
        ],
    )
    def test_a_mask_fits_its_item(self, name: str, mask: Any, fits: bool) -> None:
        masks = [ItemMask(item=name, mask=mask)]
        if fits:
            limits.check_masks(masks, self.ABOUT, self.ASKED)
        else:
            with pytest.raises(MaskNotPossible):
                limits.check_masks(masks, self.ABOUT, self.ASKED)

    def test_one_mask_an_item(self) -> None:
        with pytest.raises(MaskNotPossible):
            limits.check_masks([ItemMask(item="name", mask=HashMask())] * 2, self.ABOUT, self.ASKED)

    def test_the_least_of_what_anybody_allows(self) -> None:
        assert limits.narrowest(None, None) is None
        least = limits.narrowest(Quota(calls=5), None, Quota(calls=9, rows=100))
        assert least == Quota(calls=5, rows=100)

    async def test_the_provider_asks_for_them_and_the_gateway_is_told(
        self, sharing: Sharing
    ) -> None:
        case = await sharing.apply(part(quota={"calls": 500}))
        await sharing.endorse(case["id"])
        waiting = case["parts"][0]["id"]
        await sharing.callback("opinion_request", waiting)
        opinion = (await sharing.opinion())["id"]
        wrong = await sharing.answer(opinion, masks=[{"item": "town", "mask": {"kind": "hash"}}])
        assert wrong.json()["type"] == "/problems/mask-not-possible"
        given = await sharing.answer(opinion, masks=[MASK], quota={"calls": 100, "rows": 9000})
        assert given.json()["masks"][0]["item"] == "name"
        [filing] = await sharing.dispatches("opinion")
        assert filing.payload["quota"] == {"calls": 100, "rows": 9000}
        decided = {"item": "amount", "mask": {"kind": "hash"}}
        await sharing.callback(
            "decision", waiting, outcome="agree", masks=[decided], quota={"rows": 50}
        )
        [told] = await sharing.told()
        assert [one["item"] for one in told["masks"]] == ["name", "amount"]
        assert told["quota"] == {"calls": 100, "rows": 50}

    async def test_what_cannot_be_masked_as_decided_does_not_go(self, sharing: Sharing) -> None:
        mask = {"item": "name", "mask": {"kind": "step", "width": 10}}
        granted = await sharing.granted(masks=[mask])
        assert (await shown(sharing, granted["grant"]))["items"] == ["amount"]

    async def test_nothing_masked_comes_from_the_municipal_service(self, sharing: Sharing) -> None:
        """It gives values as they are, so that what has to be masked is not granted at all."""
        granted = await sharing.granted(part(REGISTER), masks=[MASK], reason="同意")
        assert (await shown(sharing, granted["grant"]))["items"] == ["amount"]
        case = await sharing.read(granted["id"].rpartition("-")[0])
        assert "未授权的信息项:name" in case["timeline"][-1]["opinion"]
        both = [MASK, MASK | {"item": "amount"}]
        refused = await sharing.granted(part(REGISTER), masks=both)
        assert (refused["state"], refused["grant"]) == ("refused", None)
        assert "不能按要求脱敏" in refused["reason"]

    async def test_an_item_whose_type_changed_meanwhile_does_not_go(self, sharing: Sharing) -> None:
        case = await sharing.apply()
        await sharing.endorse(case["id"])
        waiting = case["parts"][0]["id"]
        await sharing.callback("opinion_request", waiting)
        await sharing.answer((await sharing.opinion())["id"], masks=[MASK])
        names = ("name", "amount")
        items = [item(name, SharingClass.CONDITIONAL) for name in names]
        items[0] = items[0].model_copy(update={"type": ItemType.DATE})
        async with sharing.unit() as unit:
            newer = published(AID, revision=2, items=tuple(items))
            await unit.datasets.publish(newer, at=datetime.now(UTC))
        await sharing.callback("decision", waiting, outcome="agree")
        [told] = await sharing.told()
        assert told["items"] == ["amount"]


class TestRectification:
    async def test_is_the_holders_word_and_anothers_judgement(self, sharing: Sharing) -> None:
        grant = (await sharing.granted())["grant"]
        report = {"report": "已收回多余账号"}
        early = await do(
            sharing, MARKET_OFFICER, Action.GRANT_RECTIFY, grant, "rectification", report
        )
        assert early.json()["type"] == "/problems/grant-not-in-state"
        await sharing.change_grant(grant, "suspension", CIVIL_OFFICER)
        soon = await sharing.change_grant(grant, "resumption", CIVIL_OFFICER)
        assert soon.json()["type"] == "/problems/not-rectified"
        for who in (CIVIL_OFFICER, SCHOOLS_OFFICER):
            other = await do(sharing, who, Action.GRANT_RECTIFY, grant, "rectification", report)
            assert other.status_code == 404
        done = await do(
            sharing, MARKET_OFFICER, Action.GRANT_RECTIFY, grant, "rectification", report
        )
        assert done.json()["state_label"] == "已整改待复核"
        [told] = await sharing.told()
        assert told["state"] == "rectified"
        back = await sharing.change_grant(grant, "resumption", CIVIL_OFFICER)
        assert back.json()["state"] == "active"


class TestRegulator:
    async def test_suspends_what_it_sees_and_only_it_or_the_competent_department_resumes(
        self, sharing: Sharing
    ) -> None:
        kind = OrganizationKind.SECURITY_REGULATOR
        regulator = officer("11350123003700008H", Role.SUPERVISOR, kind=kind)
        grant = (await sharing.granted())["grant"]
        page = await sharing.call(regulator, Action.GRANT_READ, "GET", "/v1/grants")
        assert [one["id"] for one in page.json()["grants"]] == [grant]
        suspended = await sharing.change_grant(grant, "suspension", regulator)
        assert suspended.status_code == 200
        assert suspended.json()["suspended_by"] == regulator.organization
        own = await sharing.change_grant(grant, "resumption", CIVIL_OFFICER)
        assert own.json()["type"] == "/problems/suspended-by-another"
        revoked = await sharing.change_grant(grant, "revocation", regulator)
        assert revoked.status_code in {403, 404}
        report, action = {"report": "已收回多余账号"}, Action.GRANT_RECTIFY
        await do(sharing, MARKET_OFFICER, action, grant, "rectification", report)
        back = await sharing.change_grant(grant, "resumption", regulator)
        assert back.json()["state"] == "active"


class TestStop:
    async def test_is_filed_told_ahead_and_comes_by_itself(self, sharing: Sharing) -> None:
        grant = (await sharing.granted())["grant"]
        filed = await do(sharing, CIVIL_OFFICER, Action.GRANT_STOP, grant, "stop", STOP)
        assert filed.json()["state"] == "active"
        assert filed.json()["stop"]["number"].startswith("罗政数备〔")
        [event] = await sharing.events("zhengshu.sharing.stop.announced")
        assert event["ends"] == STOP["ends"]
        ends = end_of(TODAY + timedelta(days=40))
        [told] = await sharing.told()
        assert datetime.fromisoformat(told["ends"]) == ends
        async with sharing.unit() as unit:
            assert await operations.expire(unit, grant, now=ends)
        assert (await shown(sharing, grant))["state"] == "revoked"
        [notice] = await sharing.dispatches("revocation")
        assert notice.payload["reason"] == STOP["reason"]

    async def test_a_stop_after_the_period_changes_nothing(self, sharing: Sharing) -> None:
        grant = (await sharing.granted())["grant"]
        late = STOP | {"ends": str(IN_A_YEAR + timedelta(days=9))}
        await do(sharing, CIVIL_OFFICER, Action.GRANT_STOP, grant, "stop", late)
        async with sharing.unit() as unit:
            assert await operations.expire(unit, grant, now=end_of(IN_A_YEAR))
        assert (await shown(sharing, grant))["state"] == "expired"

    async def test_gives_the_holder_its_days_and_is_the_providers(self, sharing: Sharing) -> None:
        grant = (await sharing.granted())["grant"]
        last = Calendar.announced().due(TODAY, 5).on - timedelta(days=1)
        soon = STOP | {"ends": str(last)}
        answer = await do(sharing, CIVIL_OFFICER, Action.GRANT_STOP, grant, "stop", soon)
        assert answer.json()["type"] == "/problems/stop-too-soon"
        talk = STOP["consultation"] | {"on": str(TODAY + timedelta(days=1))}
        future = STOP | {"consultation": talk}
        answer = await do(sharing, CIVIL_OFFICER, Action.GRANT_STOP, grant, "stop", future)
        assert answer.json()["type"] == "/problems/consultation-missing"
        for who in (MARKET_OFFICER, SCHOOLS_OFFICER):
            other = await do(sharing, who, Action.GRANT_STOP, grant, "stop", STOP)
            assert other.status_code == 404


class TestDisposal:
    async def test_opens_at_the_end_and_is_the_holders_to_close(self, sharing: Sharing) -> None:
        grant = (await sharing.granted())["grant"]
        early = await do(sharing, MARKET_OFFICER, Action.GRANT_DISPOSE, grant, "disposal", DISPOSAL)
        assert early.json()["type"] == "/problems/grant-not-in-state"
        await sharing.change_grant(grant, "revocation")
        task = (await shown(sharing, grant))["disposal"]
        assert task["due"] > str(TODAY)
        assert task["method"] is None
        for who in (CIVIL_OFFICER, SCHOOLS_OFFICER):
            other = await do(sharing, who, Action.GRANT_DISPOSE, grant, "disposal", DISPOSAL)
            assert other.status_code == 404
        future = DISPOSAL | {"on": str(TODAY + timedelta(days=2))}
        answer = await do(sharing, MARKET_OFFICER, Action.GRANT_DISPOSE, grant, "disposal", future)
        assert answer.json()["type"] == "/problems/disposal-in-future"
        done = await do(sharing, MARKET_OFFICER, Action.GRANT_DISPOSE, grant, "disposal", DISPOSAL)
        assert done.json()["state_label"] == "已处置"
        assert done.json()["disposal"]["method"] == "deleted"
        assert (await sharing.subjects())[-1] == "grant.disposed"
        assert (await sharing.clocks())[-2:] == [("opened", "disposal"), ("closed", "disposal")]


class TestAgain:
    async def test_a_repetition_starts_from_the_last_one(self, sharing: Sharing) -> None:
        case = await sharing.apply(
            part(AID, "town", "name", filter="town=eq.凤山镇"), part(TOWNS, "code")
        )
        path = f"/v1/applications/{case['id']}/repetition"
        draft = await sharing.call(MARKET_OFFICER, Action.APPLICATION_SUBMIT, "GET", path)
        body = draft.json()
        assert [one["dataset"] for one in body["parts"]] == [AID, TOWNS]
        assert body["parts"][0]["items"] == ["town", "name"]
        assert body["parts"][0]["filter"] == "town=eq.凤山镇"
        again = await sharing.submit(body | {"consent": application()["consent"]})
        assert again.status_code == 201, again.text
        other = await sharing.call(SCHOOLS_OFFICER, Action.APPLICATION_SUBMIT, "GET", path)
        assert other.status_code == 404

    async def test_a_repetition_asks_for_no_withheld_item_and_keeps_the_quota(
        self, sharing: Sharing
    ) -> None:
        wish = part(AID, "town", "name", "illness", filter="town=eq.凤山镇", quota={"calls": 9})
        case = await sharing.apply(wish)
        path = f"/v1/applications/{case['id']}/repetition"
        draft = await sharing.call(MARKET_OFFICER, Action.APPLICATION_SUBMIT, "GET", path)
        [again] = draft.json()["parts"]
        assert again == wish | {"items": ["town", "name"], "quota": {"calls": 9, "rows": None}}

    async def test_a_renewal_lifts_no_mask(self, sharing: Sharing) -> None:
        first = (await sharing.granted(masks=[MASK]))["grant"]
        case = (await sharing.submit(application(renews=first))).json()
        await sharing.endorse(case["id"])
        await sharing.callback("decision", case["parts"][0]["id"], outcome="agree")
        [told] = [one for one in await sharing.told() if one["id"] != first]
        assert [one["item"] for one in told["masks"]] == ["name"]

    async def test_a_renewal_follows_what_it_renews(self, sharing: Sharing) -> None:
        first = (await sharing.granted())["grant"]
        path = f"/v1/grants/{first}/renewal"
        draft = await sharing.call(MARKET_OFFICER, Action.APPLICATION_SUBMIT, "GET", path)
        assert draft.json()["renews"] == first
        for who in (CIVIL_OFFICER, SCHOOLS_OFFICER):
            other = await sharing.call(who, Action.APPLICATION_SUBMIT, "GET", path)
            assert other.status_code == 404
        case = await sharing.submit(draft.json() | {"consent": application()["consent"]})
        assert case.json()["renews"] == first
        await sharing.endorse(case.json()["id"])
        [told] = await sharing.told()
        assert told["id"] == first
        await sharing.callback("decision", case.json()["parts"][0]["id"], outcome="agree")
        [told] = await sharing.told()
        assert told["id"] != first
        old = await shown(sharing, first)
        assert (old["state_label"], old["disposal"]) == ("已续期", None)
        assert (await shown(sharing, told["id"]))["renews"] == first

    async def test_only_a_live_grant_of_ones_own_for_the_same_dataset(
        self, sharing: Sharing
    ) -> None:
        grant = (await sharing.granted())["grant"]
        wrong = [
            (MARKET_OFFICER, application(part(TOWNS, "code"), renews=grant)),
            (SCHOOLS_OFFICER, application(renews=grant)),
            (MARKET_OFFICER, application(renews="g-none")),
        ]
        for who, body in wrong:
            answer = await sharing.submit(body, who)
            assert answer.json()["type"] == "/problems/renewal-not-possible"
        await sharing.change_grant(grant, "revocation", COMPETENT_OFFICER)
        over = await sharing.submit(application(renews=grant))
        assert over.json()["type"] == "/problems/renewal-not-possible"

    async def test_not_before_a_suspension_is_over(self, sharing: Sharing) -> None:
        grant = (await sharing.granted())["grant"]
        await sharing.change_grant(grant, "suspension", CIVIL_OFFICER)
        report, action = {"report": "已收回多余账号"}, Action.GRANT_RECTIFY
        for _ in range(2):  # suspended, then rectified
            path = f"/v1/grants/{grant}/renewal"
            draft = await sharing.call(MARKET_OFFICER, Action.APPLICATION_SUBMIT, "GET", path)
            answer = await sharing.submit(application(renews=grant))
            for refused in (draft, answer):
                assert refused.status_code == 409
                assert refused.json()["type"] == "/problems/renewal-suspended"
                assert "第二十七条" in refused.json()["basis"]
            await do(sharing, MARKET_OFFICER, action, grant, "rectification", report)
        await sharing.change_grant(grant, "resumption", CIVIL_OFFICER)
        assert (await sharing.submit(application(renews=grant))).status_code == 201

    async def test_what_is_suspended_meanwhile_stays_so_under_its_new_name(
        self, sharing: Sharing
    ) -> None:
        grant = (await sharing.granted())["grant"]
        case = (await sharing.submit(application(renews=grant))).json()
        await sharing.endorse(case["id"])
        await sharing.change_grant(grant, "suspension", CIVIL_OFFICER)
        await sharing.callback("decision", case["parts"][0]["id"], outcome="agree")
        [told] = await sharing.told()
        assert (told["id"] != grant, told["state"]) == (True, "suspended")
        assert (await shown(sharing, grant))["state"] == "renewed"
        assert (await sharing.subjects())[-3:] == [
            "grant.activated",
            "grant.suspended",
            "grant.renewed",
        ]
        own = await sharing.change_grant(told["id"], "resumption", CIVIL_OFFICER)
        assert own.json()["type"] == "/problems/not-rectified"
