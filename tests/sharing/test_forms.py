"""Printable forms: what they say, and that the code on the paper finds what was issued."""

from html.parser import HTMLParser
from typing import Any

import pytest
from sharing.cast import (
    AID,
    CIVIL_OFFICER,
    COMPETENT_OFFICER,
    MARKET_OFFICER,
    SCHOOLS_OFFICER,
    Sharing,
    part,
)
from zhengshu_contracts.roles import Action


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
