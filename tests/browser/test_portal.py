"""A citizen's pages in a real browser, on a node that has told the whole story."""

import re

import pytest
from browser.chromium import Browser
from zhengshu_local.node import Node

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def browser(told: Node, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A browser before a node whose story has been told."""
    return Browser(told.url("portal"), tmp_path_factory.mktemp("browser"))


def test_a_citizen_finds_the_schools_and_their_file(browser: Browser) -> None:
    found = browser.open("/?q=%E5%AD%A6%E6%A0%A1")
    assert "学校名录" in found
    assert "停水通知" not in found
    link = re.search(r'href="(/datasets/[\d-]+)"', found)
    assert link
    page = browser.open(link.group(1))
    assert "普遍开放" in page
    assert re.search(r'href="[^"]+/files/csv"', page)
    assert "学校标识码" in page


def test_authorised_open_data_says_how_to_apply(browser: Browser) -> None:
    found = browser.open("/?q=%E5%81%9C%E6%B0%B4")
    link = re.search(r'href="(/datasets/[\d-]+)"', found)
    assert link
    page = browser.open(link.group(1))
    assert "内资控股法人企业、科研机构可提出申请" in page
    assert "/files/csv" not in page


def test_the_ledger_shows_the_witnessed_checkpoint(browser: Browser) -> None:
    page = browser.open("/ledger")
    assert "市大数据委已签名" in page
    assert "zhengshu/commission" in page


def test_nothing_found_and_nothing_there_are_pages_too(browser: Browser) -> None:
    assert "没有找到" in browser.open("/?q=nothing-like-it")
    assert "未找到" in browser.open("/datasets/307350123002-000099")


def test_what_is_searched_for_is_shown_as_text(browser: Browser) -> None:
    page = browser.open("/?q=%3Cscript%3Edocument.title%3D1%3C%2Fscript%3E")
    assert "<title>开放数据" in page


def test_the_page_paints(browser: Browser) -> None:
    assert len(browser.picture("/")) > 10_000
