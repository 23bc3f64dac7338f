"""Applying: what was ticked is sent, and an application begins from an earlier one."""

import json
import re

import pytest
from portal.desk import NOTHING, desk, proofs, sample, sent
from portal.entries import ELSEWHERE, ENTRY, HELD, known
from zhengshu_contracts import sharing
from zhengshu_portal.schemas import schema_of


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
        assert answer.headers["location"] == "/my/applications/a-9?done=apply"
        [request] = sent(node, "POST", "/v1/applications")
        told = sharing.ApplicationIn.model_validate_json(request.content)
        assert (told.parts[0].items, told.parts[0].modes) == (
            ["town", "amount"],
            ["query", "verify"],
        )
        assert told.parts[0].quota
        assert told.consent.by == "张三"


@pytest.mark.parametrize(
    ("named", "origin", "offered"),
    [
        (["query", "export"], "county", {"query", "export"}),
        ([], "county", {"verify", "query", "export", "subscribe"}),
        (["query", "export"], "municipal", {"query"}),
    ],
)
async def test_only_modes_that_can_be_had_are_offered(named, origin, offered):
    async with desk(ELSEWHERE) as (portal, node):
        known(node)
        entry = HELD | {"modes": named, "origin": origin}
        node.get(f"/v1/entries/{ENTRY}").respond(json=entry)
        page = (await portal.get(f"/my/apply?dataset={ENTRY}")).text
    found = re.findall(r'name="parts\.0\.modes" value="(\w+)"', page)
    assert (set(found), len(found)) == (offered, len(offered))


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


async def test_words_find_the_dataset_to_add_and_nothing_typed_is_lost():
    async with desk(ELSEWHERE) as (portal, node):
        known(node)
        node.get("/v1/entries/低保").respond(404, json=NOTHING)
        found = {"id": ENTRY, "title": "低保<对象>", "provider_name": "罗源县民政局"}
        node.get("/v1/entries").respond(json={"entries": [found]})
        page = (await portal.get("/my/apply")).text
        said = proofs(page) | {"do": "add", "more": "低保", "basis": "先填的"}
        page = (await portal.post("/my/apply", data=said)).text
        assert f'name="pick" value="{ENTRY}"' in page
        assert "低保&lt;对象&gt;" in page
        assert "先填的" in page
        node.get("/v1/entries").respond(json={"entries": []})
        assert "没有找到“低保”" in (await portal.post("/my/apply", data=said)).text
        said = proofs(page) | {"pick": ENTRY, "more": "低保", "basis": "先填的"}
        page = (await portal.post("/my/apply", data=said)).text
        assert f'name="parts.0.dataset" value="{ENTRY}"' in page


async def test_a_refused_application_keeps_its_files_and_names_the_fields():
    errors = [
        {"pointer": "/parts/0/filter", "code": "filter", "message": "不能用作条件的信息项:townx"}
    ]
    refusal = {"type": "/problems/x", "title": "行条件不符合要求", "status": 422, "errors": errors}
    async with desk(ELSEWHERE) as (portal, node):
        known(node)
        node.post("/v1/attachments").respond(201, json={"id": "f-1"})
        node.post("/v1/applications").respond(422, json=refusal)
        page = (await portal.get(f"/my/apply?dataset={ENTRY}")).text
        said = proofs(page) | {"parts.0.dataset": ENTRY, "parts.0.items": "town", "do": "apply"}
        file = {"attachments": ("证明<1>.pdf", b"%PDF-1", "application/pdf")}
        page = (await portal.post("/my/apply", data=said, files=file)).text
        assert "申请的数据 第 1 项 行条件:不能用作条件的信息项:townx" in page
        kept = 'name="attachments" value="f-1/证明&lt;1&gt;.pdf" checked'
        assert kept in page
        made = sample(schema_of(sharing.ApplicationOut)) | {"id": "a-9"}
        node.post("/v1/applications").respond(201, json=made)
        said |= proofs(page) | {"attachments": "f-1/证明<1>.pdf"}
        assert (await portal.post("/my/apply", data=said)).status_code == 303
        assert len(sent(node, "POST", "/v1/attachments")) == 1
        told = json.loads(sent(node, "POST", "/v1/applications")[-1].content)
        assert told["attachments"] == ["f-1"]
