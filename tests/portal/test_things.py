"""Every kind of thing as pages: its list, its detail, its forms; what is sent is what the form says."""

import json
import re

import pytest
from portal.desk import CIVIL, COMPETENT, ME, REVIEWER, Barriers, desk, proofs, sample, sent
from zhengshu_contracts import sharing
from zhengshu_contracts.officers import DeputyIn
from zhengshu_contracts.vocabulary import Role
from zhengshu_portal.fields import Asked
from zhengshu_portal.forms import Form
from zhengshu_portal.kinds import KINDS
from zhengshu_portal.kinds.shape import Kind
from zhengshu_portal.schemas import schema_of

CHINESE = re.compile("[一-鿿]")
ALL = REVIEWER | {"roles": [role.value for role in Role]}
OPINION = sample(schema_of(sharing.OpinionOut)) | {
    "id": "o-1",
    "provider": CIVIL,
    "state": "requested",
    "items": ["name"],
    "title": "低保<b>名单</b>",
    "due": "2026-12-14",
    "extension": None,
}
CONSENT = {"consent.by": "张三", "consent.on": "2026-11-22", "consent.document": ""}


def thing(kind: Kind, **known: object) -> dict[str, object]:
    return sample(schema_of(kind.model)) | {kind.key: "x-1"} | known


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
async def test_a_kind_has_a_list_a_detail_and_forms(kind):
    async with desk(ALL) as (portal, node):
        one = thing(kind)
        node.get("/v1/systems").respond(json={"systems": [thing(KINDS["systems"])], "next": None})
        node.get(kind.path).respond(json={kind.member: [one], "next": "further"})
        node.get(f"{kind.path}/x-1").respond(json=one)
        settled = {"grant": "x-1", "active": False, "settled": False, "waiting": ["gw-1"]}
        node.get("/v1/grants/x-1/revocation").respond(json=settled)
        node.get("/v1/officers/x-1/deputies").respond(json={"deputies": []})
        node.get("/v1/systems/x-1/planned").respond(json={"planned": [{"title": "低保名单"}]})
        listed = await portal.get(f"/my/{kind.name}")
        assert listed.status_code == 200
        assert f"/my/{kind.name}/x-1" in listed.text
        assert "cursor=further" in listed.text
        detail = await portal.get(f"/my/{kind.name}/x-1")
        assert detail.status_code == 200
        for act in kind.news:
            page = await portal.get(f"/my/{kind.name}/new/{act.name}")
            assert act.label in page.text
            assert Barriers(page.text).found == []
        for page in (listed, detail):
            assert Barriers(page.text).found == []
            assert "<title> " not in page.text
        labels = re.findall(r'<(?:dt|th scope="col")>(.*?)</', detail.text + listed.text)
        assert [label for label in labels if not CHINESE.search(label)] in ([], ["SHA-256"])
        assert ">None<" not in detail.text + listed.text


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_form_asks_in_chinese(kind):
    for act in (*kind.acts, *kind.news):
        for field in Asked(act.model).fields() if act.model else []:
            assert CHINESE.search(field.label), (act.path, field.label)


async def test_an_opinion_is_answered_as_the_form_says_and_once_for_one_showing():
    async with desk() as (portal, node):
        node.get("/v1/opinions/o-1").respond(json=OPINION)
        node.post("/v1/opinions/o-1").respond(json=OPINION)
        page = (await portal.get("/my/opinions/o-1")).text
        assert "低保&lt;b&gt;" in page
        said = {
            **proofs(page),
            "outcome": "agree",
            "reason": "",
            "masks.0.item": "name",
            "masks.0.mask": '{"kind":"keep","first":1,"last":0}',
            "masks.1.item": "",
            "quota.rows": "500",
            **CONSENT,
        }
        for _ in range(2):
            answer = await portal.post("/my/opinions/o-1/answer", data=said)
            assert answer.headers["location"] == "/my/opinions/o-1?done=answer"
        first, second = sent(node, "POST", "/v1/opinions/o-1")
        told = json.loads(first.content)
        assert told == {
            "outcome": "agree",
            "masks": [{"item": "name", "mask": {"kind": "keep", "first": 1, "last": 0}}],
            "quota": {"rows": 500},
            "consent": {"by": "张三", "on": "2026-11-22"},
        }
        assert sharing.OpinionIn.model_validate(told)
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


