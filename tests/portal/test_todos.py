"""The staff start page and reviews: what waits is found, and seen before it is decided."""

import json
from datetime import date

import httpx
import pytest
import respx
from portal.desk import CIVIL, ME, NOTHING, REVIEWER, desk, hidden, proofs, sample, sent
from zhengshu_contracts import catalog, sharing
from zhengshu_contracts.sharing import TodoKind
from zhengshu_portal.days import left, remaining
from zhengshu_portal.kinds import KINDS
from zhengshu_portal.schemas import schema_of

ENTRY = "307350123001-000002"
OPINION = sample(schema_of(sharing.OpinionOut)) | {"state": "requested", "extension": None}
ITEM = {
    "name": "amount",
    "title": "月保障金",
    "type": "Y",
    "sharing": "unconditional",
    "opening": "closed",
}
CONTENT = {
    "category": "307350123001",
    "title": "低保对象",
    "abstract": "最低生活保障对象",
    "format": "database",
    "update_cycle": "monthly",
    "items": [ITEM],
    "state_secret": False,
    "work_secret": False,
}
SUBMITTED = sample(schema_of(catalog.EntryOut)) | {
    **CONTENT,
    "id": ENTRY,
    "origin": "county",
    "state": "published",
    "revision": 1,
    "revising": "submitted",
    "sharing": "unconditional",
    "grade": "general",
    "registration": "live",
    "provider": CIVIL,
    "quality": None,
    "retirement": None,
    "secrecy_assessment": None,
    "privacy_assessment": None,
    "head_consent": None,
    "security_review": None,
}
GRANT = {"holder": CIVIL, "items": ["amount"], "ends": "2027-01-01T00:00:00Z"}
REVISION = {
    "number": 2,
    "state": "submitted",
    "state_label": "待审核",
    "content": CONTENT | {"items": [ITEM | {"title": "每月<保障>金额", "sharing": "withheld"}]},
    "sharing": "withheld",
    "grade": "general",
    "compiled_at": "2026-11-22T00:00:00Z",
    "submitted_at": "2026-11-23T00:00:00Z",
    "changes": [
        {
            "item": "amount",
            "label": "信息项中文名称",
            "before": "月保障金",
            "after": "每月<保障>金额",
        }
    ],
    "class_changes": [
        {
            "item": "amount",
            "title": "每月<保障>金额",
            "kind": "共享属性",
            "before": "无条件共享",
            "after": "不予共享",
            "direction": "tightened",
        }
    ],
    "affected": [GRANT | {"grant": "g-1"}, GRANT | {"grant": "g-2"}],
}


def todo(matter: str, due: str | None, kind: str = "endorsement") -> dict[str, object]:
    told = {"kind": kind, "matter": matter, "title": f"<{matter}>", "due": due}
    told |= {"kind_label": TodoKind(kind).label, "due_basis": "《政务数据共享条例》第二十一条"}
    return sample(schema_of(sharing.TodoOut)) | told


def lists(node: respx.MockRouter, *todos: dict[str, object]) -> None:
    node.get("/v1/todos").respond(json={"todos": todos, "more": False})


async def test_the_most_urgent_comes_first_with_its_article_and_leads_to_its_page():
    dated = [todo(f"a-{day}", f"2026-12-{day}") for day in ("21", "03", "10")]
    rest = [todo("o-1", "2026-12-11", "opinion"), todo("g-1", None, "rectification")]
    async with desk(REVIEWER) as (portal, node):
        lists(node, *dated, *rest)
        text = (await portal.get("/my")).text
    links = [f"applications/a-{day}" for day in ("03", "10")]
    links += ["opinions/o-1", "applications/a-21", "grants/g-1"]
    places = [text.index(f'href="/my/{link}"') for link in links]
    assert places == sorted(places)
    for word in ("等待我办理(5)", "答复征求意见", "第二十一条", "&lt;a-21&gt;"):
        assert word in text


async def test_entries_to_review_come_by_their_clocks():
    names = ("late", "soon", "later")
    dated = [SUBMITTED | {"id": f"e-{name}", "title": name} for name in ("later", "late", "soon")]
    ends = zip(names, ("2026-11-20", "2026-12-01", "2026-12-09"), strict=True)

    def entries(request: httpx.Request) -> httpx.Response:
        submitted = request.url.params.get("state") == "submitted"
        return httpx.Response(200, json={"entries": dated if submitted else [], "next": None})

    async with desk(REVIEWER) as (portal, node):
        node.get("/v1/entries").mock(side_effect=entries)
        lists(node, *(todo(f"e-{name}", due, "catalogue_review") for name, due in ends))
        text = (await portal.get("/my")).text
    places = [text.index(f"/my/catalogue/e-{name}/review") for name in names]
    assert places == sorted(places)
    assert "2026-12-09" in text
    assert "等待我办理(3)" in text


async def test_an_update_that_is_owed_waits_though_nothing_was_returned():
    async with desk() as (portal, node):
        node.get("/v1/entries").respond(json={"entries": [], "next": None})
        lists(node, todo("e-1", "2026-12-01", "catalogue_update"))
        text = (await portal.get("/my")).text
    assert "更新目录" in text
    assert "/my/catalogue/e-1" in text
    assert "2026-12-01" in text


