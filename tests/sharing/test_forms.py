"""Printable forms: what they say, and that the code on the paper finds what was issued."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest
from sharing.cast import (
    AID,
    CIVIL_OFFICER,
    COMPETENT_OFFICER,
    IN_A_YEAR,
    MARKET_OFFICER,
    SCHOOLS_OFFICER,
    Sharing,
    part,
)
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import PrincipalKind


class Text(HTMLParser):
    """The text of a page, and the tags that do not belong on paper."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.alive: list[str] = []

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in {"script", "img", "iframe", "link", "form"}:
            self.alive.append(tag)


async def issue(sharing: Sharing, case: str, kind: str, who: Any = MARKET_OFFICER) -> Any:
    path = f"/v1/applications/{case}/forms"
    return await sharing.call(who, Action.FORM_ISSUE, "POST", path, {"kind": kind})


async def read(sharing: Sharing, code: str, who: Any = MARKET_OFFICER) -> Any:
    return await sharing.call(who, Action.FORM_READ, "GET", f"/v1/forms/{code}")


@pytest.mark.parametrize("kind", ["application", "approval"])
async def test_says_number_code_and_what_is_applied_for(sharing: Sharing, kind: str) -> None:
    case = await sharing.apply(part(AID, "town", "name"), scenario="<script>alert(1)</script>")
    form = (await issue(sharing, case["id"], kind)).json()
    page = await read(sharing, form["code"])
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    seen = Text()
    seen.feed(page.text)
    assert seen.alive == []
    for words in (
        form["code"],
        case["number"],
        "罗源县市场监督管理局",
        "信息项name",
        "<script>alert(1)</script>",
        "负责人" if kind == "application" else "县主管部门初审",
    ):
        assert words in seen.text


async def test_an_approval_says_what_was_granted_not_only_what_was_asked_for(
    sharing: Sharing,
) -> None:
    mask = {"item": "name", "mask": {"kind": "hash"}}
    asked = await sharing.granted(
        items=["name"], masks=[mask], quota={"calls": 5}, filter="town=eq.a"
    )
    case = asked["id"].rpartition("-")[0]
    code = (await issue(sharing, case, "approval")).json()["code"]
    page = (await read(sharing, code)).text
    number = (await sharing.read(case))["number"]
    [told] = (await verify(sharing, code, number)).json()["parts"]
    said = "信息项 信息项name;共享方式 查询;行条件 town=eq.a;脱敏 信息项name;每日至多 5 次"
    assert told["granted"] == f"{said};使用时限 {IN_A_YEAR}"
    assert f"准予:{told['granted']}" in page
    plain = (await issue(sharing, case, "application")).json()["code"]
    assert "准予" not in (await read(sharing, plain)).text


async def test_stays_what_it_was_when_the_case_goes_on(sharing: Sharing) -> None:
    case = await sharing.apply()
    first = (await issue(sharing, case["id"], "approval")).json()["code"]
    await sharing.endorse(case["id"], opinion="符合职责")
    second = (await issue(sharing, case["id"], "approval", COMPETENT_OFFICER)).json()["code"]
    assert first != second
    assert "符合职责" not in (await read(sharing, first)).text
    assert "符合职责" in (await read(sharing, second)).text


async def test_is_there_for_those_the_case_concerns(sharing: Sharing) -> None:
    case = await sharing.apply()
    code = (await issue(sharing, case["id"], "application")).json()["code"]
    for who, status in (
        (MARKET_OFFICER, 200),
        (CIVIL_OFFICER, 200),
        (COMPETENT_OFFICER, 200),
        (SCHOOLS_OFFICER, 404),
    ):
        assert (await read(sharing, code, who)).status_code == status
    assert (await issue(sharing, case["id"], "approval", SCHOOLS_OFFICER)).status_code == 404
    assert (await read(sharing, "AAAA-BBBB-CCCC")).status_code == 404


PUBLIC = Principal(id="anonymous", kind=PrincipalKind.PUBLIC)


async def verify(sharing: Sharing, code: str, number: str) -> Any:
    path = f"/v1/forms/{code}/verification?{urlencode({'number': number})}"
    return await sharing.call(PUBLIC, Action.FORM_VERIFY, "GET", path)


async def test_is_verified_by_whoever_holds_the_paper_and_tells_no_name(sharing: Sharing) -> None:
    case = await sharing.apply(part(AID, "name", filter="town=eq.凤山镇"))
    code = (await issue(sharing, case["id"], "approval")).json()["code"]
    await sharing.endorse(case["id"], opinion="张三核实")
    answer = await verify(sharing, code.lower(), case["number"].replace(" ", ""))
    told = answer.json()
    assert (told["number"], told["kind"], told["code"]) == (case["number"], "approval", code)
    assert told["applicant"] == "罗源县市场监督管理局"
    [one] = told["parts"]
    assert (one["title"], one["items"], one["filter"]) == (
        "低保对象",
        ["信息项name"],
        "town=eq.凤山镇",
    )
    assert one["state_label"] == "待转报市大数据委"
    for name in ("负责人", "张三", MARKET_OFFICER.id):
        assert name not in answer.text


async def test_needs_number_and_code_of_one_paper(sharing: Sharing) -> None:
    first, second = await sharing.apply(), await sharing.apply()
    code = (await issue(sharing, first["id"], "application")).json()["code"]
    for wrong in ((code, second["number"]), ("AAAA-BBBB-CCCC", first["number"]), (code, "")):
        answer = await verify(sharing, *wrong)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/form-not-found")
    form = await sharing.call(PUBLIC, Action.FORM_READ, "GET", f"/v1/forms/{code}")
    assert form.status_code == 403
