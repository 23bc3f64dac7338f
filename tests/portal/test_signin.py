"""Sign-in and staff pages before a node that is told what to say: forms are guarded, cookies kept close."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import respx
from portal.desk import LISTS, ME, NODE, TOKEN, hidden, sign_in
from zhengshu_portal.main import build
from zhengshu_portal.sessions import Renewing
from zhengshu_portal.settings import PortalSettings


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
        routes.post("/oauth2/token").respond(json=TOKEN)
        routes.get("/v1/me").respond(json=ME)
        for path, member in LISTS.items():
            routes.get(path).respond(json={member: [], "next": None})
        routes.post("/oauth2/revoke").respond(json={})
        yield routes


async def test_who_is_not_signed_in_is_sent_to_do_so(portal):
    for answer in (await portal.get("/my"), await portal.post("/my/opinions/o-1/answer")):
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


async def test_my_page_shows_who_i_am(portal, node):
    await sign_in(portal)
    page = (await portal.get("/my")).text
    for word in ("李四", "罗源县民政局", "数据专员"):
        assert word in page


@pytest.mark.parametrize(
    "path", ["/my/opinions/o-1/answer", "/my/catalogue/307350123002-000001/review", "/signout"]
)
@pytest.mark.parametrize(
    ("fields", "headers"),
    [({}, {}), ({"proof": "x"}, {}), (None, {"Origin": "http://evil.test"})],
    ids=["none", "forged", "another site"],
)
async def test_a_form_that_is_not_ours_does_nothing(portal, node, path, fields, headers):
    await sign_in(portal)
    if fields is None:
        fields = {"proof": hidden((await portal.get("/my")).text, "proof")}
    before = len(node.calls)
    answer = await portal.post(path, data=fields, headers=headers)
    assert answer.status_code == 403
    assert "页面已过期" in answer.text
    assert [call.request.url.path for call in node.calls][before:] in (
        [],
        ["/v1/me"],
    )


async def test_signing_out_ends_the_session_at_the_node(portal, node):
    await sign_in(portal)
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


async def test_what_was_typed_while_the_session_ended_is_sent_after_a_new_one(portal, node):
    own = {"Origin": str(portal.base_url)}
    node.post("/v1/applications").respond(201, json={"id": "a-1"})
    typed = {"proof": "of the old session", "once": "o", "do": "apply", "basis": "先<填>的"}
    asked = await portal.post("/my/apply", data=typed, headers=own)
    assert asked.status_code == 403
    for word in ("登录已过期", "先&lt;填&gt;的", 'href="/signin/start" target="_blank"'):
        assert word in asked.text
    assert "old session" not in asked.text
    await sign_in(portal)
    confirm = (await portal.post("/my/apply", data=typed, headers=own)).text
    assert "请确认后提交" in confirm
    assert not [call for call in node.calls if call.request.url.path == "/v1/applications"]
    again = {name: hidden(confirm, name) for name in ("proof", "once", "do", "basis")}
    assert again["basis"] == "先&lt;填&gt;的"
    done = await portal.post("/my/apply", data=again, headers=own)
    assert done.headers["location"] == "/my/applications/a-1?done=apply"


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.test"}, {"Origin": "null"}])
async def test_what_another_site_typed_is_not_shown_to_be_sent(portal, node, headers):
    typed = {"do": "apply", "basis": "别人填的"}
    answer = await portal.post("/my/apply", data=typed, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin/start")
    await sign_in(portal)
    answer = await portal.post("/my/apply", data=typed, headers=headers)
    assert (answer.status_code, "别人填的" in answer.text) == (403, False)


async def test_two_different_passwords_are_not_sent(portal, node):
    sent = {"client": "off-1", "secret": "s", "account": "lisi", "password": "a", "again": "b"}
    page = await portal.post("/signin/password", data=sent)
    assert page.status_code == 422
    assert "两次输入的口令不一致" in page.text
    assert not node.calls


def test_a_token_that_ended_early_is_replaced_once():
    told = []

    def answer(request: httpx.Request) -> httpx.Response:
        told.append((request.url.path, request.headers.get("Authorization")))
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json=TOKEN | {"access_token": "new"})
        return httpx.Response(200 if told[-1][1] == "Bearer new" else 401)

    http = httpx.Client(transport=httpx.MockTransport(answer), auth=Renewing(NODE, "held", "old"))
    assert [http.get(f"{NODE}/v1/me").status_code for _ in range(2)] == [200, 200]
    assert told == [
        ("/v1/me", "Bearer old"),
        ("/oauth2/token", None),
        ("/v1/me", "Bearer new"),
        ("/v1/me", "Bearer new"),
    ]
    http.close()
