"""Catalogue, compiling, imports, batches, applying: what the pages show and what they send."""

import json
from urllib.parse import parse_qs

import httpx
import pytest
from portal.desk import CIVIL, COMPETENT, ME, REVIEWER, desk, proofs, sample, sent
from zhengshu_contracts import catalog, sharing
from zhengshu_contracts.catalog import EntryIn
from zhengshu_portal.items import pasted
from zhengshu_portal.schemas import schema_of

ENTRY = "307350123001-000002"
FREE = {"name": "town", "title": "所在乡镇", "type": "C", "length": 20, "opening": "closed"}
ITEMS = [
    FREE | {"sharing": "unconditional"},
    FREE
    | {
        "name": "amount",
        "title": "月保障金",
        "sharing": "conditional",
        "condition": {"scope": "救助部门", "purpose": "核验"},
    },
    FREE
    | {
        "name": "secret",
        "title": "调查资料",
        "sharing": "withheld",
        "citation": {
            "level": "law",
            "title": "统计法",
            "article": "第九条",
            "reason": "个体<资料>",
        },
    },
]
CONTENT = {
    "category": "307350123001",
    "title": "低保对象",
    "abstract": "最低生活保障对象",
    "format": "database",
    "update_cycle": "monthly",
    "items": ITEMS,
    "state_secret": False,
    "work_secret": False,
}
HELD = sample(schema_of(catalog.EntryOut)) | {
    **CONTENT,
    "id": ENTRY,
    "code": "307350123001/000002",
    "provider": CIVIL,
    "provider_name": "罗源县民政局",
    "origin": "county",
    "state": "published",
    "state_label": "已发布",
    "revision": 1,
    "revising": None,
    "sharing": "conditional",
    "grade": "general",
    "registration": "live",
    "retirement": None,
    "mend_by": None,
    "quality": None,
    "secrecy_assessment": None,
    "privacy_assessment": None,
    "head_consent": None,
    "security_review": None,
}
REVISION = {
    "number": 1,
    "state": "published",
    "state_label": "已发布",
    "content": CONTENT,
    "sharing": "conditional",
    "grade": "general",
    "compiled_at": "2026-11-22T00:00:00Z",
}
ALIKE = {
    "entry": "307350123002-000001",
    "entry_title": "学校名录",
    "provider": CIVIL,
    "provider_name": "罗源县教育局",
    "item": "town",
    "title": "乡镇",
    "type": "C",
    "score": 0.93,
    "source": True,
}
ELSEWHERE = ME | {"organization": COMPETENT, "organization_name": "别的单位"}
BATCH = sample(schema_of(catalog.BatchOut)) | {
    "id": "b-1",
    "dataset": ENTRY,
    "mode": "upsert",
    "received": 2,
    "refused": 0,
    "version": "1.2",
    "problems": [],
    "receipt": "ey.sig.ned",
}


def known(node, *, alike: list[dict[str, object]] | None = None) -> None:
    """Let the node know the entry, and what looks alike."""
    node.get(f"/v1/entries/{ENTRY}").respond(json=HELD)
    node.get(f"/v1/entries/{ENTRY}/revisions").respond(json={"revisions": [REVISION]})
    node.get(f"/v1/entries/{ENTRY}/suspensions").respond(json={"suspensions": []})
    node.get("/v1/extension-schema").respond(json={"version": 0, "definition": {"type": "object"}})
    node.get("/v1/similar-items").respond(json={"items": alike or []})
    node.get(f"/v1/datasets/{ENTRY}/batches").respond(json={"batches": [BATCH], "next": None})


def typed(page: str) -> dict[str, str]:
    """Return the entry's own members as a form sends them, with one item."""
    plain = {name: value for name, value in CONTENT.items() if isinstance(value, str)}
    item = {f"items.0.{name}": str(value) for name, value in ITEMS[0].items()}
    secrets = {"state_secret": "false", "work_secret": "false", "items.0.nullable": "true"}
    return proofs(page) | plain | item | secrets


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


async def test_a_new_entry_is_sent_as_the_form_says():
    async with desk() as (portal, node):
        known(node)
        node.post("/v1/entries").respond(201, json={"id": ENTRY})
        page = (await portal.get("/my/catalogue/new")).text
        answer = await portal.post("/my/catalogue/new", data=typed(page) | {"do": "save"})
        assert answer.headers["location"] == f"/my/catalogue/{ENTRY}"
        [request] = sent(node, "POST", "/v1/entries")
        told = EntryIn.model_validate_json(request.content)
        assert (told.title, told.items[0].name, told.items[0].length) == ("低保对象", "town", 20)
        assert told.secrecy_assessment is None


