"""Attachments: what is kept, who reads it, when it goes; decisions entered with their scan."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sharing.cast import (
    AID,
    CIVIL_OFFICER,
    COMPETENT,
    COMPETENT_OFFICER,
    MARKET_OFFICER,
    REGISTER,
    SCHOOLS_OFFICER,
    TODAY,
    Sharing,
    application,
    officer,
    part,
)
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import OrganizationKind, Role
from zhengshu_sharing.attachments import operations

HASHED = {"item": "name", "mask": {"kind": "hash"}}


async def kept(sharing: Sharing, who: Any = MARKET_OFFICER) -> str:
    answer = await sharing.upload(who)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def readers(sharing: Sharing, attachment: str) -> list[int]:
    path = f"/v1/attachments/{attachment}"
    everybody = (MARKET_OFFICER, CIVIL_OFFICER, SCHOOLS_OFFICER, COMPETENT_OFFICER)
    calls = [await sharing.call(who, Action.ATTACHMENT_READ, "GET", path) for who in everybody]
    return [answer.status_code for answer in calls]


def files(sharing: Sharing) -> set[str]:
    folder = Path(str(sharing.settings.store_url).removeprefix("file://"))
    return {file.name for file in folder.rglob("f-*")}


class TestFiles:
    async def test_come_back_as_they_were_and_never_open_in_place(self, sharing: Sharing) -> None:
        made = (await sharing.upload(content=b"%PDF-1.7 abc")).json()
        assert (made["size"], made["media"], len(made["digest"])) == (12, "application/pdf", 64)
        path = f"/v1/attachments/{made['id']}"
        back = await sharing.call(MARKET_OFFICER, Action.ATTACHMENT_READ, "GET", path)
        assert back.content == b"%PDF-1.7 abc"
        assert back.headers["content-disposition"].startswith("attachment;")
        assert back.headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize(
        ("content", "media", "problem"),
        [
            (b"<script>", "text/html", "attachment-media"),
            (b"<script>", "application/pdf", "attachment-media"),
            (b"%PDF-1.7", "image/png", "attachment-media"),
            (b"", "application/pdf", "attachment-empty"),
            (b"%PDF-" + b"x" * (20 << 20), "application/pdf", "attachment-too-large"),
        ],
    )
    async def test_are_documents_and_pictures_of_bounded_size(
        self, sharing: Sharing, content: bytes, media: str, problem: str
    ) -> None:
        refused = await sharing.upload(content=content, media=media)
        assert refused.json()["type"] == f"/problems/{problem}"

    async def test_are_the_uploaders_until_a_case_has_them(self, sharing: Sharing) -> None:
        attachment = await kept(sharing)
        assert await readers(sharing, attachment) == [200, 404, 404, 200]
        case = (await sharing.submit(application(attachments=[attachment]))).json()
        assert [one["id"] for one in case["attachments"]] == [attachment]
        assert await readers(sharing, attachment) == [200, 404, 404, 200]
        await sharing.endorse(case["id"])
        await sharing.callback("opinion_request", case["parts"][0]["id"])
        assert await readers(sharing, attachment) == [200, 200, 404, 200]

    async def test_belong_to_one_case_of_their_owner(self, sharing: Sharing) -> None:
        attachment = await kept(sharing)
        others = await sharing.submit(application(attachments=[attachment]), SCHOOLS_OFFICER)
        assert others.json()["type"] == "/problems/attachment-not-found"
        await sharing.submit(application(attachments=[attachment]))
        twice = await sharing.submit(application(attachments=[attachment]))
        assert twice.json()["type"] == "/problems/attachment-not-found"
        assert len(await sharing.rows("SELECT 1 FROM applications")) == 1

    async def test_go_when_unused_or_over(
        self, sharing: Sharing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unused, used = await kept(sharing), await kept(sharing)
        await sharing.submit(application(attachments=[used]))
        sweep = operations.sweep(sharing.settings)
        await sweep(sharing.app.state.resources)
        assert files(sharing) >= {unused, used}
        monkeypatch.setattr(operations, "SETTLED", timedelta(0))
        await sharing.rows(
            "UPDATE attachments SET uploaded_at = uploaded_at - interval '8 days' RETURNING id"
        )
        await sweep(sharing.app.state.resources)
        assert files(sharing) == {used}
        await sharing.rows("UPDATE attachments SET keep_until = '2026-01-01' RETURNING id")
        await sweep(sharing.app.state.resources)
        assert files(sharing) == set()
        assert await readers(sharing, used) == [404] * 4


class TestPaperDecision:
    async def enter(
        self, sharing: Sharing, case: dict[str, Any], who: Any = COMPETENT_OFFICER, **body: Any
    ) -> Any:
        given = {
            "part": case["parts"][0]["id"],
            "outcome": "agree",
            "document": "榕数函〔2026〕12 号",
            "decided_on": str(TODAY),
        }
        path = f"/v1/applications/{case['id']}/decision"
        return await sharing.call(who, Action.DECISION_ENTER, "POST", path, given | body)

    async def test_grants_what_the_paper_says_and_shows_its_scan(self, sharing: Sharing) -> None:
        case = await sharing.apply()
        await sharing.endorse(case["id"])
        scan = await kept(sharing, COMPETENT_OFFICER)
        done = await self.enter(sharing, case, scan=scan, items=["name"])
        assert done.json()["state"] == "granted", done.text
        assert [step["what"] for step in done.json()["timeline"]][-2:] == [
            "同意授权",
            "录入纸质批复",
        ]
        [told] = await sharing.told()
        assert told["items"] == ["name"]
        assert await readers(sharing, scan) == [200, 200, 404, 200]
        late = [
            await sharing.callback("decision", case["parts"][0]["id"], outcome=outcome)
            for outcome in ("agree", "refuse")
        ]
        assert late == ["no-effect", "applied"]
        assert await sharing.told() == []

    async def test_needs_an_endorsement_a_scan_and_somebody_else(self, sharing: Sharing) -> None:
        case = await sharing.apply()
        scan = await kept(sharing, COMPETENT_OFFICER)
        early = await self.enter(sharing, case, scan=scan)
        assert early.json()["type"] == "/problems/not-possible-now"
        await sharing.endorse(case["id"])
        bare = await self.enter(sharing, case, scan="f-none")
        assert bare.json()["type"] == "/problems/attachment-not-found"
        theirs = await self.enter(sharing, case, scan=await kept(sharing))
        assert theirs.json()["type"] == "/problems/attachment-not-found"
        own = officer(
            COMPETENT,
            Role.COMPETENT_OFFICER,
            id=MARKET_OFFICER.id,
            kind=OrganizationKind.COMPETENT,
        )
        refused = await self.enter(sharing, case, own, scan=scan)
        assert refused.json()["type"] == "/problems/own-application"
        future = await self.enter(
            sharing, case, scan=scan, decided_on=str(TODAY + timedelta(days=1))
        )
        assert future.json()["type"] == "/problems/decision-in-future"
        bare = await self.enter(sharing, case, scan=scan, outcome="refuse")
        assert bare.json()["type"] == "/problems/reason-missing"
        done = await self.enter(sharing, case, scan=scan, outcome="refuse", reason="超出职责")
        assert done.json()["state"] == "refused"
        assert await sharing.rows("SELECT 1 FROM grants") == []

    @pytest.mark.parametrize(
        ("slip", "slug"),
        [
            ({"items": ["nmae", "amount"]}, "beyond-application"),
            ({"modes": ["export"]}, "beyond-application"),
            ({"until": str(TODAY - timedelta(days=1))}, "nothing-left"),
            ({"filter": "illness=eq.癌"}, "filter-not-allowed"),
            (
                {"masks": [{"item": "name", "mask": {"kind": "step", "width": 9}}]},
                "mask-not-possible",
            ),
            (
                {"masks": [HASHED], "municipal": True},
                "mask-not-municipal",
            ),
        ],
    )
    async def test_that_was_entered_wrongly_changes_nothing(
        self, sharing: Sharing, slip: dict[str, Any], slug: str
    ) -> None:
        municipal = slip.get("municipal", False)
        case = await sharing.apply(part(REGISTER if municipal else AID))
        await sharing.endorse(case["id"])
        scan = await kept(sharing, COMPETENT_OFFICER)
        body = {name: value for name, value in slip.items() if name != "municipal"}
        refused = await self.enter(sharing, case, scan=scan, **body)
        assert (refused.status_code, refused.json()["type"]) == (422, f"/problems/{slug}")
        assert (await sharing.read(case["id"]))["state"] == "endorsed"
        assert (await self.enter(sharing, case, scan=scan)).json()["state"] == "granted"
