"""Batches: a file is checked, then taken; bad rows are told; files of the node are passed on."""

from portal.desk import desk, proofs, sent
from portal.entries import BATCH, ENTRY, known


async def test_a_file_is_checked_before_it_is_taken_and_only_that_file():
    async with desk() as (portal, node):
        known(node)
        node.post(f"/v1/datasets/{ENTRY}/batches").respond(201, json=BATCH)
        place = f"/my/catalogue/{ENTRY}/batches"
        page = (await portal.get(place)).text
        for word in ("未入库", "部分行&lt;不&gt;合格", "/my/prints/reports/b-9"):
            assert word in page
        said = proofs(page) | {"mode": "upsert"}
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
