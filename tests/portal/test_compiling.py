"""Compiling: what the form asks and sends, duplicates, pasted cells, a file's items."""

from portal.desk import desk, proofs, sent
from portal.entries import ALIKE, ENTRY, HELD, known, typed
from zhengshu_contracts.catalog import EntryIn
from zhengshu_contracts.vocabulary import Mode
from zhengshu_portal.items import pasted


async def test_a_new_entry_is_sent_as_the_form_says():
    async with desk() as (portal, node):
        known(node)
        node.post("/v1/entries").respond(201, json={"id": ENTRY})
        page = (await portal.get("/my/catalogue/new")).text
        said = {"modes": ["verify", "query"], "provider_office": "社会救助股", "do": "save"}
        answer = await portal.post("/my/catalogue/new", data=typed(page) | said)
        assert answer.headers["location"] == f"/my/catalogue/{ENTRY}"
        [request] = sent(node, "POST", "/v1/entries")
        told = EntryIn.model_validate_json(request.content)
        assert (told.title, told.items[0].name, told.items[0].length) == ("低保对象", "town", 20)
        assert (told.modes, told.provider_office) == ([Mode.VERIFY, Mode.QUERY], "社会救助股")
        assert told.secrecy_assessment is None


async def test_how_an_entry_is_shared_is_asked_in_the_form_kept_and_shown():
    content = HELD | {"modes": ["verify", "export"], "opening_condition": "仅限<科研>"}
    async with desk() as (portal, node):
        known(node)
        node.get(f"/v1/entries/{ENTRY}").respond(json=content)
        node.post(f"/v1/entries/{ENTRY}/submission").respond(json=content)
        form = (await portal.get("/my/catalogue/new")).text
        for name in ("modes", "provider_office", "opening_condition"):
            assert f'name="{name}"' in form
        page = (await portal.get(f"/my/catalogue/{ENTRY}")).text
        for word in ("共享方式", Mode.EXPORT.label, "仅限&lt;科研&gt;"):
            assert word in page
        answer = await portal.post(f"/my/catalogue/{ENTRY}/submission", data=proofs(page))
        assert answer.status_code == 303
        assert len(sent(node, "POST", f"/v1/entries/{ENTRY}/submission")) == 1


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
