"""The difference between any two versions is exact, whatever happened between them."""

import json
import random

import pytest
from catalog.aggregation_harness import Dataset, dataset, town
from catalog.harness import Catalog
from catalog.samples import item
from zhengshu_contracts.identity import View
from zhengshu_contracts.vocabulary import ItemType

A, B, C = "350123001", "350123002", "350123003"
ITEMS = (
    item("k", title="键", key=True, nullable=False),
    item("n", title="数", type=ItemType.INTEGER),
    item("s", title="名"),
    item("d", title="日", type=ItemType.DATE),
    item("x", title="额", type=ItemType.NUMERIC),
)
VIEWS = {
    "whole": View(columns=("k", "n", "s", "d", "x"), key=("k",)),
    "columns": View(columns=("k", "s"), key=("k",)),
    "keyless": View(columns=("n", "s")),
    "filtered": View(columns=("k", "n", "d"), key=("k",), filter="n=gte.1&s=not.eq.b"),
    "hidden filter": View(columns=("k", "s"), key=("k",), filter="or=(n.eq.2,x.gt.1.5)"),
}


def random_row(dice: random.Random) -> dict[str, object]:
    return {
        "k": f"k{dice.randrange(6)}",
        "n": dice.choice([None, 0, 1, 2]),
        "s": dice.choice([None, "", "a", "b"]),
        "d": dice.choice([None, "2026-01-01"]),
        "x": dice.choice([None, "1.5", "1.50", "2"]),
    }


async def random_push(made: Dataset, dice: random.Random) -> None:
    rows = {row["k"]: row for row in (random_row(dice) for _ in range(dice.randrange(1, 5)))}
    mode = dice.choice(["upsert", "upsert", "replace", "delete", "append"])
    body = [{"k": key} for key in rows] if mode == "delete" else list(rows.values())
    await made.pushed(body, mode, Prefer="handling=lenient", Idempotency_Key=str(dice.random()))


async def content(made: Dataset, view: View) -> dict[str, str]:
    """What a view holds now, by the id the change feed uses."""
    rows = (await made.read("changes", "since=1.0", view=view)).text.splitlines()
    feed = [json.loads(line) for line in rows]
    assert {line["op"] for line in feed} <= {"upsert"}
    shown = await made.rows("limit=1000", view=view)
    without_ids = [{n: v for n, v in row.items() if n != "_id"} for row in shown]
    assert sorted(map(json.dumps, without_ids)) == sorted(json.dumps(line["row"]) for line in feed)
    return {line["id"]: json.dumps(line["row"]) for line in feed}


def applied(state: dict[str, str], feed: list[dict[str, object]]) -> dict[str, str]:
    """What a mirror that follows the feed holds afterwards."""
    state = dict(state)
    for line in feed:
        if line["op"] == "delete":
            assert state.pop(line["id"]) is not None
        else:
            row = json.dumps(line["row"])
            assert state.get(line["id"]) != row, "nothing changed for this view"
            state[line["id"]] = row
    return state


@pytest.mark.parametrize("seed", range(3))
async def test_any_difference_is_exact_for_every_view(catalog: Catalog, seed: int):
    dice = random.Random(seed)
    made = await dataset(catalog, ITEMS)
    at: list[dict[str, dict[str, str]]] = [{name: {} for name in VIEWS}]
    for _ in range(14):
        await random_push(made, dice)
        version = int((await made.read("rows")).headers["zhengshu-version"].split(".")[1])
        if version == len(at):
            at.append({name: await content(made, view) for name, view in VIEWS.items()})
    pairs = [(v, t) for v in range(len(at)) for t in range(v, len(at))]
    for name, view in VIEWS.items():
        for since, until in dice.sample(pairs, min(24, len(pairs))):
            feed = await made.changes(f"since=1.{since}&until=1.{until}", view=view)
            assert applied(at[since][name], feed) == at[until][name], (name, since, until)


