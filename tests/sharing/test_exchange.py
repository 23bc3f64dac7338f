"""What the Commission answers: acceptance, opinion request, decision; repeated, late, too wide."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
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
    Sharing,
    consent,
    item,
    part,
    published,
)
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import SharingClass
from zhengshu_sharing.workdays import Calendar

LATER = datetime.now(UTC) + timedelta(hours=1)


async def endorsed(sharing: Sharing, *parts: dict[str, Any]) -> tuple[str, str]:
    """An application whose conditional part is on its way; its id and the part's."""
    case = await sharing.apply(*parts)
    await sharing.endorse(case["id"])
    [waiting] = [one for one in case["parts"] if one["sharing"] == "conditional"]
    return case["id"], waiting["id"]


async def state(sharing: Sharing, case: str) -> str:
    return (await sharing.read(case))["state"]


class TestAcceptance:
    async def test_is_noted_once(self, sharing: Sharing) -> None:
        case, waiting = await endorsed(sharing)
        assert (await sharing.accept(waiting)).json()["state"] == "accepted"
        await sharing.accept(waiting)
        assert await state(sharing, case) == "forwarded"
        forwarded = "zhengshu.sharing.application.forwarded"
        [event] = await sharing.events(forwarded)
        assert (event["part"], event["acceptance"]) == (waiting, "榕数受-1")
        assert "榕数受-1" in (await sharing.read(case))["timeline"][-1]["opinion"]

    async def test_the_filing_carries_the_consent_and_what_the_files_are(
        self, sharing: Sharing
    ) -> None:
        file = (await sharing.upload()).json()
        case = await sharing.apply(attachments=[file["id"]])
        await sharing.endorse(case["id"])
        [filing] = await sharing.dispatches("application")
        assert filing.payload["consent"]["by"] == "负责人"
        [told] = filing.payload["attachments"]
        assert told == {name: file[name] for name in ("id", "name", "media", "size", "digest")}

    async def test_a_refused_filing_is_seen(self, sharing: Sharing) -> None:
        case, waiting = await endorsed(sharing)
        await sharing.report(waiting, outcome="rejected", reason="缺少市级目录代码")
        shown = await sharing.read(case)
        assert (shown["state"], shown["timeline"][-1]["what"]) == ("endorsed", "未受理转报")
        assert shown["timeline"][-1]["opinion"] == "缺少市级目录代码"


