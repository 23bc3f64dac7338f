"""A new revision widens the dataset's table, or says exactly why it cannot."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from catalog.aggregation_harness import TOWNS, Dataset, dataset, town
from catalog.harness import Catalog
from catalog.samples import content, item, officer, reviewer
from zhengshu_catalog.aggregation.restoring import epoch_of, new_epochs
from zhengshu_contracts.catalog import Item
from zhengshu_contracts.identity import View
from zhengshu_contracts.policy import version_key
from zhengshu_contracts.vocabulary import ItemType

A, B = "350123001", "350123002"


async def revise(made: Dataset, items: list[Item]) -> Any:
    """Compile and review the next revision; return the answer to the review."""
    catalog = made.catalog
    body = content(items=items)
    await catalog.done("PUT", f"/v1/entries/{made.id}", body, by=officer())
    await catalog.done("POST", f"/v1/entries/{made.id}/submission", by=officer())
    agreed = {"outcome": "agree", "opinion": "同意发布", "grants_seen": 0}
    return await catalog.send("POST", f"/v1/entries/{made.id}/review", agreed, by=reviewer())


@pytest.fixture
async def towns(catalog: Catalog) -> Dataset:
    return await dataset(catalog)


def changed(name: str, **more: Any) -> list[Item]:
    return [one.model_copy(update=more) if one.name == name else one for one in TOWNS]


async def test_an_added_item_begins_a_new_epoch(towns: Dataset):
    await towns.pushed([town(A)])
    added = item("people", title="人口", type=ItemType.INTEGER)
    assert (await revise(towns, [*TOWNS, added])).is_success
    assert [event["epoch"] for event in await towns.events()] == [1, 2]
    assert (await towns.read("changes", "since=1.0")).status_code == 410
    towns.items = (*TOWNS, added)
    row = (await towns.rows())[0]
    assert (row["code"], row["people"]) == (A, None)
    outcome = await towns.pushed([town(A, people=5)])
    assert (outcome["updated"], outcome["version"]) == (1, "2.2")
    (line,) = await towns.changes("since=2.1")
    assert line["row"]["people"] == 5
    assert [line["op"] for line in await towns.changes("since=2.0&until=2.1")] == ["upsert"]


async def test_after_a_restore_every_dataset_begins_a_new_epoch(
    towns: Dataset, capsys: pytest.CaptureFixture[str]
):
    other = await dataset(towns.catalog, [item("a")])
    await towns.pushed([town(f"{n:09}") for n in range(3)])
    page = (await towns.read("rows", "limit=1")).headers["link"].split(">")[0].lstrip("<")
    changes = (await towns.read("changes", "since=1.0&limit=1")).headers["link"]
    assert await new_epochs(towns.catalog.settings, []) == 0
    assert "2 个数据集" in capsys.readouterr().out
    epoch = epoch_of(datetime.now(UTC))
    row = await towns.catalog.database.fetchrow("SELECT * FROM datasets WHERE id = $1", towns.id)
    assert epoch - 1 <= row["epoch"] <= epoch
    assert (row["version"], row["acknowledged"]) == (1, 0)
    assert (await towns.read("changes", "since=1.0")).status_code == 410
    for place in (page, changes.split(">")[0].lstrip("<")):
        assert (await towns.read(place)).status_code == 410
    assert len(await towns.rows()) == 3
    told = (await towns.events())[-1]
    assert told == {
        "audience": "departments", "dataset": towns.id, "epoch": row["epoch"], "version": 1, "rows": 3,
    }  # fmt: skip
    _, kept = (await towns.catalog.announced(f"$KV.%{version_key(other.id)}"))[-1]
    assert (kept["epoch"] >= epoch - 1, kept["version"]) == (True, 0)


async def test_one_backup_restored_twice_gives_no_epoch_twice(towns: Dataset):
    await towns.pushed([town(A)])
    now = datetime.now(UTC)
    given = []
    for moment in (now, now + timedelta(minutes=1)):
        await towns.catalog.database.execute("UPDATE datasets SET epoch = 1")
        given.append(epoch_of(moment))
    assert given[0] < given[1] < 10**9
    await new_epochs(towns.catalog.settings, [])
    await new_epochs(towns.catalog.settings, [])
    epoch = await towns.catalog.database.fetchval("SELECT epoch FROM datasets")
    assert epoch > given[0]


async def test_an_old_view_still_reads_after_a_revision(towns: Dataset):
    await towns.pushed([town(A)])
    view = View(columns=("code", "name"), key=("code",))
    await towns.rows(view=view)
    await revise(towns, [item("people", title="人口"), *TOWNS])
    assert await towns.rows(view=view) == [{"code": A, "name": f"示例镇{A}"}]
    wider = View(columns=("code", "people"), key=("code",))
    assert await towns.rows(view=wider) == [{"code": A, "people": None}]


async def test_what_touches_no_column_keeps_the_epoch(towns: Dataset):
    await towns.pushed([town(A)])
    longer = changed("name", length=40, title="镇名", nullable=True)
    assert (await revise(towns, longer)).is_success
    outcome = await towns.pushed([town(A, name="名" * 40), town(B, name=None)])
    assert outcome["version"] == "1.2"


async def test_before_the_first_row_anything_can_change(towns: Dataset):
    assert (await revise(towns, [item("other", key=True, nullable=False)])).is_success
    towns.items = (item("other", key=True, nullable=False),)
    assert (await towns.pushed([{"other": "1"}]))["version"] == "1.1"


REASONS = [
    ([one for one in TOWNS if one.name != "area"], "不能去掉已有数据的信息项 area"),
    (changed("level", type=ItemType.DATE), "level 的类型不能由整型改为日期型"),
    (changed("level", nullable=False), "level 不能改为必填:已有 1 行"),
    (changed("name", key=True), "主键项不能由(code)改为(code、name)"),
    ([*TOWNS, item("people", title="人口", nullable=False)], "新增信息项 people 须可为空"),
    (changed("name", pattern="(?P<year>x)"), "name 的格式(正则表达式)无法用于校验"),
]


@pytest.mark.parametrize(("items", "reason"), REASONS, ids=[reason for _, reason in REASONS])
async def test_what_cannot_be_says_why(towns: Dataset, items: list[Item], reason: str):
    await towns.pushed([town(A), town(B, level=None)])
    response = await revise(towns, items)
    if response.status_code == 200:
        pytest.fail("the revision was published")
    assert reason in response.json()["detail"]
    assert len(await towns.rows()) == 2
    assert (await towns.pushed([town(A, level=7)]))["version"] == "1.2"


async def test_a_batch_on_its_way_when_a_revision_appears_is_refused(towns: Dataset):
    import json

    import httpx
    from catalog.harness import identity
    from catalog.samples import system
    from zhengshu_contracts.roles import Action

    rows = json.dumps([town(A)]).encode()

    async def slowly():
        yield rows[:10]
        await revise(towns, [*TOWNS, item("people", title="人口")])
        yield rows[10:]

    response = await towns.catalog.http.post(
        f"/v1/datasets/{towns.id}/batches?mode=upsert",
        content=slowly(),
        headers=identity(system(), Action.DATASET_PUSH, dataset=towns.id)
        | {"Content-Type": "application/json"},
        timeout=httpx.Timeout(20),
    )
    assert (response.status_code, response.json()["type"]) == (409, "/problems/revision-moved")
    assert await towns.stored() == []
