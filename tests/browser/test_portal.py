"""A citizen's pages in a real browser, on a node that has told the whole story."""

import re
import subprocess
from html import unescape
from pathlib import Path
from shutil import which

import pytest
from support.servers import running_node
from zhengshu_local import demo
from zhengshu_local.demo.teller import Teller

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1000,900",
)


class Browser:
    """Opens pages in headless Chromium: what it made of the page, and a picture of it."""

    def __init__(self, home: str, folder: Path) -> None:
        self.home = home
        self.folder = folder
        found = which("chromium") or which("chromium-browser")
        assert found, "no Chromium: run `make test-browser` as root once, or install it"
        self.program = found

    def open(self, path: str) -> str:
        """Return the page as the browser built it."""
        return unescape(self._run("--dump-dom", path).stdout)

    def picture(self, path: str) -> bytes:
        """Return a screenshot of the page."""
        file = self.folder / "page.png"
        self._run(f"--screenshot={file}", path)
        return file.read_bytes()

    def _run(self, what: str, path: str) -> subprocess.CompletedProcess[str]:
        profile = f"--user-data-dir={self.folder / 'profile'}"
        command = [self.program, *FLAGS, profile, what, f"{self.home}{path}"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory):
    """A browser before a node whose story has been told."""
    with running_node(tmp_path_factory.mktemp("node")) as node:
        assert demo.tell(demo.doors_of(node), Teller(lambda _: None)) == 0
        yield Browser(node.url("portal"), tmp_path_factory.mktemp("browser"))


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