class TestOpinion:
    async def test_is_asked_answered_and_sent(self, sharing: Sharing) -> None:
        case, waiting = await endorsed(sharing)
        await sharing.accept(waiting)
        assert await sharing.callback("opinion_request", waiting) == "applied"
        shown = await sharing.read(case)
        assert shown["state"] == "consulting"
        opinion = await sharing.opinion()
        assert opinion["due"] == shown["due"] > str(TODAY + timedelta(9))
        assert (opinion["items"], opinion["state_label"]) == (["name", "amount"], "待提供单位反馈")
        [event] = await sharing.events("zhengshu.sharing.opinion.requested")
        assert (event["provider"], event["due"]) == (CIVIL, opinion["due"])
        bare = await sharing.answer(opinion["id"], outcome="refuse")
        assert bare.json()["type"] == "/problems/reason-missing"
        loose = await sharing.answer(opinion["id"], outcome="refuse", reason="材料不全")
        assert (loose.status_code, loose.json()["type"]) == (422, "/problems/ground-missing")
        assert "第二十一条" in loose.json()["basis"]
        early = await sharing.answer(opinion["id"], consent=consent(TODAY + timedelta(2)))
        assert early.json()["type"] == "/problems/consent-not-given"
        refusal = {"outcome": "refuse", "ground": "outside_duties", "reason": "超出职责"}
        given = await sharing.answer(opinion["id"], **refusal)
        assert (given.json()["state"], given.json()["ground"]) == ("refused", "outside_duties")
        last = (await sharing.read(case))["timeline"][-1]
        assert last["opinion"] == "与申请单位法定职责无关:超出职责"
        assert await state(sharing, case) == "reviewing"
        [filing] = await sharing.dispatches("opinion")
        assert filing.payload == {
            "opinion": opinion["id"],
            "part": waiting,
            "outcome": "refuse",
            "ground": "outside_duties",
            "reason": "超出职责",
            "masks": [],
            "quota": None,
        }
        assert (await sharing.answer(opinion["id"])).status_code == 409
        assert (await sharing.subjects())[-1] == "opinion.given"

    async def test_is_the_providers_alone(self, sharing: Sharing) -> None:
        _, waiting = await endorsed(sharing)
        await sharing.callback("opinion_request", waiting)
        opinion = (await sharing.opinion())["id"]
        for who in (MARKET_OFFICER, SCHOOLS_OFFICER):
            assert (await sharing.answer(opinion, who)).status_code == 404
            path = f"/v1/opinions/{opinion}"
            seen = await sharing.call(who, Action.OPINION_READ, "GET", path)
            assert seen.status_code == 404
            page = await sharing.call(who, Action.OPINION_READ, "GET", "/v1/opinions")
            assert page.json()["opinions"] == []
        seen = await sharing.call(COMPETENT_OFFICER, Action.OPINION_READ, "GET", path)
        assert seen.status_code == 200

    async def test_is_given_with_the_application_before_ones_eyes(self, sharing: Sharing) -> None:
        evidence = (await sharing.upload()).json()["id"]
        wish = part(AID, "town", "name", filter="town=eq.凤山镇", quota={"calls": 9})
        case = await sharing.apply(wish, attachments=[evidence])
        await sharing.endorse(case["id"])
        [waiting] = [one for one in case["parts"] if one["sharing"] == "conditional"]
        await sharing.callback("opinion_request", waiting["id"])
        seen = await sharing.opinion()
        for member in ("number", "basis", "scenario", "scope", "purpose", "until"):
            assert seen[member] == case[member]
        assert (seen["applicant_name"], seen["consent"]["by"]) == ("罗源县市场监督管理局", "负责人")
        assert (seen["filter"], seen["wished_quota"]["calls"]) == ("town=eq.凤山镇", 9)
        [file] = seen["attachments"]
        path = f"/v1/attachments/{file['id']}"
        read = await sharing.call(CIVIL_OFFICER, Action.ATTACHMENT_READ, "GET", path)
        assert (file["id"], read.status_code) == (evidence, 200)
        steps = [step["what"] for step in seen["timeline"]]
        assert steps == ["提交申请", "同意转报", "受理", "征求提供单位意见"]

    async def test_is_asked_once(self, sharing: Sharing) -> None:
        _, waiting = await endorsed(sharing)
        assert await sharing.callback("opinion_request", waiting, again="c") == "applied"
        assert await sharing.callback("opinion_request", waiting, again="c") == "no-effect"
        assert await sharing.callback("opinion_request", waiting) == "no-effect"
        await sharing.answer((await sharing.opinion())["id"])
        assert await sharing.callback("opinion_request", waiting) == "no-effect"

    async def test_no_county_provider_for_municipal_data(self, sharing: Sharing) -> None:
        case, waiting = await endorsed(sharing, part(REGISTER, "name"))
        assert await sharing.callback("opinion_request", waiting) == "no-effect"
        assert await sharing.callback("decision", waiting, outcome="agree") == "applied"
        assert await state(sharing, case) == "granted"

    async def test_the_commission_may_set_the_day(self, sharing: Sharing) -> None:
        _, waiting = await endorsed(sharing)
        day = Calendar.announced().first(TODAY + timedelta(3)).on
        await sharing.callback("opinion_request", waiting, due=str(day))
        assert (await sharing.opinion())["due"] == str(day)


