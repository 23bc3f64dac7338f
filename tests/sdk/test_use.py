"""What the client says of its use: the purpose and the grant travel with every read."""

from urllib.parse import quote

import httpx
import pytest
from zhengshu import Client, Use

USE = Use(purpose="核对", grant="g-1")


@pytest.fixture
def seen() -> list[httpx.Request]:
    return []


@pytest.fixture
def node(seen):
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if "cursor" in request.url.params or request.method == "POST":
            return httpx.Response(200, json=[] if request.method == "GET" else {"matches": True})
        link = f'<{request.url.path}?cursor=x>; rel="next"'
        return httpx.Response(200, json=[{"a": 1}], headers={"Link": link})

    with Client("http://node", token="t") as client:
        client.http = httpx.Client(base_url="http://node", transport=httpx.MockTransport(answer))
        yield client


def test_every_page_export_and_question_carries_it(node, seen):
    assert list(node.rows("d", USE, purpose="eq.x", use="eq.y")) == [{"a": 1}]
    assert b"".join(node.export("d", USE))
    assert node.verify("d", {"k": 1}, {}, USE) is True
    assert len(seen) == 4
    for request in seen:
        assert request.headers["zhengshu-purpose"] == quote("核对")
        assert request.headers["zhengshu-grant"] == "g-1"
    # Columns of these names are conditions like any other.
    assert dict(seen[0].url.params) == {"purpose": "eq.x", "use": "eq.y"}


def test_what_is_not_said_is_not_sent(node, seen):
    list(node.rows("d"))
    list(node.export("d", Use(grant="g-1")))
    assert "zhengshu-purpose" not in seen[0].headers
    assert "zhengshu-grant" not in seen[0].headers
    assert "zhengshu-purpose" not in seen[-1].headers