async def test_a_deadline_is_told_with_whose_it_is_what_is_left_and_its_article():
    told = {"due_term": "有条件共享答复", "due_party": CIVIL, "due": "2026-11-02"}
    told |= {"due_basis": "《政务数据共享条例》第二十一条", "due_provisional": True}
    async with desk() as (portal, node):
        node.get("/v1/opinions/o-1").respond(json=OPINION | {"id": "o-1"} | told)
        running = (await portal.get("/my/opinions/o-1")).text
        over = dict.fromkeys(("due_term", "due_party", "due_basis"))
        node.get("/v1/opinions/o-1").respond(json=OPINION | {"id": "o-1"} | told | over)
        answered = (await portal.get("/my/opinions/o-1")).text
    for word in ("有条件共享答复(罗源县民政局)", "已逾期", "(暂定)", "第二十一条"):
        assert word in running
    assert "已逾期" not in answered
    assert "2026-11-02" in answered


async def test_an_officer_without_roles_for_it_is_shown_nothing_and_asks_nothing():
    async with desk(ME | {"roles": ["operator"], "role_labels": ["运维员"]}) as (portal, node):
        page = (await portal.get("/my")).text
        assert "没有等待您办理的事项" in page
        assert not sent(node, "GET", "/v1/entries")


async def test_a_reviewer_sees_what_is_submitted_and_not_what_is_published():
    async with desk(REVIEWER) as (portal, node):
        node.get(f"/v1/entries/{ENTRY}").respond(json=SUBMITTED)
        node.get(f"/v1/entries/{ENTRY}/revisions").respond(json={"revisions": [REVISION]})
        node.post(f"/v1/entries/{ENTRY}/review").respond(json=SUBMITTED)
        page = (await portal.get(f"/my/catalogue/{ENTRY}/review")).text
        for word in (
            "每月&lt;保障&gt;金额",
            "属性变化(1)",
            "收紧",
            "受影响的有效授权(2)",
            "/my/grants/g-2",
            "与上一版次的差异",
            'class="was">月保障金',
        ):
            assert word in page
        assert hidden(page, "grants_seen") == "2"
        assert 'type="number"' not in page
        said = proofs(page) | {"grants_seen": "2", "opinion": "同意", "outcome": "agree"}
        answer = await portal.post(f"/my/catalogue/{ENTRY}/review", data=said)
        assert answer.status_code == 303
        [request] = sent(node, "POST", f"/v1/entries/{ENTRY}/review")
        assert json.loads(request.content) == {
            "outcome": "agree",
            "opinion": "同意",
            "grants_seen": 2,
        }


async def test_a_refused_review_shows_the_submitted_revision_again_with_the_reason():
    refusal = {"type": "/problems/grants-unseen", "title": "受影响的授权有变化", "status": 409}
    async with desk(REVIEWER) as (portal, node):
        node.get(f"/v1/entries/{ENTRY}").respond(json=SUBMITTED)
        node.get(f"/v1/entries/{ENTRY}/revisions").respond(json={"revisions": [REVISION]})
        node.post(f"/v1/entries/{ENTRY}/review").respond(409, json=refusal)
        page = (await portal.get(f"/my/catalogue/{ENTRY}/review")).text
        said = proofs(page) | {"grants_seen": "1", "opinion": "可以", "outcome": "agree"}
        answer = await portal.post(f"/my/catalogue/{ENTRY}/review", data=said)
    assert answer.status_code == 409
    assert "受影响的授权有变化" in answer.text
    assert ">可以</textarea>" in answer.text


async def test_unread_notices_are_counted_lead_to_their_matter_and_are_marked_as_read():
    told = sample(schema_of(sharing.NoticeOut)) | {"id": "n-1", "kind": "grant_suspended"}
    told |= {"matter": "g-7", "dataset": ENTRY, "read_at": None}
    async with desk() as (portal, node):
        node.get(f"/v1/entries/{ENTRY}").respond(404, json=NOTHING)
        node.get("/v1/notifications").respond(json={"notifications": [told], "next": None})
        node.post("/v1/notifications/n-1/reading").respond(json=told)
        assert "未读 1 条" in (await portal.get("/my")).text
        assert sent(node, "GET", "/v1/notifications")[-1].url.params["unread"] == "true"
        assert "授权已暂停" in (await portal.get("/my/notifications")).text
        page = (await portal.get("/my/notifications/n-1")).text
        assert 'href="/my/grants/g-7"' in page
        assert "/my/opinions/" not in page
        answer = await portal.post("/my/notifications/n-1/reading", data=proofs(page))
        assert answer.status_code == 303
        assert len(sent(node, "POST", "/v1/notifications/n-1/reading")) == 1
        read = told | {"read_at": "2026-11-23T00:00:00Z"}
        node.get("/v1/notifications").respond(json={"notifications": [read], "next": None})
        assert "/reading" not in (await portal.get("/my/notifications/n-1")).text


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (date(2026, 11, 30), "剩 1 个工作日"),
        (date(2026, 11, 27), "今天到期"),
        (date(2026, 11, 26), "已逾期 1 个工作日"),
        (date(2026, 11, 20), "已逾期 5 个工作日"),
    ],
)
def test_what_is_left_is_counted_in_working_days(due, said):
    friday = date(2026, 11, 27)
    assert remaining(due, friday) == said


def test_a_holiday_is_no_working_day():
    assert left(date(2026, 10, 9), date(2026, 9, 30)) == 2


def test_every_kind_that_waits_can_be_read_by_itself():
    assert all(kind.single for kind in KINDS.values() if kind.waits)
