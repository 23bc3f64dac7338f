"""Four sources of errors, one shape."""

import pytest
from httpx import AsyncClient
from zhengshu_chassis.errors import DomainError, NotFound, Unavailable
from zhengshu_chassis.problems import problems, render
from zhengshu_contracts.problem import Problem

SOURCES = [
    ("domain", "GET", "/v1/notes/9", None, 404, "note-not-found"),
    ("malformed", "POST", "/v1/notes", {"text": ""}, 422, "invalid"),
    ("framework, path", "GET", "/nowhere", None, 404, "no-such-path"),
    ("framework, method", "DELETE", "/v1/notes/9", None, 405, "method-not-allowed"),
    ("unforeseen", "POST", "/v1/notes", {"text": "一", "then": "crash"}, 500, "internal"),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "slug"),
    [pytest.param(*case[1:], id=case[0]) for case in SOURCES],
)
async def test_every_source_has_the_one_shape(
    client: AsyncClient, reader, method, path, body, status, slug
):
    headers = reader if method == "GET" else {}
    answer = await client.request(method, path, json=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = Problem.model_validate(answer.json())
    assert problem.type == f"/problems/{slug}"
    assert problem.status == status
    assert problem.instance == path
    assert len(problem.trace_id) == 32
    assert problem.title


async def test_the_unforeseen_tells_nothing(client: AsyncClient):
    answer = await client.post("/v1/notes", json={"text": "一", "then": "crash"})
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text


async def test_wrong_places_are_named_in_chinese_and_without_what_was_sent(client: AsyncClient):
    answer = await client.post("/v1/notes", json={"text": "王" * 21, "more": "李"})
    errors = {each["pointer"]: each for each in answer.json()["errors"]}
    assert errors["/text"]["message"] == "超出长度(至多 20 个字符)"
    assert errors["/more"] == {
        "pointer": "/more",
        "code": "extra_forbidden",
        "message": "不认识的项",
    }
    assert "王王" not in answer.text
    assert "李" not in answer.text


async def test_no_json_at_all_is_malformed(client: AsyncClient):
    headers = {"content-type": "application/json"}
    answer = await client.post("/v1/notes", content=b"{", headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["message"] == "不是合法的 JSON"


@pytest.mark.parametrize("text", ["一\0", "\0"])
async def test_text_that_no_database_keeps_is_the_callers_to_mend(
    client: AsyncClient, text, capsys
):
    answer = await client.post("/v1/notes", json={"text": text})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/text-unkeepable")
    assert "database.failed" not in capsys.readouterr().out


async def test_a_body_too_large_is_refused(client: AsyncClient):
    answer = await client.post("/v1/notes", json={"text": "x" * (1 << 20)})
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/too-large"


async def test_the_callers_trace_is_taken_up(client: AsyncClient, reader):
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = reader | {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    answer = await client.get("/v1/notes/9", headers=headers)
    assert answer.json()["trace_id"] == trace


def test_a_route_says_what_it_may_refuse_with():
    class Other(NotFound):
        slug = "other"
        title = "另一种"

    told = problems(NotFound, Other, Unavailable)
    assert set(told) == {404, 503}
    assert "`other`:另一种" in told[404]["description"]


def test_further_members_and_headers_travel():
    error = Unavailable("稍候", retry_after=7)
    error.extra["code"] = "PGRST000"
    answer = render(error, "/x")
    assert answer.headers["retry-after"] == "7"
    assert b'"code":"PGRST000"' in answer.body


def test_every_kind_has_a_status_of_its_own():
    kinds = DomainError.__subclasses__()
    direct = [kind.status for kind in kinds if kind.__module__ == "zhengshu_chassis.errors"]
    assert len(direct) == len(set(direct))


async def test_a_database_that_is_away_is_503_and_says_when_to_ask_again(unreachable: AsyncClient):
    answer = await unreachable.post("/v1/notes", json={"text": "一"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json()["type"] == "/problems/busy"