async def test_likely_duplicates_are_seen_before_an_entry_is_kept():
    async with desk() as (portal, node):
        known(node, alike=[ALIKE])
        node.post("/v1/entries").respond(201, json={"id": ENTRY})
        said = typed((await portal.get("/my/catalogue/new")).text) | {"do": "save"}
        page = (await portal.post("/my/catalogue/new", data=said)).text
        for word in ("学校名录", "93%", "数源", "尚未保存", 'value="所在乡镇"'):
            assert word in page
        assert not sent(node, "POST", "/v1/entries")
        mark = page.split('name="seen" value="')[1].split('"')[0]
        answer = await portal.post("/my/catalogue/new", data=said | {"seen": mark})
        assert answer.status_code == 303


async def test_what_was_compiled_stays_when_the_node_refuses():
    refusal = {"type": "/problems/x", "title": "须写明依据", "status": 422, "errors": []}
    async with desk() as (portal, node):
        known(node)
        node.put(f"/v1/entries/{ENTRY}").respond(422, json=refusal)
        page = (await portal.get(f"/my/catalogue/{ENTRY}/edit")).text
        assert 'value="月保障金"' in page
        said = typed(page) | {"items.0.title": "改<了>名", "do": "save"}
        answer = await portal.post(f"/my/catalogue/{ENTRY}/edit", data=said)
    assert answer.status_code == 422
    assert "须写明依据" in answer.text
    assert "改&lt;了&gt;名" in answer.text


async def test_items_come_from_pasted_cells_and_from_a_file():
    draft = {"name": "street", "title": "街道", "type": "C", "length": 40, "nullable": True}
    async with desk() as (portal, node):
        known(node)
        drafts = {"items": [draft], "rows": 9, "structure": False}
        node.post("/v1/item-drafts").respond(json=drafts)
        said = typed((await portal.get("/my/catalogue/new")).text)
        cells = {
            "do": "paste",
            "paste": "case_no\t证号\t字符型\t20\t否\t是\t个人信息\t有条件共享\t不开放",
        }
        page = (await portal.post("/my/catalogue/new", data=said | cells)).text
        assert 'value="case_no"' in page
        assert 'value="town"' in page
        file = {"sample": ("街道.xlsx", b"PK\x03\x04\r\n\x00", "application/octet-stream")}
        page = (
            await portal.post("/my/catalogue/new", data=said | {"do": "draft"}, files=file)
        ).text
        assert 'value="街道"' in page
        [request] = sent(node, "POST", "/v1/item-drafts")
        assert request.content == b"PK\x03\x04\r\n\x00"
        assert "spreadsheetml" in request.headers["content-type"]


def test_pasted_cells_are_read_by_label_or_code():
    text = "列名,信息项名称\ncase_no,证号,C,20,否,是,personal,有条件共享,closed\nnote,备注,未知类型"
    first, second = pasted(text)
    assert first == {
        "name": "case_no",
        "title": "证号",
        "type": "C",
        "length": 20,
        "nullable": False,
        "key": True,
        "sensitivity": "personal",
        "sharing": "conditional",
        "opening": "closed",
    }
    assert second == {"name": "note", "title": "备注", "type": "未知类型"}


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


async def test_a_file_is_checked_before_it_is_taken_and_only_that_file():
    async with desk() as (portal, node):
        known(node)
        node.post(f"/v1/datasets/{ENTRY}/batches").respond(201, json=BATCH)
        place = f"/my/catalogue/{ENTRY}/batches"
        said = proofs((await portal.get(place)).text) | {"mode": "upsert"}
        file = {"file": ("低保.csv", b"a,b\n1,2\n", "text/plain")}
        page = (await portal.post(place, data=said | {"do": "check"}, files=file)).text
        assert "检查完成,尚未入库" in page
        checked = {"do": "push", "checked": page.split('name="checked" value="')[1].split('"')[0]}
        other = {"file": ("低保.csv", b"another", "text/csv")}
        answer = await portal.post(place, data=said | checked, files=other)
        assert "不是刚才检查过的文件" in answer.text
        page = (await portal.post(place, data=said | checked, files=file)).text
        assert "形成版本 1.2" in page
        assert "/my/prints/receipts/b-1" in page
        trial, real = sent(node, "POST", f"/v1/datasets/{ENTRY}/batches")
        assert [one.url.params["dry_run"] for one in (trial, real)] == ["true", "false"]
        assert (real.content, real.headers["content-type"]) == (b"a,b\n1,2\n", "text/csv")


