"""Sign-in and staff pages before a node that is told what to say: forms are guarded, cookies kept close."""

import json
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import respx
from zhengshu_portal.main import build
from zhengshu_portal.settings import PortalSettings

NODE = "http://node.test"
ME = {
    "id": "off-1",
    "name": "李四",
    "account": "lisi",
    "organization": "11350123003615100P",
    "organization_name": "罗源县民政局",
    "organization_kind": "department",
    "roles": ["data_officer"],
    "role_labels": ["数据专员"],
}
TOKEN = {"access_token": "t", "token_type": "Bearer", "expires_in": 900}
OPINION = {
    "id": "o-1",
    "part": "p-1",
    "application": "a-1",
    "dataset": "307350123002-000001",
    "title": "低保<b>名单</b>",
    "applicant": "罗源县教育局",
    "items": ["name"],
    "modes": ["query"],
    "purpose": "助学",
    "until": "2027-01-01",
    "state": "requested",
    "state_label": "待提供单位反馈",
    "requested_at": "2026-11-22T00:00:00Z",
}


@pytest.fixture
async def portal() -> AsyncIterator[httpx.AsyncClient]:
    app = build(PortalSettings(port=1, gateway_url=NODE, public_url="http://public.test"))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://portal.test") as http,
    ):
        yield http


@pytest.fixture
def node():
    with respx.mock(base_url=NODE, assert_all_called=False) as routes:
        routes.post("/oauth2/token").respond(json=TOKEN | {"refresh_token": "held"})
        routes.get("/v1/me").respond(json=ME)
        routes.get("/v1/opinions").respond(json={"opinions": [OPINION], "next": None})
        routes.post("/v1/opinions/o-1").respond(json=OPINION)
        routes.post("/oauth2/revoke").respond(json={})
        yield routes


async def signed_in(portal: httpx.AsyncClient) -> None:
    begun = await portal.get("/signin/start")
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
    back = await portal.get("/signin/callback", params={"code": "k", "state": state})
    assert (back.status_code, back.headers["location"]) == (303, "/my")