class TestDecision:
    async def test_grants(self, sharing: Sharing) -> None:
        case, waiting = await endorsed(sharing, part(AID, "town", "name", filter="town=eq.凤山镇"))
        await sharing.accept(waiting)
        await sharing.callback("opinion_request", waiting)
        await sharing.answer((await sharing.opinion())["id"])
        agreed = await sharing.callback("decision", waiting, outcome="agree", reason="同意")
        assert agreed == "applied"
        shown = await sharing.read(case)
        assert [step["what"] for step in shown["timeline"]][2:] == [
            "同意转报",
            "受理",
            "征求提供单位意见",
            "提供单位同意",
            "同意授权",
        ]
        [granted] = [one for one in shown["parts"] if one["grant"]]
        assert (shown["state"], granted["id"]) == ("granted", waiting)
        [told] = await sharing.told()
        assert told["id"] == granted["grant"]
        assert (told["items"], told["modes"]) == (["name"], ["query"])
        assert (told["filter"], told["state"]) == ("town=eq.凤山镇", "active")
        [event] = await sharing.events("zhengshu.sharing.grant.activated")
        assert (event["grant"], event["part"]) == (granted["grant"], waiting)
        [filing] = await sharing.dispatches("application")
        assert filing.state == "answered"

    async def test_a_refusal_holds_in_whichever_order_it_comes(self, sharing: Sharing) -> None:
        """What the Commission takes back ends here, and is not restored by an agreement that was late."""
        granted = await sharing.granted()
        part, grant = granted["id"], granted["grant"]
        refused = {"outcome": "refuse", "reason": "依据已失效"}
        assert await sharing.callback("decision", part, **refused) == "applied"
        assert await sharing.told() == []
        [event] = await sharing.events("zhengshu.sharing.grant.revoked")
        assert (event["grant"], event["by"]) == (grant, "commission")
        case = (await sharing.rows("SELECT application FROM grants"))[0].application
        last = (await sharing.read(case))["timeline"][-1]
        assert (last["what"], last["opinion"]) == ("收回授权", "依据已失效")
        assert await sharing.callback("decision", part, **refused) == "no-effect"
        assert await sharing.callback("decision", part, outcome="agree") == "no-effect"
        assert await sharing.told() == []

    async def test_refuses_with_reasons(self, sharing: Sharing) -> None:
        case, waiting = await endorsed(sharing)
        await sharing.callback("decision", waiting, outcome="refuse", reason="依据不足")
        assert (await sharing.read(case))["parts"][0]["reason"] == "依据不足"
        assert await state(sharing, case) == "refused"
        assert (await sharing.subjects())[-1] == "application.refused"
        assert await sharing.rows("SELECT 1 FROM grants") == []

    @pytest.mark.parametrize(
        ("decision", "items", "until"),
        [
            ({"items": ["name"]}, ["name"], IN_A_YEAR),
            ({"until": str(TODAY + timedelta(30))}, ["name", "amount"], TODAY + timedelta(30)),
            ({"items": ["name", "illness", "town"]}, ["name"], IN_A_YEAR),
            ({"until": "2099-01-01"}, ["name", "amount"], IN_A_YEAR),
        ],
    )
    async def test_narrows_and_never_widens(
        self, sharing: Sharing, decision: Any, items: list[str], until: Any
    ) -> None:
        await sharing.granted(**decision)
        [told] = await sharing.told()
        assert told["items"] == items
        assert told["ends"][:10] == str(until)  # midnight in Beijing is 16:00 UTC of that day

    async def test_narrows_modes_and_rows_beside_the_applicants(self, sharing: Sharing) -> None:
        wish = part(modes=["query", "verify"], filter="town=eq.凤山镇")
        decided = {"modes": ["verify", "export"], "filter": "amount=gt.100"}
        await sharing.granted(wish, **decided)
        [told] = await sharing.told()
        assert told["modes"] == ["verify"]
        assert told["filter"] == "town=eq.凤山镇&amount=gt.100"

    @pytest.mark.parametrize(
        ("decision", "why"),
        [
            ({"items": ["town"]}, "没有交集"),
            ({"until": str(TODAY - timedelta(1))}, f"使用时限 {TODAY - timedelta(1)} 已过"),
            ({"modes": ["export"]}, "没有交集"),
            ({"filter": "illness=eq.癌"}, "不能用作条件的信息项:illness"),
            ({"filter": "select=name"}, "行条件"),
        ],
    )
    async def test_nothing_left_is_no_grant(
        self, sharing: Sharing, decision: Any, why: str
    ) -> None:
        granted = await sharing.granted(**decision)
        assert (granted["state"], granted["grant"]) == ("refused", None)
        assert why in granted["reason"]

    async def test_that_returns_has_its_supplement_and_the_whole_way_again(
        self, sharing: Sharing
    ) -> None:
        case, waiting = await endorsed(sharing)
        await sharing.callback("opinion_request", waiting)
        returned = {"outcome": "return", "reason": "请补正", "missing": ["职责文号"]}
        assert await sharing.callback("decision", waiting, **returned) == "applied"
        shown = await sharing.read(case)
        assert (shown["state"], shown["due"]) == ("supplementing", None)
        assert shown["timeline"][-1]["opinion"] == "请补正。需补正:职责文号"
        [event] = await sharing.events("zhengshu.sharing.application.returned")
        assert event["by"] == "commission"
        assert await sharing.callback("decision", waiting, outcome="agree") == "no-effect"
        path = f"/v1/applications/{case}/supplement"
        body = {"note": "已补文号", "basis": "三定方案第五条"}
        await sharing.call(MARKET_OFFICER, Action.APPLICATION_SUBMIT, "POST", path, body)
        shown = await sharing.read(case)
        assert shown["state"] == "submitted"
        assert shown["due"] > str(TODAY)
        again = await sharing.endorse(case, outcome="return", missing=["还有"])
        assert again.json()["type"] == "/problems/already-returned"
        await sharing.endorse(case)
        first, second = await sharing.dispatches("application")
        assert {first.state, second.state} == {"answered", "due"}
        assert await sharing.callback("opinion_request", waiting) == "applied"
        await sharing.answer((await sharing.opinion())["id"])
        assert await sharing.callback("decision", waiting, outcome="agree") == "applied"
        assert await state(sharing, case) == "granted"

    async def test_that_returns_one_part_leaves_the_terms_of_the_others(
        self, sharing: Sharing
    ) -> None:
        """What a part was endorsed for is what it is granted for, whatever is supplied for another."""
        case = await sharing.apply(part(), part(REGISTER, "name"))
        await sharing.endorse(case["id"])
        kept, back = (one["id"] for one in case["parts"])
        await sharing.callback("decision", back, outcome="return", missing=["职责文号"])
        path, action = f"/v1/applications/{case['id']}/supplement", Action.APPLICATION_SUBMIT
        for wider in ({"purpose": "商业分析"}, {"until": str(IN_A_YEAR + timedelta(300))}):
            body = {"note": "已补文号"} | wider
            refused = await sharing.call(MARKET_OFFICER, action, "POST", path, body)
            assert (refused.status_code, refused.json()["type"]) == (409, "/problems/terms-settled")
        await sharing.callback("decision", kept, outcome="agree")
        [told] = await sharing.told()
        assert (told["purpose"], told["ends"][:10]) == (case["purpose"], str(IN_A_YEAR))
        supplied = {"note": "已补文号", "purpose": case["purpose"], "consent": consent()}
        done = await sharing.call(MARKET_OFFICER, action, "POST", path, supplied)
        assert [one["state"] for one in done.json()["parts"]] == ["granted", "submitted"]

    async def test_what_was_withheld_meanwhile_is_not_granted(self, sharing: Sharing) -> None:
        _, waiting = await endorsed(sharing)
        withheld = [item(name, SharingClass.WITHHELD) for name in ("name", "amount")]
        async with sharing.unit() as unit:
            await unit.datasets.publish(published(revision=2, items=withheld), at=LATER)
        await sharing.callback("decision", waiting, outcome="agree")
        assert await sharing.rows("SELECT 1 FROM grants") == []

    async def test_twice_has_one_effect(self, sharing: Sharing) -> None:
        _, waiting = await endorsed(sharing)
        first = await sharing.callback("decision", waiting, again="c", outcome="agree")
        again = await sharing.callback("decision", waiting, again="c", outcome="agree")
        other = await sharing.callback("decision", waiting, outcome="agree", items=["name"])
        assert (first, again, other) == ("applied", "no-effect", "no-effect")
        assert len(await sharing.rows("SELECT 1 FROM grants")) == 1
        assert (await sharing.subjects()).count("grant.activated") == 1

    async def test_two_at_once_have_one_effect(self, sharing: Sharing) -> None:
        case = await sharing.apply()
        endorsements = await asyncio.gather(*(sharing.endorse(case["id"]) for _ in range(3)))
        assert sorted(answer.status_code for answer in endorsements) == [200, 409, 409]
        assert len(await sharing.dispatches("application")) == 1
        waiting = case["parts"][0]["id"]
        outcomes = await asyncio.gather(
            *(sharing.callback("decision", waiting, outcome="agree") for _ in range(3))
        )
        assert sorted(outcomes) == ["applied", "no-effect", "no-effect"]
        assert len(await sharing.told()) == 1

    async def test_at_once_with_a_withdrawal_one_of_them_counts(self, sharing: Sharing) -> None:
        for _ in range(3):
            case, waiting = await endorsed(sharing)
            decided, withdrawn = await asyncio.gather(
                sharing.callback("decision", waiting, outcome="agree"), sharing.withdraw(case)
            )
            expected = ("granted", 409) if decided == "applied" else ("withdrawn", 200)
            assert (await state(sharing, case), withdrawn.status_code) == expected

    async def test_late_after_a_withdrawal_has_no_effect(self, sharing: Sharing) -> None:
        case, waiting = await endorsed(sharing)
        await sharing.withdraw(case)
        assert await sharing.callback("decision", waiting, outcome="agree") == "no-effect"
        assert await state(sharing, case) == "withdrawn"
        assert await sharing.rows("SELECT 1 FROM grants") == []
        assert await sharing.events("$KV.") == []

    async def test_needs_an_endorsement(self, sharing: Sharing) -> None:
        case = await sharing.apply()
        waiting = case["parts"][0]["id"]
        assert await sharing.callback("decision", waiting, outcome="agree") == "no-effect"
        assert await state(sharing, case["id"]) == "submitted"

    async def test_of_nothing_known_has_no_effect(self, sharing: Sharing) -> None:
        assert await sharing.callback("decision", "a-nothing-1", outcome="agree") == "no-effect"

    async def test_ends_the_question_to_the_provider(self, sharing: Sharing) -> None:
        _, waiting = await endorsed(sharing)
        await sharing.callback("opinion_request", waiting)
        opinion = await sharing.opinion()
        await sharing.callback("decision", waiting, outcome="agree")
        late = await sharing.answer(opinion["id"])
        assert late.json()["type"] == "/problems/opinion-closed"

    async def test_only_the_gateway_delivers(self, sharing: Sharing) -> None:
        answer = await sharing.call(
            COMPETENT_OFFICER, Action.INTERNAL, "POST", "/internal/callbacks", {}
        )
        assert answer.status_code == 403
