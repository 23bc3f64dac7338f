"""Quality is measured of what lies there, shown with the entry, and a lapse is announced once."""

from datetime import UTC, datetime, timedelta

import pytest
from catalog.aggregation_harness import Dataset, dataset, town
from catalog.harness import Catalog, identity
from catalog.samples import item, officer
from zhengshu_catalog.aggregation.quality import measure_all
from zhengshu_contracts.roles import Action

A, B = "350123001", "350123002"


@pytest.fixture
async def towns(catalog: Catalog) -> Dataset:
    return await dataset(catalog)


async def measure(made: Dataset, at: datetime | None = None) -> None:
    await measure_all(made.catalog.http._transport.app.state.resources, at)


async def quality(made: Dataset) -> dict | None:
    return (await made.catalog.done("GET", f"/v1/entries/{made.id}", by=officer())).get("quality")


async def test_shares_of_what_lies_there(towns: Dataset):
    assert await quality(towns) is None
    await towns.pushed(
        [town(A), town(B, founded="2001-01-31", seen_at="2026-01-01 08:00:00", urban=True)]
    )
    await measure(towns)
    told = await quality(towns)
    assert (told["version"], told["rows"]) == ("1.1", 2)
    assert told["completeness"] == pytest.approx(11 / 14)
    assert (told["validity"], told["uniqueness"], told["consistency"]) == (1, 1, 1)
    assert told["timely"] is True
    token = identity(officer(), Action.BATCH_READ)
    shown = await towns.catalog.http.get(f"/v1/datasets/{towns.id}/quality", headers=token)
    assert shown.json()["completeness"] == told["completeness"]


async def test_rows_of_older_rules_and_equal_rows(catalog: Catalog):
    notes = await dataset(catalog, [item("kind"), item("note")])
    rows = [{"kind": "1", "note": "a"}, {"kind": "1", "note": "a"}, {"kind": "9", "note": "b"}]
    await notes.pushed(rows, "append")
    await catalog.database.execute(
        "UPDATE datasets SET items = jsonb_set(items, '{0,codes}', '[\"1\"]'), revision = 2, rows = 4"
    )
    await measure(notes)
    told = await quality(notes)
    assert told["validity"] == pytest.approx(5 / 6)
    assert told["uniqueness"] == pytest.approx(2 / 3)
    assert told["consistency"] == pytest.approx(3 / 4)


async def test_a_lapse_is_announced_once_until_it_is_pushed_again(towns: Dataset):
    async def lapses() -> list:
        return await towns.catalog.announced("zhengshu.catalog.dataset.lapsed.v1")

    await towns.pushed([town(A)])
    await measure(towns)
    assert await lapses() == []
    later = datetime.now(UTC) + timedelta(days=400)
    await measure(towns, later)
    await measure(towns, later)
    ((_, event),) = await lapses()
    assert event["dataset"] == towns.id
    assert event["update_cycle"]
    await towns.catalog.database.execute("UPDATE batches SET at = $1", later)
    await towns.pushed([town(B)])
    await measure(towns, later + timedelta(minutes=2))
    assert len(await lapses()) == 1
    await measure(towns, later + timedelta(days=800))
    assert len(await lapses()) == 2
