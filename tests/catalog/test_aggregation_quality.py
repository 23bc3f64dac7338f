"""Quality is measured of what lies there, shown with the entry, and a lapse is announced once."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from catalog.aggregation_harness import Dataset, dataset, town
from catalog.harness import Catalog, identity
from catalog.samples import item, officer
from catalog.test_aggregation_revisions import revise
from httpx import Response
from zhengshu_catalog.aggregation.quality import SELDOM, measure_all
from zhengshu_catalog.aggregation.timeliness import CYCLES
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import UpdateCycle

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


async def shown(made: Dataset, query: str = "") -> Response:
    token = identity(officer(), Action.BATCH_READ)
    return await made.catalog.http.get(f"/v1/datasets/{made.id}/quality{query}", headers=token)


async def test_each_version_keeps_its_own(towns: Dataset):
    await towns.pushed([town(A)])
    await measure(towns)
    await towns.pushed([town(B, founded="2001-01-31", seen_at="2026-01-01 08:00:00", urban=True)])
    await measure(towns)
    assert (await shown(towns)).json()["version"] == "1.1", "measured a moment ago"
    await measure(towns, datetime.now(UTC) + SELDOM + timedelta(seconds=1))
    told = {
        version: (await shown(towns, f"?version={version}")).json() for version in ("1.1", "1.2")
    }
    assert [told[one]["rows"] for one in told] == [1, 2]
    assert told["1.1"]["completeness"] == pytest.approx(4 / 7)
    assert told["1.2"]["completeness"] == pytest.approx(11 / 14)
    assert (await shown(towns)).json() == told["1.2"]
    assert (await shown(towns, "?version=1.3")).json()["type"] == "/problems/quality-not-measured"
    assert (await shown(towns, "?version=x")).json()["type"] == "/problems/version-invalid"


async def test_rows_of_older_rules_and_equal_rows(catalog: Catalog):
    notes = await dataset(catalog, [item("kind"), item("note")])
    rows = [{"kind": "1", "note": "a"}, {"kind": "1", "note": "a"}, {"kind": "9", "note": "b"}]
    await notes.pushed(rows, "append")
    await revise(notes, [item("kind", codes=["1"]), item("note")])
    await measure(notes)
    told = await quality(notes)
    assert told["validity"] == pytest.approx(5 / 6)
    assert told["uniqueness"] == pytest.approx(2 / 3)
    assert told["consistency"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("held", "consistency"),
    [
        ({}, 1),
        ({"digest": "00"}, 0),
        ({"rows": 2}, 0),
        ({"to": 0, "digest": "00"}, 1),
    ],
)
async def test_what_the_platform_holds_counts(towns: Dataset, held: dict, consistency: int):
    await towns.pushed([town(A)])
    ours = {"epoch": 1, "to": 1, "rows": 1, "digest": "11"}
    await towns.catalog.database.execute(
        "INSERT INTO reconciliations (id, dataset, asked_by, asked_at, epoch, version, rows, digest, held,"
        " answered_at) VALUES ('rc-1', $1, 'x', now(), 1, 1, 1, '11', $2, now())",
        towns.id,
        json.dumps(ours | held),
    )
    await measure(towns)
    assert (await quality(towns))["consistency"] == consistency


async def announced(made: Dataset) -> list[str]:
    """Lapses and recoveries, in order."""
    found = await made.catalog.announced("zhengshu.catalog.dataset.%")
    wanted = {"lapsed", "recovered"}
    return [word for subject, _ in found if (word := subject.split(".")[-2]) in wanted]


async def test_a_lapse_is_announced_once_until_it_is_pushed_again(towns: Dataset):
    await towns.pushed([town(A)])
    await measure(towns)
    assert await announced(towns) == []
    later = datetime.now(UTC) + timedelta(days=400)
    await measure(towns, later)
    await measure(towns, later)
    ((_, event),) = await towns.catalog.announced("zhengshu.catalog.dataset.lapsed.v1")
    assert event["dataset"] == towns.id
    assert event["update_cycle"]
    await towns.catalog.database.execute("UPDATE batches SET at = $1", later)
    await towns.pushed([town(B)])
    for _ in range(2):
        await measure(towns, later + timedelta(minutes=2))
        assert await announced(towns) == ["lapsed", "recovered"]
    await measure(towns, later + timedelta(days=800))
    assert await announced(towns) == ["lapsed", "recovered", "lapsed"]


async def test_a_push_in_time_moves_the_due_time_silently(towns: Dataset):
    await towns.pushed([town(A)])
    await measure(towns)
    first = (await shown(towns)).json()["due"]
    await towns.catalog.database.execute("UPDATE batches SET at = at + interval '10 days'")
    assert (await shown(towns)).json()["due"] > first
    await measure(towns, datetime.fromisoformat(first) + timedelta(seconds=1))
    assert await announced(towns) == []


async def test_what_was_never_pushed_to_lapses_from_its_publication(towns: Dataset):
    await measure(towns)
    assert await announced(towns) == []
    await measure(towns, datetime.now(UTC) + timedelta(days=400))
    ((_, event),) = await towns.catalog.announced("zhengshu.catalog.dataset.lapsed.v1")
    published = await towns.catalog.database.fetchval("SELECT published_at FROM entries")
    cycle = CYCLES[UpdateCycle(event["update_cycle"])]
    assert datetime.fromisoformat(event["due"]) == published + cycle


@pytest.mark.parametrize(
    ("cycle", "after", "lapses"),
    [("realtime", timedelta(minutes=59), 0), ("realtime", timedelta(minutes=61), 1),
     ("irregular", timedelta(days=4000), 0)],
)  # fmt: skip
async def test_real_time_lapses_after_a_set_time_and_irregular_never(
    catalog: Catalog, cycle: str, after: timedelta, lapses: int
):
    made = Dataset(catalog, await catalog.published(update_cycle=cycle), ())
    await measure(made, datetime.now(UTC) + after)
    assert len(await announced(made)) == lapses
