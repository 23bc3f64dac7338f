"""The portal's pages without a node: escaped, guarded by headers, honest when the node is away."""

from collections.abc import AsyncIterator

import httpx
import pytest
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
