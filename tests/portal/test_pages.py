"""The portal's pages without a node: escaped, guarded by headers, honest when the node is away."""

from collections.abc import AsyncIterator

import httpx
import pytest
from portal.desk import desk, sent
from zhengshu_portal.main import build
from zhengshu_portal.settings import PortalSettings


@pytest.fixture
async def portal() -> AsyncIterator[httpx.AsyncClient]:
    app = build(
        PortalSettings(port=1, gateway_url="http://127.0.0.1:9", public_url="http://node.example")
    )
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://portal") as http,
    ):
        yield http


@pytest.mark.parametrize("path", ["/", "/ledger", "/datasets/307350123002-000001"])
async def test_a_node_that_is_away_is_said_plainly(portal: httpx.AsyncClient, path: str) -> None:
    page = await portal.get(path)
    assert page.status_code == 503
    assert "数据节点暂时无法访问" in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]


async def test_the_style_sheet_is_served(portal: httpx.AsyncClient) -> None:
    assert (await portal.get("/static/portal.css")).headers["content-type"].startswith("text/css")


async def test_an_impossible_dataset_is_refused(portal: httpx.AsyncClient) -> None:
    assert (await portal.get("/datasets/..%2F..%2Fetc")).status_code in {404, 422}


async def test_a_paper_is_checked_by_anybody() -> None:
    found = {
        "kind": "approval",
        "code": "6XTK-8EPS-66A3",
        "number": "罗政数申〔2026〕000001 号",
        "issued_at": "2026-11-28T01:00:00Z",
        "applicant": "罗源县<市场>监督管理局",
        "submitted_at": "2026-11-27T01:00:00Z",
        "parts": [
            {
                "title": "低保对象",
                "provider": "罗源县民政局",
                "items": ["姓名", "月保障金"],
                "modes": ["query"],
                "filter": "",
                "state_label": "已授权",
                "granted": "信息项 姓名;共享方式 查询",
            }
        ],
    }
    missing = {"type": "/problems/form-not-found", "title": "未找到该表单", "status": 404}
    async with desk() as (portal, node):
        node.get("/v1/forms/6XTK-8EPS-66A3/verification").respond(json=found)
        node.get("/v1/forms/AAAA/verification").respond(404, json=missing)
        asked = {"number": found["number"], "code": " 6XTK-8EPS-66A3"}
        portal.cookies.clear()
        page = (await portal.get("/forms", params=asked)).text
        for words in (
            "签发的审批表",
            "2026-11-28 09:00",
            "罗源县&lt;市场&gt;",
            "姓名、月保障金",
            "已授权",
            "准予:信息项 姓名",
        ):
            assert words in page
        [request] = sent(node, "GET", "/v1/forms/6XTK-8EPS-66A3/verification")
        assert request.url.params["number"] == found["number"]
        wrong = (await portal.get("/forms", params=asked | {"code": "AAAA"})).text
        assert "没有这份纸件" in wrong
        assert "没有这份纸件" not in (await portal.get("/forms")).text
