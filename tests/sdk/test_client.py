"""The client against a node that is played: paging, keys, tokens, and answers that are not the node's."""

import ast
import json
from collections.abc import Callable
from pathlib import Path

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


BATCH = {"id": "b-1", "dataset": DATASET, "mode": "upsert", "at": "2026-11-22T10:00:00Z"}
TAKEN = {
    "id": "b-1", "dataset": DATASET, "mode": "upsert", "received": 1, "inserted": 1, "updated": 0,
    "deleted": 0, "unchanged": 0, "refused": 0, "version": "1.1", "digest": "00",
}  # fmt: skip
PROBLEM = {
    "type": "/problems/batch-rows-refused",
    "title": "部分行不合格,整批未入库",
    "status": 422,
}


def waiting(then: dict) -> Answer:
    """Take a batch later: it waits twice, and then this became of it."""
    told = iter([BATCH | {"state": "waiting"}] * 3)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(202, json=BATCH | {"state": "waiting"})
        if request.url.path.endswith("/report"):
            return httpx.Response(200, text="行号,信息项\r\n")
        return httpx.Response(200, json=next(told, BATCH | then))

    return answer


def test_a_large_batch_is_handed_in_and_waited_for(played):
    client = played(waiting({"state": "done", "batch": TAKEN}))
    kept = client.push_later(DATASET, b"code\n1\n", key="k-1", lenient=True)
    assert client.asked[0].headers["prefer"] == "handling=lenient, respond-async"
    assert client.asked[0].headers["idempotency-key"] == "k-1"
    assert client.wait(kept.id, every=0).version == "1.1"
    assert len(client.asked) == 5


def test_what_was_not_taken_tells_why_and_its_report_downloads(played):
    client = played(waiting({"state": "refused", "problem": PROBLEM}))
    kept = client.push_later(DATASET, b"code\n")
    with pytest.raises(Refused, match="整批未入库"):
        client.wait(kept.id, every=0)
    assert b"".join(client.report(kept.id)).decode().startswith("行号")


def test_waiting_ends_when_it_was_told_to(played):
    client = played(waiting({"state": "done", "batch": TAKEN}))
    with pytest.raises(TimeoutError):
        client.wait("b-1", every=0, most=-1)


def test_the_guides_sample_is_python_of_this_client():
    guide = Path(__file__).parents[2].joinpath("docs/pushing.md").read_text(encoding="utf-8")
    tree = ast.parse(guide.split("```python\n")[1].split("```")[0])
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    asked = {
        f.attr for f in calls if isinstance(f, ast.Attribute) and ast.unparse(f.value) == "node"
    }
    assert {"push", "push_later", "wait", "report", "rows"} <= asked
    assert all(callable(getattr(Client, name)) for name in asked)
