"""The client against a node that is played: paging, keys, tokens, and answers that are not the node's."""

import json
from collections.abc import Callable

import httpx
import pytest
from zhengshu import Client, Refused

DATASET = "307350123001-000001"
Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def played():
    """Open a client whose requests go to a function; they are kept in `asked`."""
    opened = []

    def open_(answer: Answer, **options):
        client = Client("https://node.example/", **options)
        client.asked = []

        def keep(request: httpx.Request) -> httpx.Response:
            client.asked.append(request)
            return answer(request)

        client.http.close()
        client.http = httpx.Client(
            base_url=client.url, auth=client.auth, transport=httpx.MockTransport(keep)
        )
        opened.append(client)
        return client

    yield open_
    for client in opened:
        client.close()


def test_rows_follow_the_links_to_the_last_page(played):
    def answer(request):
        page = int(request.url.params.get("page", 1))
        place = f"https://node.example/v1/datasets/{DATASET}/rows?page={page + 1}"
        headers = {"Link": f'<{place}>; rel="next"'} if page < 3 else {}
        return httpx.Response(200, json=[{"n": page}], headers=headers)

    client = played(answer)
    assert [row["n"] for row in client.rows(DATASET, town="eq.凤山镇")] == [1, 2, 3]
    first, *rest = client.asked
    assert dict(first.url.params) == {"town": "eq.凤山镇"}
    assert [dict(each.url.params) for each in rest] == [{"page": "2"}, {"page": "3"}]


def test_grants_follow_the_cursor(played):
    def answer(request):
        cursor = request.url.params.get("cursor")
        return httpx.Response(200, json={"grants": [], "next": None if cursor else "c-2"})

    client = played(answer)
    assert list(client.grants()) == []
    assert [each.url.params.get("cursor") for each in client.asked] == [None, "c-2"]


def test_a_refusal_is_raised_with_the_nodes_own_words(played):
    problem = {
        "type": "/problems/items-conditional",
        "title": "有条件共享,须先申请",
        "status": 403,
        "detail": "户主姓名",
        "basis": "《政务数据共享条例》第十五条",
        "next": "请提出共享申请",
        "more": 1,
    }
    client = played(lambda _: httpx.Response(403, json=problem))
    with pytest.raises(Refused) as refusal:
        client.get("/v1/x")
    assert (refusal.value.slug, refusal.value.status) == ("items-conditional", 403)
    assert refusal.value.extra == {"more": 1}
    assert str(refusal.value) == (
        "403 有条件共享,须先申请;户主姓名;依据:《政务数据共享条例》第十五条;下一步:请提出共享申请"
    )


def test_what_is_not_the_nodes_answer_is_said_to_be_none(played):
    client = played(
        lambda _: httpx.Response(502, text="<html>", headers={"content-type": "text/html"})
    )
    with pytest.raises(Refused, match="没有按约定答复"):
        client.get("/v1/x")


def test_a_write_carries_its_key_and_a_push_its_mode(played):
    batch = {"id": "b", "dataset": DATASET, "mode": "append"}
    client = played(lambda _: httpx.Response(422, json=batch))
    with pytest.raises(Refused):
        client.push(DATASET, b"x", mode="append", key="k-1", lenient=True, dry_run=True)
    (asked,) = client.asked
    assert dict(asked.url.params) == {"mode": "append", "dry_run": "true"}
    assert (asked.headers["Idempotency-Key"], asked.headers["Prefer"]) == (
        "k-1",
        "handling=lenient",
    )
    assert asked.headers["Content-Type"] == "text/csv"


def test_one_token_serves_many_requests_and_a_held_one_is_shown_as_it_is(played):
    def answer(request):
        if request.url.path == "/oauth2/token":
            return httpx.Response(
                200, json={"access_token": "t-1", "expires_in": 900, "token_type": "Bearer"}
            )
        return httpx.Response(200, json={"seen": request.headers.get("Authorization")})

    client = played(answer, client_id="sys-1", client_secret="s")
    assert [client.get("/v1/x")["seen"] for _ in range(2)] == ["Bearer t-1"] * 2
    assert [each.url.path for each in client.asked].count("/oauth2/token") == 1
    assert client.token() == "t-1"
    with Client("https://node.example", token="held") as held:
        assert held.http.headers["Authorization"] == "Bearer held"
        with pytest.raises(ValueError, match="anonymous"):
            held.token()


def test_a_client_does_not_tell_its_secret(played):
    client = played(
        lambda _: httpx.Response(200, json={}), client_id="sys-1", client_secret="s-e-c"
    )
    assert "s-e-c" not in json.dumps([repr(client), repr(client.auth), str(vars(client).keys())])
