"""From a registered opening to published files: once per version, scanned, atomic, never lost."""

import hashlib
import json
from pathlib import Path

import httpx
import pytest
from opening.world import (
    AUTHORIZED,
    CLOSED,
    GATEWAY,
    GENERAL,
    ITEMS,
    SCHOOLS,
    Export,
    World,
    item,
    published,
    registered,
    updated,
)
from zhengshu_contracts.catalog import EntryRetired

ROWS = [
    {"code": "3101", "name": "示例第一小学", "head_phone": "13800138000"},
    {"code": "3102", "name": "示例,“第二”小学\u2028分校", "head_phone": None},
]


def stored(world: World) -> list[str]:
    store = world.resources.settings.store_url.removeprefix("file://")
    return sorted(str(p.relative_to(store)) for p in Path(store).rglob("*") if p.is_file())


async def test_a_listed_dataset_has_files_with_digests(world: World):
    route = world.exports(SCHOOLS, Export(ROWS))
    await world.listed()
    shown = (await world.search())["datasets"][0]
    assert (shown["state"], shown["version"], shown["rows"]) == ("listed", "1.1", 2)
    csv, as_json = await world.download(), await world.download(kind="json")
    assert csv.content.startswith(b"\xef\xbb\xbf")
    assert csv.content.decode("utf-8-sig").split("\r\n")[:2] == [
        "学校代码,学校名称",
        "3101,示例第一小学",
    ]
    assert json.loads(as_json.content) == [
        {name: row[name] for name in ("code", "name")} for row in ROWS
    ]
    digests = {file["format"]: file["digest"] for file in shown["files"]}
    assert digests["csv"] == hashlib.sha256(csv.content).hexdigest()
    assert digests["json"] == hashlib.sha256(as_json.content).hexdigest()
    announced = await world.last("snapshot.published.v1")
    assert announced["digests"] == digests
    assert announced["rows"] == 2
    assert (await world.last(f"opening.dataset.{SCHOOLS}"))["state"] == "listed"
    assert route.call_count == 1
    assert route.calls[0].request.headers["authorization"] == "Bearer token"


async def test_policy_says_building_before_anything_is_read(world: World):
    await world.feed(published(), registered(), updated())
    await world.register_opening()
    record = await world.last(f"opening.dataset.{SCHOOLS}")
    assert record["state"] == "building"
    assert record["opening"] == "general"
    assert record["items"] == ["code", "name"]
    assert (await world.search())["total"] == 0
    assert (await world.download()).status_code == 404


async def test_versions_coalesce_and_each_is_pulled_once(world: World):
    export = Export(ROWS)
    route = world.exports(SCHOOLS, export)
    await world.listed()
    export.version = "1.4"
    await world.feed(updated(version=2), updated(version=3), updated(version=4))
    await world.feed(updated(version=3))
    await world.work()
    await world.work()
    assert route.call_count == 2
    assert (await world.search())["datasets"][0]["version"] == "1.4"
    assert await world.rows("SELECT * FROM builds") == []


async def test_an_older_answer_is_served_but_the_newest_is_still_owed(world: World):
    export = Export(ROWS)
    world.exports(SCHOOLS, export)
    await world.listed()
    export.version = "1.2"
    await world.feed(updated(version=3))
    await world.work()
    assert (await world.search())["datasets"][0]["version"] == "1.2"
    export.version = "1.3"
    await world.hurry()
    await world.work()
    assert (await world.search())["datasets"][0]["version"] == "1.3"


@pytest.mark.parametrize(
    "broken",
    [
        Export([], status=403),
        Export(ROWS, headers={"Zhengshu-Rows": "3"}),
        Export([{"code": "3101"}]),
        Export(ROWS, version="soon"),
    ],
    ids=["refused", "cut short", "item missing", "no version"],
)
async def test_a_failed_pull_leaves_nothing_and_comes_again(world: World, broken: Export):
    route = world.exports(SCHOOLS, broken)
    await world.listed()
    assert (await world.search())["total"] == 0
    assert stored(world) == []
    (owed,) = await world.rows("SELECT attempts, error, due_at > now() AS later FROM builds")
    assert (owed["attempts"], owed["later"]) == (1, True)
    assert "13800138000" not in owed["error"]
    route.mock(side_effect=Export(ROWS).answer)
    await world.hurry()
    await world.work()
    assert (await world.search())["total"] == 1