async def test_what_was_typed_stays_when_the_node_refuses():
    async with desk() as (portal, node):
        node.get("/v1/opinions/o-1").respond(json=OPINION)
        refusal = {"type": "/problems/reason-missing", "title": "缺少理由", "status": 409}
        node.post("/v1/opinions/o-1").respond(409, json=refusal)
        page = (await portal.get("/my/opinions/o-1")).text
        said = proofs(page) | {"outcome": "refuse", "reason": "还<在>核实", **CONSENT}
        answer = await portal.post("/my/opinions/o-1/answer", data=said)
        assert answer.status_code == 409
        for word in ("缺少理由", "还&lt;在&gt;核实", 'value="张三"'):
            assert word in answer.text


async def test_only_the_moves_that_the_node_tells_are_offered():
    moves = [{"move": "confirm", "label": "核实无误"}]
    one = thing(KINDS["corrections"], moves=moves, dataset="307350123001-000002")
    async with desk() as (portal, node):
        node.get("/v1/entries/307350123001-000002").respond(json={"title": "低保对象"})
        node.get("/v1/corrections/x-1").respond(json=one)
        node.post("/v1/corrections/x-1/steps").respond(json=one)
        page = (await portal.get("/my/corrections/x-1")).text
        assert "核实无误" in page
        assert 'value="withdraw"' not in page
        said = proofs(page) | {"move": "confirm", "opinion": "已与原件核对"}
        await portal.post("/my/corrections/x-1/steps", data=said)
        [request] = sent(node, "POST", "/v1/corrections/x-1/steps")
        assert json.loads(request.content) == {"move": "confirm", "opinion": "已与原件核对"}


async def test_what_belongs_to_a_move_is_asked_where_the_move_is_open():
    one = thing(KINDS["demands"], moves=[{"move": "withdraw", "label": "撤回"}], dataset=None)
    async with desk() as (portal, node):
        node.get("/v1/demands/x-1").respond(json=one)
        mine = (await portal.get("/my/demands/x-1")).text
        node.get("/v1/demands/x-1").respond(
            json=one | {"moves": [{"move": "assign", "label": "交提供单位答复"}]}
        )
        theirs = (await portal.get("/my/demands/x-1")).text
    assert 'name="provider"' not in mine
    assert 'name="provider"' in theirs
    assert "由哪个单位答复" in theirs
    assert 'name="dataset"' not in theirs


async def test_a_scan_is_handed_over_before_the_decision_that_names_it():
    part = {"id": "p-1", "state": "reviewing", "title": "低保名单", "items": ["name", "amount"]}
    part |= {"modes": ["query"]}
    part |= {"dataset": "307350123001-000002", "provider": CIVIL}
    one = thing(KINDS["applications"], parts=[part])
    async with desk(REVIEWER) as (portal, node):
        known = {"items": [{"name": "name", "title": "户主姓名"}]}
        node.get("/v1/entries/307350123001-000002").respond(json=known)
        node.get("/v1/applications/x-1").respond(json=one)
        node.post("/v1/attachments").respond(201, json={"id": "att-1"})
        node.post("/v1/applications/x-1/decision").respond(json=one)
        page = (await portal.get("/my/applications/x-1")).text
        assert 'name="modes" value="query"' in page
        assert 'name="modes" value="export"' not in page
        assert "低保名单:户主姓名、amount" in page
        said = proofs(page) | {
            "part": "p-1",
            "outcome": "agree",
            "document": "榕数〔2026〕9 号",
            "decided_on": "2026-11-27",
            "items": "name",
        }
        scan = {"scan": ("批复.pdf", b"%PDF-1\r\n--not-a-boundary\r\n", "application/pdf")}
        answer = await portal.post("/my/applications/x-1/decision", data=said, files=scan)
        assert answer.status_code == 303
        [kept] = sent(node, "POST", "/v1/attachments")
        assert kept.content == scan["scan"][1]
        assert kept.url.params["name"] == "批复.pdf"
        assert kept.headers["content-type"] == "application/pdf"
        [request] = sent(node, "POST", "/v1/applications/x-1/decision")
        told = json.loads(request.content)
        assert (told["scan"], told["items"]) == ("att-1", ["name"])
        assert sharing.PaperDecisionIn.model_validate(told)


