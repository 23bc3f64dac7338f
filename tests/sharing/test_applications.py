"""Applications over HTTP, with the real database: from submission to withdrawal."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sharing.cast import (
    AID,
    CIVIL,
    CIVIL_OFFICER,
    COMPETENT,
    COMPETENT_OFFICER,
    LAW,
    MARKET,
    MARKET_OFFICER,
    REGISTER,
    SCHOOLS_OFFICER,
    SURVEY,
    TODAY,
    TOWNS,
    WATER_OFFICER,
    Sharing,
    application,
    consent,
    officer,
    part,
    published,
)
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import Mode, Role


class TestSubmit:
    async def test_splits_numbers_and_announces(self, sharing: Sharing) -> None:
        asked = part(AID, "town", "name", "illness", filter="town=eq.凤山镇")
        case = await sharing.apply(asked, part(TOWNS, "code"))
        assert case["number"] == f"罗政数申〔{TODAY.year}〕000001 号"
        assert case["state"] == "submitted"
        assert case["state_label"] == "待初审"
        shown = [(p["items"], p["state"], p["filter"]) for p in case["parts"]]
        assert shown == [
            (["town"], "granted", ""),
            (["name"], "submitted", "town=eq.凤山镇"),
            (["illness"], "refused", ""),
            (["code"], "granted", ""),
        ]
        assert LAW.title in case["parts"][2]["reason"]
        assert [step["what"] for step in case["timeline"]] == [
            "提交申请",
            "无条件共享,直接授权",
            "不予共享",
            "无条件共享,直接授权",
        ]
        assert case["timeline"][0]["actor"] == "罗源县市场监督管理局"
        assert case["due"] > str(TODAY)
        assert await sharing.subjects() == ["application.submitted", "application.refused"]
        assert (await sharing.apply())["number"].endswith("000002 号")

    async def test_unconditional_needs_no_grant(self, sharing: Sharing) -> None:
        case = await sharing.apply(part(TOWNS, "code"))
        assert case["state"] == "granted"
        assert case["parts"][0]["grant"] is None
        assert await sharing.rows("SELECT 1 FROM grants") == []
        assert (await sharing.endorse(case["id"])).status_code == 409

    async def test_only_withheld_is_refused_and_announced(self, sharing: Sharing) -> None:
        answer = await sharing.submit(application(part(SURVEY, "income")))
        problem = answer.json()
        assert answer.status_code == 403
        assert problem["type"] == "/problems/items-withheld"
        assert LAW.title in problem["basis"]
        assert "/v1/objections" in problem["next"]
        assert await sharing.rows("SELECT 1 FROM applications") == []
        [event] = await sharing.events()
        assert event["subject"] == "zhengshu.sharing.application.refused.v1"
        assert (event["by"], event["dataset"]) == ("class", SURVEY)

    async def test_a_repeat_has_one_effect(self, sharing: Sharing) -> None:
        body = application()
        first = await sharing.submit(body, Idempotency_Key="k")
        again = await sharing.submit(body, Idempotency_Key="k")
        assert again.json() == first.json()
        assert await sharing.subjects() == ["application.submitted"]

    @pytest.mark.parametrize(
        ("body", "status", "slug"),
        [
            (application(part("303084122704-999999", "x")), 404, "dataset-unknown"),
            (application(part(AID, "nonsense")), 422, "items-unknown"),
            (application(part(), part()), 422, "dataset-repeated"),
            (application(part(filter="illness=eq.x")), 422, "filter-not-allowed"),
            (application(part(filter="order=name")), 422, "filter-not-allowed"),
            (application(until=str(TODAY)), 422, "period-not-allowed"),
            (application(until=str(TODAY + timedelta(4 * 366))), 422, "period-not-allowed"),
            (application(consent=consent(TODAY + timedelta(2))), 422, "consent-not-given"),
            (application(until="soon"), 422, "invalid"),
            (application(consent=None), 422, "invalid"),
        ],
    )
    async def test_refuses(self, sharing: Sharing, body: Any, status: int, slug: str) -> None:
        answer = await sharing.submit(body)
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
        assert await sharing.subjects() == []

    async def test_refuses_whoever_does_not_read(self, sharing: Sharing) -> None:
        refused = await sharing.submit(application(), WATER_OFFICER)
        assert refused.status_code == 403
        assert refused.json()["type"] == "/problems/enterprise-does-not-read"
        assert "公共服务企业" in refused.json()["basis"]
        own = await sharing.submit(application(), CIVIL_OFFICER)
        assert own.json()["type"] == "/problems/own-dataset"

    async def test_refuses_a_retired_dataset(self, sharing: Sharing) -> None:
        await sharing.rows(
            "UPDATE datasets SET retired_at = now() WHERE id = :id RETURNING id", id=AID
        )
        assert (await sharing.submit(application())).status_code == 404

    async def test_asks_for_the_role(self, sharing: Sharing) -> None:
        answer = await sharing.submit(application(), officer(MARKET, Role.OPERATOR))
        assert answer.json()["type"] == "/problems/not-admitted"


class TestRead:
    async def test_others_see_nothing(self, sharing: Sharing) -> None:
        case = await sharing.apply()
        read, path = Action.APPLICATION_READ, f"/v1/applications/{case['id']}"
        for who, status, seen in (
            (MARKET_OFFICER, 200, 1),
            (COMPETENT_OFFICER, 200, 1),
            (SCHOOLS_OFFICER, 404, 0),
            (CIVIL_OFFICER, 404, 0),
        ):
            assert (await sharing.call(who, read, "GET", path)).status_code == status
            page = await sharing.call(who, read, "GET", "/v1/applications")
            assert len(page.json()["applications"]) == seen

    async def test_pages_newest_first(self, sharing: Sharing) -> None:
        ids = [(await sharing.apply())["id"] for _ in range(3)]
        read, path = Action.APPLICATION_READ, "/v1/applications?limit=2"
        first = (await sharing.call(MARKET_OFFICER, read, "GET", path)).json()
        then = f"{path}&cursor={first['next']}"
        second = (await sharing.call(MARKET_OFFICER, read, "GET", then)).json()
        found = [one["id"] for one in first["applications"] + second["applications"]]
        assert (found, second["next"]) == (ids[::-1], None)
        stolen = await sharing.call(SCHOOLS_OFFICER, read, "GET", then)
        assert stolen.json()["type"] == "/problems/cursor-invalid"


class TestEndorse:
    async def test_forwards_only_conditional_parts(self, sharing: Sharing) -> None:
        asked = part(AID, "town", "name", "illness", filter="town=eq.凤山镇")
        case = await sharing.apply(asked, part(REGISTER, "name"))
        answer = await sharing.endorse(case["id"])
        assert [p["state"] for p in answer.json()["parts"]] == [
            "granted",
            "endorsed",
            "refused",
            "endorsed",
        ]
        first, second = await sharing.dispatches("application")
        assert first.payload["items"] == ["name"]
        assert first.payload["filter"] == "town=eq.凤山镇"
        assert first.payload["applicant_name"] == "罗源县市场监督管理局"
        assert first.payload["endorsement"] == "同意转报"
        assert second.payload["municipal_code"] == "350100-M-9"
        assert (await sharing.subjects())[-1] == "application.endorsed"
        assert (await sharing.endorse(case["id"])).status_code == 409

    async def test_of_municipal_data_only_queries_can_be_applied_for(
        self, sharing: Sharing
    ) -> None:
        for mode in ("verify", "export", "subscribe"):
            asked = part(REGISTER, "name") | {"modes": ["query", mode]}
            refused = await sharing.submit(application(asked))
            assert refused.json()["type"] == "/problems/mode-not-offered"

    async def test_a_mode_that_the_entry_does_not_offer_is_refused(self, sharing: Sharing) -> None:
        offer = published(AID, revision=2, modes=(Mode.QUERY, Mode.VERIFY))
        async with sharing.unit() as unit:
            await unit.datasets.publish(offer, at=datetime.now(UTC))
        refused = await sharing.submit(application(part(modes=["query", "export"])))
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/mode-not-offered")
        assert "批量导出" in refused.json()["detail"]
        assert "verify(核验)、query(查询)" in refused.json()["next"]
        assert await sharing.rows("SELECT 1 FROM applications") == []
        taken = await sharing.apply(part(modes=["verify"]))
        assert taken["parts"][0]["modes"] == ["verify"]

    async def test_of_an_entry_that_names_no_mode_any_can_be_applied_for(
        self, sharing: Sharing
    ) -> None:
        every = [mode.value for mode in Mode]
        taken = await sharing.apply(part(modes=every))
        assert taken["parts"][0]["modes"] == every

    async def test_returns_once(self, sharing: Sharing) -> None:
        case = await sharing.apply()
        unnamed = await sharing.endorse(case["id"], outcome="return")
        assert unnamed.json()["type"] == "/problems/missing-not-named"
        returned = await sharing.endorse(case["id"], outcome="return", missing=["依据的文号"])
        assert returned.json()["state"] == "supplementing"
        assert "依据的文号" in returned.json()["timeline"][-1]["opinion"]
        assert (await self.supplement(sharing, case["id"], SCHOOLS_OFFICER)).status_code == 404
        supplied = await self.supplement(sharing, case["id"], MARKET_OFFICER)
        assert supplied.json()["state"] == "submitted"
        assert supplied.json()["basis"] == "条例第二十条"
        assert supplied.json()["purpose"] == "救助对象帮扶"
        again = await sharing.endorse(case["id"], outcome="return", missing=["还有"])
        assert again.json()["type"] == "/problems/already-returned"
        assert "第二十一条" in again.json()["basis"]
        assert (await sharing.endorse(case["id"])).status_code == 200

    async def supplement(self, sharing: Sharing, case: str, who: Any) -> Any:
        body = {"note": "已补文号", "basis": "条例第二十条"}
        path = f"/v1/applications/{case}/supplement"
        return await sharing.call(who, Action.APPLICATION_SUBMIT, "POST", path, body)

    async def test_refuses_with_reasons(self, sharing: Sharing) -> None:
        case = await sharing.apply()
        refusal = {"outcome": "refuse", "ground": "outside_duties", "opinion": "非注册职责"}
        refused = await sharing.endorse(case["id"], **refusal)
        assert refused.json()["state"] == "refused"
        assert refused.json()["parts"][0]["reason"] == "与申请单位法定职责无关:非注册职责"
        assert await sharing.dispatches("application") == []
        assert (await sharing.subjects())[-1] == "application.refused"

    @pytest.mark.parametrize(
        ("body", "slug"),
        [
            ({}, "ground-missing"),
            ({"missing": ["职责依据"]}, "incompleteness-is-no-ground"),
            ({"ground": "security", "missing": ["评估"]}, "incompleteness-is-no-ground"),
            ({"ground": "incomplete"}, "malformed"),
        ],
    )
    async def test_never_refuses_what_is_merely_incomplete(
        self, sharing: Sharing, body: dict[str, Any], slug: str
    ) -> None:
        case = await sharing.apply()
        answer = await sharing.endorse(case["id"], outcome="refuse", opinion="材料不全", **body)
        assert answer.status_code == 422
        assert slug == "malformed" or answer.json()["type"] == f"/problems/{slug}"
        assert slug == "malformed" or "第二十一条" in answer.json()["basis"]
        assert (await sharing.read(case["id"]))["state"] == "submitted"

    async def test_nobody_decides_their_own(self, sharing: Sharing) -> None:
        case = await sharing.apply()
        kind = COMPETENT_OFFICER.organization_kind
        same = officer(COMPETENT, Role.COMPETENT_OFFICER, id=MARKET_OFFICER.id, kind=kind)
        deputy = officer(COMPETENT, Role.COMPETENT_OFFICER, id="off-deputy", kind=kind)
        deputy = deputy.model_copy(update={"standing_in_for": (MARKET_OFFICER.id,)})
        for one in (same, deputy):
            answer = await sharing.endorse(case["id"], one)
            assert answer.json()["type"] == "/problems/own-application"
        unit = officer(MARKET, Role.COMPETENT_OFFICER, id="off-x", kind=kind)
        answer = await sharing.endorse(case["id"], unit)
        assert answer.json()["type"] == "/problems/own-application"

    async def test_asks_for_the_role(self, sharing: Sharing) -> None:
        case = await sharing.apply()
        for who in (MARKET_OFFICER, CIVIL_OFFICER, officer(COMPETENT, Role.ADMINISTRATOR)):
            assert (await sharing.endorse(case["id"], who)).status_code == 403


class TestWithdraw:
    async def test_before_endorsement_tells_nobody_outside(self, sharing: Sharing) -> None:
        case = await sharing.apply(part(AID, "town", "name"))
        answer = await sharing.withdraw(case["id"])
        assert [p["state"] for p in answer.json()["parts"]] == ["granted", "withdrawn"]
        assert await sharing.dispatches("withdrawal") == []
        assert (await sharing.subjects())[-1] == "application.withdrawn"
        assert (await sharing.withdraw(case["id"])).status_code == 409

    async def test_after_endorsement_tells_the_commission(self, sharing: Sharing) -> None:
        case = await sharing.apply()
        await sharing.endorse(case["id"])
        assert (await sharing.withdraw(case["id"])).json()["state"] == "withdrawn"
        [notice] = await sharing.dispatches("withdrawal")
        assert notice.payload == {"part": case["parts"][0]["id"], "reason": "不再需要"}
        [filing] = await sharing.dispatches("application")
        assert filing.state == "answered"

    async def test_while_the_provider_is_asked(self, sharing: Sharing) -> None:
        case = await sharing.apply()
        await sharing.endorse(case["id"])
        await sharing.callback("opinion_request", case["parts"][0]["id"])
        opinion = await sharing.opinion()
        await sharing.withdraw(case["id"])
        late = await sharing.answer(opinion["id"])
        assert late.json()["type"] == "/problems/opinion-closed"

    async def test_only_the_applicant(self, sharing: Sharing) -> None:
        case = await sharing.apply()
        stranger = officer(COMPETENT, kind=COMPETENT_OFFICER.organization_kind)
        for who in (SCHOOLS_OFFICER, officer(CIVIL), stranger):
            assert (await sharing.withdraw(case["id"], who)).status_code == 404


class TestList:
    async def test_finds_what_waits_for_whom(self, sharing: Sharing) -> None:
        waiting, back, endorsed = [(await sharing.apply())["id"] for _ in range(3)]
        await sharing.endorse(back, outcome="return", opinion="请补正", missing=["依据"])
        await sharing.endorse(endorsed)

        async def found(query: str, who: Any = COMPETENT_OFFICER) -> list[str]:
            path = f"/v1/applications?{query}"
            page = await sharing.call(who, Action.APPLICATION_READ, "GET", path)
            return [one["id"] for one in page.json()["applications"]]

        assert await found("state=submitted") == [waiting]
        assert await found("waiting_for=competent") == [waiting]
        assert await found("waiting_for=applicant", MARKET_OFFICER) == [back]
        assert await found("waiting_for=commission") == [endorsed]
        assert await found("waiting_for=provider") == []
        assert await found("state=submitted", SCHOOLS_OFFICER) == []
        path = "/v1/applications?state=nonsense"
        bad = await sharing.call(COMPETENT_OFFICER, Action.APPLICATION_READ, "GET", path)
        assert bad.status_code == 422