async def test_every_bad_row_is_told():
    bad = {"row": 2, "item": "amount", "code": "type", "message": "不是数值", "value": "<x>"}
    refusal = {
        "type": "/problems/batch-rows-refused",
        "title": "部分行不合格,整批未入库",
        "status": 422,
        "problems": [bad],
    }
    async with desk() as (portal, node):
        known(node)
        node.post(f"/v1/datasets/{ENTRY}/batches").respond(422, json=refusal)
        place = f"/my/catalogue/{ENTRY}/batches"
        said = proofs((await portal.get(place)).text) | {"mode": "upsert", "do": "check"}
        answer = await portal.post(place, data=said, files={"file": ("x.csv", b"a", "text/csv")})
    assert answer.status_code == 422
    for word in ("不是数值", "&lt;x&gt;", "部分行不合格"):
        assert word in answer.text


async def test_files_of_the_node_are_passed_on_without_a_script():
    async with desk() as (portal, node):
        node.get("/v1/batches/b-1/report").respond(text="row,item\n", content_type="text/csv")
        node.get("/v1/forms/c-1").respond(html="<script>x</script><h1>申请表</h1>")
        node.get("/v1/batches/b-1").respond(json={"batch": BATCH})
        report = await portal.get("/my/prints/reports/b-1")
        assert report.headers["content-disposition"] == 'attachment; filename="report-b-1.csv"'
        form = await portal.get("/my/prints/forms/c-1")
        assert "sandbox" in form.headers["content-security-policy"]
        assert "申请表" in form.text
        assert (await portal.get("/my/prints/receipts/b-1")).text == "ey.sig.ned"
        assert (await portal.get("/my/prints/keys/b-1")).status_code == 404


async def test_an_application_holds_what_was_ticked_and_a_withheld_item_cannot_be():
    made = sample(schema_of(sharing.ApplicationOut)) | {"id": "a-9"}
    async with desk(ELSEWHERE) as (portal, node):
        known(node)
        node.post("/v1/applications").respond(201, json=made)
        page = (await portal.get(f"/my/apply?dataset={ENTRY}")).text
        assert 'name="parts.0.items" value="amount"' in page
        assert 'name="parts.0.items" value="secret"' not in page
        assert "个体&lt;资料&gt;" in page
        said = proofs(page) | {
            "parts.0.dataset": ENTRY,
            "parts.0.items": ["town", "amount"],
            "parts.0.modes": ["query", "verify"],
            "parts.0.filter": "town=eq.凤山镇",
            "parts.0.quota.rows": "500",
            "basis": "社会救助暂行办法",
            "scenario": "帮扶核对",
            "scope": "注册登记科",
            "purpose": "救助对象帮扶",
            "until": "2027-11-01",
            "consent.by": "张三",
            "consent.on": "2026-11-20",
        }
        answer = await portal.post("/my/apply", data=said | {"do": "apply"})
        assert answer.headers["location"] == "/my/applications/a-9"
        [request] = sent(node, "POST", "/v1/applications")
        told = sharing.ApplicationIn.model_validate_json(request.content)
        assert (told.parts[0].items, told.parts[0].modes) == (
            ["town", "amount"],
            ["query", "verify"],
        )
        assert told.parts[0].quota
        assert told.consent.by == "张三"


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("repeat=a-1", "/v1/applications/a-1/repetition"),
        ("renew=g-1", "/v1/grants/g-1/renewal"),
    ],
)
async def test_an_application_begins_from_an_earlier_one(asked, place):
    draft = sample(schema_of(sharing.ApplicationDraft)) | {
        "parts": [
            {"dataset": ENTRY, "items": ["amount"], "modes": ["query"], "filter": "", "quota": None}
        ],
        "basis": "上次的依据",
        "renews": "g-1",
    }
    async with desk(ELSEWHERE) as (portal, node):
        known(node)
        node.get(place).respond(json=draft)
        page = (await portal.get(f"/my/apply?{asked}")).text
    assert "上次的依据" in page
    assert 'name="renews" value="g-1"' in page
    assert 'value="amount" aria-label="月保障金" checked' in page
    assert 'value="town" aria-label="所在乡镇" checked' not in page


async def test_a_further_dataset_joins_the_application():
    async with desk(ELSEWHERE) as (portal, node):
        known(node)
        page = (await portal.get("/my/apply")).text
        said = proofs(page) | {"do": "add", "more": "307350123001/000002", "basis": "先填的"}
        page = (await portal.post("/my/apply", data=said)).text
        assert f'name="parts.0.dataset" value="{ENTRY}"' in page
        assert "先填的" in page
        assert not sent(node, "POST", "/v1/applications")


async def test_more_than_a_form_may_hold_is_refused_as_a_page(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("zhengshu_portal.office.LARGEST", 1000)
    async with desk() as (portal, node):
        known(node)
        answer: httpx.Response = await portal.post("/my/imports", content=b"x" * 2000)
    assert answer.status_code == 413
    assert "提交的内容过大" in answer.text
    assert json.dumps(answer.headers.get("content-type")).startswith('"text/html')