async def test_a_gateway_that_is_away_is_asked_again(world: World):
    url = f"{GATEWAY}/v1/datasets/{SCHOOLS}/exports"
    route = world.gateway.get(url).mock(side_effect=httpx.ConnectError("away"))
    await world.listed()
    (owed,) = await world.rows("SELECT attempts FROM builds")
    assert owed["attempts"] == 1
    route.mock(side_effect=Export(ROWS).answer)
    await world.hurry()
    await world.work()
    assert (await world.search())["total"] == 1


async def test_personal_information_stops_the_listing_without_telling_a_value(world: World):
    rows = [
        {"code": "1", "name": "联系人 13800138000"},
        {"code": "2", "name": "350123199001010015"},
    ]
    export = Export(rows)
    route = world.exports(SCHOOLS, export)
    await world.feed(published(), registered(), updated())
    proposal = await world.register_opening()
    await world.work()
    await world.work()
    assert route.call_count == 1
    assert stored(world) == []
    assert (await world.search())["total"] == 0
    (listing,) = await world.rows("SELECT state, reason FROM listings")
    assert listing["state"] == "building"
    assert "学校名称”(name)疑似手机号码 1 处" in listing["reason"]
    everything = json.dumps(await world.told(), ensure_ascii=False) + listing["reason"]
    assert "13800138000" not in everything
    assert proposal in everything
    export.rows, export.version = ROWS, "1.2"
    await world.feed(updated(version=2))
    await world.work()
    assert (await world.search())["total"] == 1


async def test_two_snapshots_are_kept(world: World):
    export = Export(ROWS)
    world.exports(SCHOOLS, export)
    await world.listed()
    for version in (2, 3):
        export.version = f"1.{version}"
        await world.feed(updated(version=version))
        await world.work()
    kept = {path.split("/")[2].split("-")[0] for path in stored(world)}
    assert kept == {"1.2", "1.3"}


async def test_a_withdrawn_service_registration_takes_the_listing_down(world: World):
    world.exports(SCHOOLS, Export(ROWS))
    await world.listed()
    await world.feed(registered(state="withdrawn"))
    assert (await world.last("listing.withdrawn.v1"))["dataset"] == SCHOOLS
    assert (await world.last(f"opening.dataset.{SCHOOLS}"))["state"] == "withdrawn"
    assert (await world.download()).status_code == 404
    await world.work()
    assert stored(world) == []
    told = len(await world.told())
    await world.feed(registered(state="withdrawn"))
    assert len(await world.told()) == told


async def test_a_retired_entry_takes_the_listing_down(world: World):
    world.exports(SCHOOLS, Export(ROWS))
    await world.listed()
    await world.feed(EntryRetired(entry=SCHOOLS, provider="x"), updated(version=2))
    await world.work()
    assert (await world.search())["total"] == 0
    assert (await world.propose()).json()["type"] == "/problems/dataset-unknown"


async def test_an_item_that_is_closed_leaves_at_once(world: World):
    export = Export(ROWS)
    route = world.exports(SCHOOLS, export)
    await world.listed()
    closed = (ITEMS[0], item("name", "学校名称", CLOSED), ITEMS[2])
    await world.feed(published(revision=2, items=closed))
    assert (await world.download()).status_code == 404
    assert (await world.last(f"opening.dataset.{SCHOOLS}"))["items"] == ["code"]
    await world.work()
    assert route.call_count == 2
    assert (await world.download()).content.decode("utf-8-sig").splitlines()[0] == "学校代码"


async def test_an_item_opened_later_waits_for_a_proposal_and_a_stricter_class_counts(world: World):
    world.exports(SCHOOLS, Export(ROWS))
    await world.listed()
    stricter = (item("code", "学校代码", AUTHORIZED), ITEMS[1], item("head_phone", "电话", GENERAL))
    await world.feed(published(revision=2, items=stricter))
    record = await world.last(f"opening.dataset.{SCHOOLS}")
    assert (record["items"], record["opening"]) == (["code", "name"], "authorized")
    assert (await world.download()).json()["type"] == "/problems/authorization-required"


async def test_a_revision_heard_twice_or_late_changes_nothing(world: World):
    world.exports(SCHOOLS, Export(ROWS))
    await world.listed()
    await world.feed(published(revision=3, title="学校名录(新)"))
    await world.feed(published(revision=2, title="旧"))
    assert (await world.search())["datasets"][0]["title"] == "学校名录(新)"