async def test_credentials_are_shown_once_and_only_to_who_asked():
    administrator = ME | {"roles": ["department_administrator"]}
    answer = {
        "id": "off-9",
        "organization": CIVIL,
        "roles": ["data_officer"],
        "credentials": {"client_id": "off-9", "client_secret": "once-only"},
    }
    async with desk(administrator) as (portal, node):
        node.post("/v1/officers").respond(201, json=answer)
        page = (await portal.get("/my/clients/new/officer")).text
        assert COMPETENT not in page
        said = proofs(page) | {"organization": CIVIL, "name": "王芳", "roles": "data_officer"}
        told = await portal.post("/my/clients/new/officer", data=said)
        assert "once-only" in told.text
        assert told.headers["cache-control"] == "no-store"
        [request] = sent(node, "POST", "/v1/officers")
        assert json.loads(request.content)["roles"] == ["data_officer"]


async def test_deputies_are_named_among_colleagues_and_their_time_is_ended():
    administrator = ME | {"roles": ["department_administrator"]}
    officer = {"kind": "officer", "organization": CIVIL, "roles": ["data_officer"], "locked": False}
    clients = [officer | {"id": name, "name": name} for name in ("off-a", "off-b")]
    clients.append(officer | {"id": "off-c", "name": "off-c", "organization": COMPETENT})
    deputyship = {"id": "dep-1", "officer": "off-a", "deputy": "off-b", "running": True}
    deputyship |= {"from": "2026-12-01", "until": "2026-12-31", "ended": None}
    async with desk(administrator) as (portal, node):
        node.get("/v1/clients").respond(json={"clients": clients, "next": None})
        node.get("/v1/officers/off-a/deputies").respond(json={"deputies": [deputyship]})
        node.post("/v1/officers/off-a/deputies").respond(201, json=deputyship)
        node.post("/v1/officers/off-a/deputies/dep-1/withdrawal").respond(json=deputyship)
        page = (await portal.get("/my/clients/off-a")).text
        assert "off-b 2026-12-01 至 2026-12-31" in page
        ended = deputyship | {"ended": "withdrawn", "running": False}
        node.get("/v1/officers/off-a/deputies").respond(json={"deputies": [ended]})
        over = (await portal.get("/my/clients/off-a")).text
        assert re.search(r"<td>提前结束\s*</td>", over)
        assert "/deputies-end" not in over
        node.get("/v1/officers/off-a/deputies").respond(json={"deputies": [deputyship]})
        assert "off-c" not in page
        said = proofs(page) | {"deputy": "off-b", "from": "2026-12-01", "until": "2026-12-31"}
        await portal.post("/my/clients/off-a/deputies", data=said)
        [request] = sent(node, "POST", "/v1/officers/off-a/deputies")
        assert DeputyIn.model_validate_json(request.content).deputy == "off-b"
        said = proofs(page) | {"deputyship": "dep-1"}
        await portal.post("/my/clients/off-a/deputies-end", data=said)
        [request] = sent(node, "POST", "/v1/officers/off-a/deputies/dep-1/withdrawal")
        assert not request.content


async def test_the_items_of_a_matter_are_ticked_where_its_dataset_is_known():
    dataset = "307350123001-000002"
    items = [{"name": "case_no", "title": "证号", "key": True}]
    items += [{"name": "name", "title": "户主姓名"}, {"name": "amount", "title": "月保障金"}]
    async with desk() as (portal, node):
        node.get(f"/v1/entries/{dataset}").respond(json={"items": items})
        node.post("/v1/corrections").respond(201, json={"id": "j-1"})
        page = (await portal.get(f"/my/corrections/new/new?dataset={dataset}")).text
        assert "户主姓名" in page
        said = proofs(page) | {"dataset": dataset, "items": ["name", "amount"]}
        assert 'name="key.case_no"' in page
        said |= {"usage": "核对注册登记", "problem": "与登记姓名不一致", "key.case_no": "D-1"}
        answer = await portal.post("/my/corrections/new/new", data=said)
        assert answer.headers["location"] == "/my/corrections/j-1?done=new"
        [request] = sent(node, "POST", "/v1/corrections")
        told = sharing.CorrectionIn.model_validate_json(request.content)
        assert (told.items, told.key) == (["name", "amount"], {"case_no": "D-1"})


