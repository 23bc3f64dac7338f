"""What people read of codes: items, providers, masks and files by name; how a grant is used."""

import shlex

import pytest
from portal.desk import CIVIL, ME, REVIEWER, desk, sample
from zhengshu_contracts import sharing
from zhengshu_portal.fields import Asked, mask_label
from zhengshu_portal.schemas import schema_of
from zhengshu_portal.using import commands

ENTRY, CITY = "307350100001-000001", "113501000036152003"
KNOWN = {
    "title": "企业登记基本信息",
    "provider": CITY,
    "provider_name": "福州市市场监督管理局",
    "version": "2.7",
    "items": [
        {"name": "code", "title": "统一社会信用代码", "key": True},
        {"name": "legal", "title": "法定代表人", "key": False},
    ],
}
GRANT = sample(schema_of(sharing.GrantOut)) | {
    "id": "g-1",
    "dataset": ENTRY,
    "title": "企业登记基本信息",
    "holder": CIVIL,
    "provider": CITY,
    "items": ["code", "legal"],
    "modes": ["query", "export", "verify", "subscribe"],
    "masks": [{"item": "legal", "mask": {"kind": "keep", "first": 1, "last": 0}}],
    "purpose": "救助对象'帮扶'",
    "renews": "g-0",
    "state": "active",
}


async def test_a_grant_names_its_items_its_provider_and_its_masks_and_how_it_is_used():
    async with desk() as (portal, node):
        node.get(f"/v1/entries/{ENTRY}").respond(json=KNOWN)
        node.get("/v1/grants").respond(json={"grants": [GRANT], "next": None})
        node.get("/v1/grants/g-1").respond(json=GRANT)
        listed = (await portal.get("/my/grants")).text
        page = (await portal.get("/my/grants/g-1")).text
        node.get("/v1/grants/g-1").respond(json=GRANT | {"state": "suspended"})
        at = {"grant": "g-1", "active": False, "settled": True, "at": "2026-11-28T19:32:05Z"}
        node.get("/v1/grants/g-1/revocation").respond(json=at)
        suspended = (await portal.get("/my/grants/g-1")).text
    assert "福州市市场监督管理局" in listed
    for word in (
        "福州市市场监督管理局",
        "统一社会信用代码、法定代表人",
        "只保留前 1 位,其余以 * 代替",
        'href="/my/grants/g-0"',
        f'href="/my/catalogue/{ENTRY}"',
        "Zhengshu-Purpose",
    ):
        assert word in page
    assert CITY not in page
    assert "Zhengshu-Purpose" not in suspended
    assert "已于 2026-11-29 03:32:05 在各网关副本全部停止提供" in suspended


async def test_somebody_else_is_not_told_how_to_use_it():
    async with desk(REVIEWER) as (portal, node):
        node.get(f"/v1/entries/{ENTRY}").respond(json=KNOWN)
        node.get("/v1/grants/g-1").respond(json=GRANT)
        assert "Zhengshu-Purpose" not in (await portal.get("/my/grants/g-1")).text


def test_each_mode_has_a_command_that_a_shell_reads():
    told = dict(commands(GRANT, KNOWN, "https://node.test/"))
    assert list(told)[1:] == ["查询", "批量导出", "核验", "订阅"]
    for command in told.values():
        assert "https://node.test/" in " ".join(shlex.split(command))
    query = shlex.split(told["查询"].replace("\\\n", " "))
    base = f"https://node.test/v1/datasets/{ENTRY}"
    assert query[2] == f"{base}/rows?select=code,legal&limit=100"
    assert "Zhengshu-Grant: g-1" in query
    assert f"{base}/changes?since=2.7&select=code,legal" in told["订阅"]
    assert '{"key": {"code": "…"}, "values": {"legal": "…"}}' in told["核验"]


async def test_files_parts_and_steps_of_an_application_are_told_by_name():
    part = sample(schema_of(sharing.PartOut)) | {"dataset": ENTRY, "items": ["legal"]}
    parts = [part | {"id": f"p-{at}", "title": title} for at, title in enumerate(("甲<1>", "乙"))]
    step = sample(schema_of(sharing.Step))
    case = sample(schema_of(sharing.ApplicationOut)) | {
        "id": "a-1",
        "parts": [parts[0] | {"grant": "g-7"}, parts[1]],
        "timeline": [
            step | {"what": "同意授权", "part": "p-0"},
            step | {"what": "补正", "part": None},
        ],
        "attachments": [sample(schema_of(sharing.AttachmentOut)) | {"id": "f-1", "size": 2048}],
    }
    async with desk() as (portal, node):
        node.get(f"/v1/entries/{ENTRY}").respond(json=KNOWN)
        node.get("/v1/applications/a-1").respond(json=case)
        page = (await portal.get("/my/applications/a-1")).text
    for word in (
        "同意授权(甲&lt;1&gt;)",
        "法定代表人",
        'href="/my/grants/g-7"',
        'href="/my/prints/attachments/f-1"',
        "2 KB",
    ):
        assert word in page
    assert "补正(" not in page
    assert "SHA-256" not in page


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        ({"kind": "keep", "first": 3, "last": 4}, "只保留前 3 位、后 4 位,其余以 * 代替"),
        ({"kind": "keep", "first": 0, "last": 0}, "全部以 * 代替"),
        ({"kind": "period", "unit": "month"}, "日期概化到月"),
        ({"kind": "step", "width": 500}, "数值按 500 分段概化"),
        ({"kind": "hash"}, "以密钥散列代替"),
    ],
)
def test_a_mask_is_told_in_words(mask, said):
    assert mask_label(mask) == said


def test_a_pointer_is_told_as_the_form_calls_its_field():
    asked = Asked(sharing.ApplicationIn)
    assert asked.label("/until") == "使用时限"
    assert asked.label("/parts/1/quota/rows") == "申请的数据 第 2 项 每日用量 每日数据行数上限"
    assert asked.label("/nothing") == "/nothing"


def test_a_hint_after_brackets_reads_as_a_sentence():
    [ground] = [one for one in Asked(sharing.OpinionIn).fields() if one.name == "ground"]
    assert (ground.label, ground.hint) == (
        "不同意的法定理由",
        "不同意时必填;材料不全不是理由",
    )


async def test_a_refusal_leads_an_officer_back_to_the_desk():
    async with desk() as (portal, _):
        page = (await portal.get("/my/nothing")).text
    assert 'href="/my">回到待办' in page


@pytest.mark.parametrize(("roles", "linked"), [(["data_officer"], True), (["operator"], False)])
async def test_a_clock_leads_to_its_matter_for_who_may_read_it(roles, linked):
    clock = sample(schema_of(sharing.ClockOut)) | {"matter": "b-1"}
    async with desk(ME | {"roles": roles}) as (portal, node):
        node.get("/v1/clocks").respond(json={"clocks": [clock], "next": None})
        page = (await portal.get("/my/clocks")).text
    assert ('href="/my/objections/b-1"' in page) is linked