def hidden(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="')[1].split('"', maxsplit=1)[0]


async def test_who_is_not_signed_in_is_sent_to_do_so(portal):
    for answer in (await portal.get("/my"), await portal.post("/my/opinions/o-1")):
        assert (answer.status_code, answer.headers["location"]) == (303, "/signin/start")


async def test_sign_in_begins_at_the_node_with_pkce(portal):
    begun = await portal.get("/signin/start")
    place = urlsplit(begun.headers["location"])
    asked = parse_qs(place.query)
    assert f"{place.scheme}://{place.netloc}{place.path}" == "http://public.test/oauth2/authorize"
    assert (asked["code_challenge_method"], len(asked["code_challenge"][0])) == (["S256"], 43)
    cookie = begun.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


async def test_the_form_says_what_is_wrong_and_keeps_the_account(portal, node):
    refusal = {"type": "/problems/access-denied", "title": "账号或口令不正确", "status": 401}
    node.post("/oauth2/sign-in").respond(401, json=refusal)
    sent = {"asked": "sealed", "account": "li<si", "password": "secret-word"}
    page = await portal.post("/signin", data=sent)
    assert page.status_code == 401
    assert "账号或口令不正确" in page.text
    assert "li&lt;si" in page.text
    assert "secret-word" not in page.text


async def test_the_browser_goes_on_within_the_portal_alone(portal, node):
    there = {"redirect_to": "http://elsewhere.test/signin/callback?code=k&state=s"}
    node.post("/oauth2/sign-in").respond(json=there)
    answer = await portal.post("/signin", data={"asked": "x", "account": "a", "password": "p"})
    assert answer.headers["location"] == "/signin/callback?code=k&state=s"


@pytest.mark.parametrize("begun", [True, False])
async def test_a_callback_nobody_waits_for_is_refused(portal, node, begun):
    if begun:
        await portal.get("/signin/start")
    answer = await portal.get("/signin/callback", params={"code": "k", "state": "another"})
    assert answer.status_code == 403
    assert "zhengshu_session" not in answer.headers.get("set-cookie", "")


async def test_whoever_was_not_let_in_outside_reads_why_and_nobody_else_does(portal, node):
    asked = await portal.get("/signin/start")
    state = parse_qs(urlsplit(asked.headers["location"]).query)["state"][0]
    told = {"error": "access_denied", "error_description": "账号<b>未登记", "state": state}
    page = await portal.get("/signin/callback", params=told)
    assert page.status_code == 403
    assert "账号&lt;b&gt;未登记" in page.text
    assert "/signin/start" in page.text
    page = await portal.get("/signin/callback", params=told | {"state": "another"})
    assert "未登记" not in page.text


async def test_my_page_shows_who_i_am_and_what_waits(portal, node):
    await signed_in(portal)
    page = (await portal.get("/my")).text
    for word in ("李四", "罗源县民政局", "数据专员", "待答复的征求意见(1)", "低保&lt;b&gt;"):
        assert word in page
    assert "待审核的目录条目" not in page
    assert "待初审的共享申请" not in page


async def test_an_opinion_is_sent_as_the_form_says_and_once_for_one_showing(portal, node):
    await signed_in(portal)
    page = (await portal.get("/my")).text
    sent = {
        "proof": hidden(page, "proof"),
        "once": hidden(page, "once"),
        "outcome": "agree",
        "reason": "",
        "consent_by": "张三",
        "consent_on": "2026-11-22",
        "consent_document": "",
    }
    for _ in range(2):
        answer = await portal.post("/my/opinions/o-1", data=sent)
        assert answer.headers["location"] == "/my"
    first, second = (
        call.request
        for call in node.calls
        if call.request.method == "POST" and call.request.url.path == "/v1/opinions/o-1"
    )
    consent = {"by": "张三", "on": "2026-11-22", "document": ""}
    assert json.loads(first.content) == {"outcome": "agree", "reason": "", "consent": consent}
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.headers["authorization"] == "Bearer t"


@pytest.mark.parametrize("path", ["/my/opinions/o-1", "/my/entries/e-1", "/signout"])
@pytest.mark.parametrize(
    ("fields", "headers"),
    [({}, {}), ({"proof": "x"}, {}), (None, {"Origin": "http://evil.test"})],
    ids=["none", "forged", "another site"],
)
async def test_a_form_that_is_not_ours_does_nothing(portal, node, path, fields, headers):
    await signed_in(portal)
    if fields is None:
        fields = {"proof": hidden((await portal.get("/my")).text, "proof")}
    before = len(node.calls)
    answer = await portal.post(path, data=fields, headers=headers)
    assert answer.status_code == 403
    assert "页面已过期" in answer.text
    assert [call.request.url.path for call in node.calls][before:] in ([], ["/oauth2/token"])


async def test_signing_out_ends_the_session_at_the_node(portal, node):
    await signed_in(portal)
    page = (await portal.get("/my")).text
    answer = await portal.post("/signout", data={"proof": hidden(page, "proof")})
    assert answer.headers["location"] == "/"
    assert node.calls.last.request.content == b"token=held"
    assert (await portal.get("/my")).headers["location"] == "/signin/start"


async def test_a_session_that_is_over_leads_to_the_form(portal, node):
    refusal = {"type": "/problems/invalid-grant", "title": "登录已失效", "status": 400}
    node.post("/oauth2/token").respond(400, json=refusal)
    portal.cookies.set("zhengshu_session", "old")
    assert (await portal.get("/my")).headers["location"] == "/signin/start"


async def test_two_different_passwords_are_not_sent(portal, node):
    sent = {"client": "off-1", "secret": "s", "account": "lisi", "password": "a", "again": "b"}
    page = await portal.post("/signin/password", data=sent)
    assert page.status_code == 422
    assert "两次输入的口令不一致" in page.text
    assert not node.calls
