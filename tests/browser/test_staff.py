"""Officers at work: an entry from the first paste to its rows, a revision that is seen, an application."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from browser.chromium import Browser, signed_in
from browser.officers import Person, enrol
from zhengshu import Client
from zhengshu_local import demo
from zhengshu_local.node import Node

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
TODAY = date.today().isoformat()  # noqa: DTZ011 - as a browser's date field says it
NEXT_YEAR = (date.today() + timedelta(days=300)).isoformat()  # noqa: DTZ011
CELLS = (
    "bed_no\t床位编号\t字符型\t20\t否\t是\t不含个人信息\t无条件共享\t不开放\n"
    "home\t养老机构名称\t字符型\t40\t否\t否\t不含个人信息\t无条件共享\t不开放\n"
)
ENTRY = {
    "category": "307350123001",
    "title": "养老机构床位",
    "abstract": "全县养老机构床位编号与所属机构",
    "format": "spreadsheet",
    "update_cycle": "monthly",
    "modes": ["query"],
    "state_secret": "false",
    "work_secret": "false",
    "secrecy_assessment__on": "2026-03-01",
    "secrecy_assessment__by": "张三",
    "secrecy_assessment__conclusion": "不涉密",
    "privacy_assessment__on": "2026-03-01",
    "privacy_assessment__by": "张三",
    "privacy_assessment__conclusion": "不含个人信息",
    "head_consent__by": "李四",
    "head_consent__on": "2026-03-02",
}


@pytest.fixture(scope="module")
def people(told: Node) -> Iterator[dict[str, Person]]:
    doors = demo.doors_of(told)
    with doors.client(doors.officer) as node:
        codes = {one["name"]: one["code"] for one in node.get("/v1/organizations")["organizations"]}
        found = {
            "provider": _enrol(node, told, codes["罗源县民政局"], "王芳", "data_officer"),
            "user": _enrol(node, told, codes["罗源县市场监督管理局"], "陈明", "data_officer"),
            "reviewer": _enrol(
                node, told, codes["罗源县发展和改革局"], "林静", "competent_officer"
            ),
        }
    yield found
    for person in found.values():
        person.http.close()


def _enrol(node: Client, told: Node, code: str, name: str, role: str) -> Person:
    return enrol(node, told.url("portal"), code, name, role)


@pytest.fixture(scope="module")
def entry(people: dict[str, Person]) -> str:
    """Compile an entry from pasted cells, submit it and have it published."""
    provider, reviewer = people["provider"], people["reviewer"]
    new = "/my/catalogue/new"
    page = provider.send(new, new, None, do="paste", paste=CELLS, **ENTRY).text
    assert 'value="bed_no"' in page
    kept = provider.fill(page, new, None, do="save")
    if kept.status_code == 200:
        assert "尚未保存" in kept.text
        kept = provider.fill(kept.text, new, None, do="save")
    place = kept.headers["location"]
    asked = provider.send(place, f"{place}/submission")
    assert asked.status_code == 303, asked.text
    found = re.findall(rf'href="({place}/review)"', reviewer.read("/my"))
    agreed = reviewer.send(found[0], f"{place}/review", None, opinion="同意", outcome="agree")
    assert agreed.status_code == 303, agreed.text
    assert "已发布" in provider.read(place)
    return place


def test_a_revision_is_seen_with_its_differences_before_it_is_published(people, entry, tmp_path):
    provider, reviewer = people["provider"], people["reviewer"]
    said = {
        "items__1__title": "养老服务机构名称",
        "items__1__sharing": "conditional",
        "items__1__condition__scope": "民政、消防部门",
        "items__1__condition__purpose": "安全检查",
    }
    kept = provider.send(f"{entry}/edit", f"{entry}/edit", None, do="save", **said)
    if kept.status_code == 200:
        kept = provider.fill(kept.text, f"{entry}/edit", None, do="save")
    assert kept.status_code == 303, kept.text
    assert provider.send(entry, f"{entry}/submission").status_code == 303
    with signed_in(reviewer.http) as home:
        browser = Browser(home, tmp_path)
        assert f"{entry}/review" in browser.open("/my")
        page = browser.open(f"{entry}/review")
        for word in ("养老服务机构名称", "属性变化(1)", "收紧", "没有受影响的有效授权"):
            assert word in page
        assert len(browser.picture(f"{entry}/review")) > 10_000
    agreed = reviewer.send(
        f"{entry}/review", f"{entry}/review", None, opinion="同意", outcome="agree"
    )
    assert agreed.status_code == 303, agreed.text
    assert "第 2 版" in provider.read(entry)


def test_a_file_is_checked_then_taken_with_a_receipt(people, entry):
    provider, place = people["provider"], f"{entry}/batches"
    bad = {"file": ("床位.csv", "bed_no,home\n,无编号\n".encode(), "text/csv")}
    refused = provider.send(place, place, bad, mode="upsert", do="check")
    assert refused.status_code == 422
    assert "不合格明细" in refused.text
    good = {"file": ("床位.csv", "bed_no,home\nA-1,凤山敬老院\n".encode("gb18030"), "text/csv")}
    checked = provider.send(place, place, good, mode="upsert", do="check").text
    assert "尚未入库" in checked
    taken = provider.fill(checked, place, good, mode="upsert", do="push").text
    assert "形成版本" in taken
    receipt = re.findall(r'href="(/my/prints/receipts/[^"]+)"', taken)[0]
    assert provider.http.get(receipt).text.count(".") == 2


def test_data_is_applied_for_endorsed_and_printed(people, tmp_path):
    user, reviewer = people["user"], people["reviewer"]
    found = re.findall(r'href="(/my/catalogue/[\d-]+)">低保对象', user.read("/my/catalogue?q=低保"))
    place = re.findall(r'href="(/my/apply\?dataset=[\d-]+)"', user.read(found[0]))[0]
    said = {
        "parts__0__items": ["town", "name"],
        "parts__0__modes": ["query"],
        "basis": "社会救助暂行办法",
        "scenario": "帮扶核对",
        "scope": "注册登记科",
        "purpose": "救助对象帮扶",
        "until": NEXT_YEAR,
        "consent__by": "张三",
        "consent__on": TODAY,
        "do": "apply",
    }
    made = user.send(place, "/my/apply", None, **said)
    case, _, done = made.headers["location"].partition("?")
    assert "已办理:提交申请" in user.read(f"{case}?{done}")
    assert "待初审" in user.read(case)
    with signed_in(reviewer.http) as home:
        assert case in Browser(home, tmp_path).open("/my")
    said = {"outcome": "agree", "opinion": "符合履职需要"}
    assert reviewer.send(case, f"{case}/endorsement", None, **said).status_code == 303
    issued = user.send(case, f"{case}/forms", None, kind="application")
    printed = user.http.get(issued.headers["location"])
    assert "救助对象帮扶" in printed.text
    assert "sandbox" in printed.headers["content-security-policy"]


def test_every_list_opens_for_who_may_read_it(people):
    for person in people.values():
        for path in set(re.findall(r'<a href="(/my/?[a-z]*)">', person.read("/my"))):
            person.read(path)