async def test_rows_without_a_key_are_followed_by_their_ids(catalog: Catalog):
    dice = random.Random(7)
    made = await dataset(catalog, [item("a"), item("b")])
    view = View(columns=("a",))
    states = [{}]
    for number in range(8):
        body = [{"a": dice.choice("xyz"), "b": dice.choice("uv")} for _ in range(4)]
        how = dice.choice(["append", "replace"])
        await made.pushed(body, how, Idempotency_Key=str(number))
        feed = await made.changes("since=1.0", view=view)
        state = {line["id"]: json.dumps(line["row"]) for line in feed}
        rows = await made.rows(view=view)
        assert {row.pop("_id"): json.dumps(row) for row in rows} == state
        if len(await made.events()) == len(states):
            states.append(state)
    for since, state in enumerate(states):
        assert applied(state, await made.changes(f"since=1.{since}", view=view)) == states[-1]


async def test_a_row_that_leaves_the_view_arrives_as_a_delete(catalog: Catalog):
    towns = await dataset(catalog)
    view = View(columns=("code", "name"), key=("code",), filter="level=gte.4")
    await towns.pushed([town(A), town(B)])
    await towns.pushed([town(A, level=3), town(B, area=1)])
    (line,) = await towns.changes("since=1.1", view=view)
    assert (line["op"], line["row"]) == ("delete", {"code": A})
    assert line["id"] == (await towns.changes("since=1.0&until=1.1", view=view))[0]["id"]


async def test_deletes_come_first_and_a_key_that_came_back_ends_there(catalog: Catalog):
    towns = await dataset(catalog)
    await towns.pushed([town(A)])
    await towns.pushed([{"code": A}], "delete")
    await towns.pushed([town(A, level=5)])
    feed = await towns.changes("since=1.1")
    assert [line["op"] for line in feed] == ["delete", "upsert"]
    assert feed[0]["id"] != feed[1]["id"]


async def test_pages_keep_the_target_they_began_with(catalog: Catalog):
    towns = await dataset(catalog)
    await towns.pushed([town(f"{n:09}") for n in range(5)])
    await towns.pushed([{"code": "000000004"}], "delete")
    response = await towns.read("changes", "since=1.1&limit=1")
    assert response.headers["zhengshu-version"] == "1.2"
    await towns.pushed([town(f"{n:09}", level=9) for n in range(4)])
    response = await towns.read("changes", "since=1.0&until=1.1&limit=2")
    seen = []
    while True:
        assert response.headers["zhengshu-version"] == "1.1"
        seen += [json.loads(line) for line in response.text.splitlines()]
        if "next" not in response.links:
            break
        response = await towns.read(response.links["next"]["url"])
    assert [line["row"]["code"] for line in seen] == [f"{n:09}" for n in range(5)]
    assert {line["row"]["level"] for line in seen} == {4}


async def test_versions_that_cannot_be_had_are_refused(catalog: Catalog):
    towns = await dataset(catalog)
    await towns.pushed([town(A)])
    for query, status in (
        ("", 422), ("since=1", 422), ("since=x.1", 422), ("since=1.2", 422), ("since=1.1&until=1.0", 422),
        ("since=2.0", 410), ("since=1.0&until=2.0", 410), ("since=1.0&limit=0", 422),
        ("since=1.0&limit=x", 422), ("cursor=abc", 410),
    ):  # fmt: skip
        assert (await towns.read("changes", query)).status_code == status, query
    gone = (await towns.read("changes", "since=2.0")).json()
    assert gone["type"] == "/problems/version-gone"
    assert "exports" in gone["next"]


async def test_a_cursor_is_of_one_view_and_one_dataset(catalog: Catalog):
    towns = await dataset(catalog)
    await towns.pushed([town(A), town(B)])
    url = (await towns.read("changes", "since=1.0&limit=1")).links["next"]["url"]
    narrower = View(columns=("code",), key=("code",))
    assert (await towns.read(url)).status_code == 200
    assert (await towns.read(url, view=narrower)).status_code == 410
    assert (await towns.read(url[:-2] + "xx")).status_code == 410


@pytest.mark.parametrize("query", ["since=1.0", "since=1.0&limit=5"])
async def test_changes_that_are_known_are_not_made_again(catalog: Catalog, query: str):
    made = await dataset(catalog)
    await made.pushed([town("350123001")])
    tag = (await made.read("changes", query)).headers["etag"]
    again = await made.read("changes", query, If_None_Match=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert (await made.read("changes", f"{query}&until=1.1", If_None_Match=tag)).status_code == 200
    await made.pushed([town("350123002")])
    assert (await made.read("changes", query, If_None_Match=tag)).status_code == 200