async def test_a_use_is_recorded_under_one_of_the_departments_own_grants():
    dataset = "307350123001-000002"
    grant = {"purpose": "帮扶", "state_label": "已授权", "dataset": dataset}
    grants = [grant | {"id": "g-1", "holder": CIVIL}, grant | {"id": "g-2", "holder": COMPETENT}]
    async with desk() as (portal, node):
        node.get(f"/v1/entries/{dataset}").respond(json={"title": "低保<对象>"})
        node.get("/v1/grants").respond(json={"grants": grants, "next": None})
        page = (await portal.get(f"/my/usage/new/new?dataset={dataset}&grant=g-1")).text
        bare = (await portal.get("/my/usage/new/new")).text
    assert '<option value="g-1" selected>帮扶(已授权)' in page
    assert "g-2" not in page
    assert "数据:低保&lt;对象&gt;" in page
    assert '请先在<a href="/my/catalogue">目录</a>' in bare


STRANGER = "113501230036151031"


PROVIDING, HOLDING = {"provider": CIVIL}, {"holder": CIVIL}
BY_US, BY_THEM = {"suspended_by": CIVIL}, {"suspended_by": COMPETENT}


@pytest.mark.parametrize(
    ("grant", "state", "kind", "offered"),
    [
        (PROVIDING, "active", "department", "suspension stop"),
        (PROVIDING | BY_US, "rectified", "department", "suspension resumption stop revocation"),
        (PROVIDING | BY_THEM, "rectified", "department", "suspension stop"),
        (HOLDING, "active", "department", "revocation"),
        (HOLDING, "suspended", "department", "rectification revocation"),
        (HOLDING, "expired", "department", "disposal"),
        ({}, "suspended", "competent", "resumption revocation"),
        (BY_US, "suspended", "security_regulator", ""),
        (BY_US, "rectified", "security_regulator", "suspension resumption"),
        ({}, "active", "security_regulator", "suspension"),
    ],
)
async def test_a_grant_offers_what_the_node_would_take_from_this_officer(
    grant, state, kind, offered
):
    roles = (
        ["supervisor"] if kind == "security_regulator" else ["data_officer", "competent_officer"]
    )
    others = dict.fromkeys(("holder", "provider", "suspended_by"), STRANGER)
    one = thing(KINDS["grants"], **others | grant, state=state, stop=None)
    settled = {"grant": "x-1", "active": True, "settled": False}
    async with desk(ME | {"organization_kind": kind, "roles": roles}) as (portal, node):
        node.get("/v1/grants/x-1/revocation").respond(json=settled)
        node.get("/v1/grants/x-1").respond(json=one)
        page = (await portal.get("/my/grants/x-1")).text
    assert re.findall(r'action="/my/grants/x-1/(\w+)"', page) == order(offered)


def order(names: str) -> list[str]:
    """Acts in the order in which a grant's page offers them."""
    return [act.name for act in KINDS["grants"].acts if act.name in names.split()]


async def test_what_is_not_theirs_is_not_there():
    async with desk() as (portal, _):
        for path in ("/my/clients", "/my/nothing", "/my/corrections/new/nothing"):
            assert (await portal.get(path)).status_code == 404


def test_a_form_reads_what_a_contract_asks_for():
    form = Form(
        [
            ("planned.0.title", "低保名单"),
            ("planned.0.entry", ""),
            ("planned.7.title", "学校名录"),
            ("planned.7.entry", "307350123002-000001"),
            ("planned.9.title", ""),
        ]
    )
    planned = Asked(KINDS["systems"].acts[0].model).body(form)["planned"]
    assert planned == [
        {"title": "低保名单"},
        {"title": "学校名录", "entry": "307350123002-000001"},
    ]
    counts = Form([("since", "2026-11-01T00:00"), ("rows", "12")])
    counted = Asked(KINDS["legacy-systems"].acts[0].model).body(counts)
    assert (counted["since"], counted["rows"]) == ("2026-11-01T00:00:00+08:00", 12)
    key = Form([("key", "case_no = A=1\n\ntown=凤山镇"), ("items", "name\n amount ")])
    body = Asked(sharing.CorrectionIn).body(key)
    assert body["key"] == {"case_no": "A=1", "town": "凤山镇"}
    assert body["items"] == ["name", "amount"]
