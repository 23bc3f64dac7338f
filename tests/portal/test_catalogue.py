"""The catalogue's pages: search, an entry, a regulator's order, imports."""

import json
from urllib.parse import parse_qs

import httpx
import pytest
from portal.desk import CIVIL, ME, REVIEWER, desk, proofs, sent
from portal.entries import ELSEWHERE, ENTRY, HELD, known


async def test_search_narrows_by_what_is_chosen_and_leads_on():
    facet = {"value": "conditional", "label": "有条件共享", "count": 3}
    empty = {name: [] for name in ("provider", "theme", "grade", "update_cycle", "origin")}
    found = {
        "entries": [HELD],
        "next": "further",
        "total": 3,
        "facets": empty | {"sharing": [facet]},
    }
    async with desk() as (portal, node):
        node.get("/v1/entries").respond(json=found)
        page = (await portal.get("/my/catalogue?q=低保&theme=307")).text
        asked = parse_qs(sent(node, "GET", "/v1/entries")[-1].url.query.decode())
        assert (asked["q"], asked["theme"], asked["facets"]) == (["低保"], ["307"], ["true"])
    assert "sharing=conditional" in page
    assert "theme=307&amp;cursor=further" in page


async def test_an_entry_shows_the_guides_groups_its_items_and_its_history():
    async with desk() as (portal, node):
        known(node)
        page = (await portal.get(f"/my/catalogue/{ENTRY}")).text
    for word in (
        "信息资源分类与代码",
        "统计法",
        "个体&lt;资料&gt;",
        "第 1 版",
        "/edit",
        "省级及以下部门",
    ):
        assert word in page
    assert "申请共享" not in page


async def test_who_is_of_another_department_can_apply_and_object_but_not_revise():
    async with desk(ELSEWHERE) as (portal, node):
        known(node)
        page = (await portal.get(f"/my/catalogue/{ENTRY}")).text
    assert f"/my/apply?dataset={ENTRY}" in page
    assert f"/my/objections/new/new?dataset={ENTRY}" in page
    assert "/edit" not in page


async def test_a_regulator_stops_an_entry_with_reason_and_basis_and_lifts_it():
    regulator = ME | {"organization_kind": "security_regulator", "roles": ["supervisor"]}
    said = {"reason": "发现安全隐患,先行暂停", "basis": "网络数据安全管理条例"}
    order = said | {"id": "s-1", "entry": ENTRY, "ordered_by": CIVIL}
    order |= {"ordered_at": "2026-11-22T00:00:00Z", "lifted_at": None, "lifted_reason": None}
    async with desk(regulator) as (portal, node):
        known(node)
        node.post(f"/v1/entries/{ENTRY}/suspension").respond(json=order)
        page = (await portal.get(f"/my/catalogue/{ENTRY}")).text
        await portal.post(f"/my/catalogue/{ENTRY}/suspension", data=proofs(page) | said)
        [request] = sent(node, "POST", f"/v1/entries/{ENTRY}/suspension")
        assert json.loads(request.content) == said
        node.get(f"/v1/entries/{ENTRY}/suspensions").respond(json={"suspensions": [order]})
        page = (await portal.get(f"/my/catalogue/{ENTRY}")).text
    for word in ("已责令暂停提供", "网络数据安全管理条例", f"/my/catalogue/{ENTRY}/resumption"):
        assert word in page


async def test_an_import_shows_its_difference_before_it_is_confirmed():
    change = {"label": "信息资源摘要", "before": "旧", "after": "新<的>"}
    line = {
        "number": "1",
        "line": 3,
        "title": "低保对象",
        "outcome": "revision",
        "outcome_label": "修订草稿",
        "changes": [change],
    }
    bad = line | {
        "line": 4,
        "outcome": "refused",
        "outcome_label": "不予导入",
        "problems": [{"sheet": "信息项", "line": 9, "column": "类型", "message": "没有这种类型"}],
    }
    found = {
        "token": "imp-1",
        "provider": CIVIL,
        "previewed_at": "2026-11-22T00:00:00Z",
        "mend_by": "2027-01-01",
        "counts": {"revision": 1, "refused": 1},
        "lines": [line, bad],
    }
    async with desk() as (portal, node):
        node.post("/v1/imports").respond(201, json=found)
        node.get("/v1/imports/imp-1").respond(json=found)
        node.post("/v1/imports/imp-1/confirmation").respond(json=found)
        said = proofs((await portal.get("/my/imports")).text)
        file = {"file": ("目录.xlsx", b"PK", "application/octet-stream")}
        answer = await portal.post("/my/imports", data=said, files=file)
        assert answer.headers["location"] == "/my/imports/imp-1"
        page = (await portal.get("/my/imports/imp-1")).text
        for word in ("新&lt;的&gt;", "信息项 第 9 行“类型”", "确认导入", "修订草稿 1"):
            assert word in page
        assert not sent(node, "POST", "/v1/imports/imp-1/confirmation")
        answer = await portal.post("/my/imports/imp-1/confirmation", data=proofs(page))
        assert len(sent(node, "POST", "/v1/imports/imp-1/confirmation")) == 1


async def test_a_reviewer_publishes_or_returns_what_is_taken_over_as_it_stands():
    found = {
        "token": "imp-1",
        "provider": CIVIL,
        "previewed_at": "2026-11-22T00:00:00Z",
        "confirmed_at": "2026-11-22T01:00:00Z",
        "mend_by": "2027-01-01",
        "counts": {"stock": 2},
        "lines": [],
        "waiting": 2,
    }
    async with desk(REVIEWER) as (portal, node):
        node.get("/v1/imports").respond(json={"imports": [found], "next": None})
        node.get("/v1/imports/imp-1").respond(json=found)
        node.post("/v1/imports/imp-1/review").respond(json=found)
        assert "/my/imports/imp-1" in (await portal.get("/my")).text
        listed = (await portal.get("/my/imports")).text
        assert "待审核 2 条" in listed
        page = (await portal.get("/my/imports/imp-1")).text
        said = proofs(page) | {"opinion": "可先行发布", "outcome": "agree"}
        assert (await portal.post("/my/imports/imp-1/review", data=said)).status_code == 303
        [request] = sent(node, "POST", "/v1/imports/imp-1/review")
        assert json.loads(request.content) == {"outcome": "agree", "opinion": "可先行发布"}
        assert (await portal.post("/my/imports/imp-1/else", data=said)).status_code == 404


async def test_more_than_a_form_may_hold_is_refused_as_a_page(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("zhengshu_portal.office.LARGEST", 1000)
    async with desk() as (portal, node):
        known(node)
        answer: httpx.Response = await portal.post("/my/imports", content=b"x" * 2000)
    assert answer.status_code == 413
    assert "提交的内容过大" in answer.text
    assert json.dumps(answer.headers.get("content-type")).startswith('"text/html')
