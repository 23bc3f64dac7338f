"""Versions go up to the municipal platform in ranges, one at a time, from where it acknowledged."""

from datetime import UTC, datetime
from typing import Any

import pytest
from catalog.aggregation_harness import TOWNS, Dataset, dataset, town
from catalog.harness import Catalog
from catalog.samples import AT, CITATION, item
from catalog.test_aggregation_revisions import revise
from zhengshu_contracts.vocabulary import SharingClass

A, B = "350123001", "350123002"


async def uploads(made: Dataset) -> list[tuple[Any, ...]]:
    rows = await made.catalog.database.fetch(
        "SELECT state, (payload->>'epoch')::int AS epoch, (payload->>'since')::int AS since,"
        " (payload->>'to')::int AS upto FROM dispatches WHERE kind = 'upload' AND subject = $1"
        " ORDER BY id",
        made.id,
    )
    return [tuple(row) for row in rows]


async def latest(made: Dataset) -> str:
    return await made.catalog.database.fetchval(
        "SELECT id FROM dispatches WHERE kind = 'upload' AND subject = $1 ORDER BY id DESC LIMIT 1",
        made.id,
    )


async def register(made: Dataset) -> None:
    answer = {"kind": "entry", "entry": made.id, "municipal_code": "M-1"}
    assert await made.catalog.call_back(answer, number=f"c-{made.id}", at=AT) == "applied"


async def acknowledge(
    made: Dataset, since: int, to: int, *, epoch: int = 1, number: str, ref: str | None = None
) -> str:
    answer = {
        "kind": "acknowledgement", "dataset": made.id, "epoch": epoch, "since": since, "to": to,
        "rows": 1, "digest": "00",
    }  # fmt: skip
    ref = ref or await latest(made)
    return await made.catalog.call_back(answer, number=number, at=datetime.now(UTC), ref=ref)


@pytest.fixture
async def towns(catalog: Catalog) -> Dataset:
    return await dataset(catalog)


async def test_nothing_goes_before_the_platform_knows_the_entry(towns: Dataset):
    await towns.pushed([town(A)])
    assert await uploads(towns) == []
    await register(towns)
    assert await uploads(towns) == [("due", 1, 0, 1)]


async def test_one_range_at_a_time(towns: Dataset):
    await register(towns)
    assert await uploads(towns) == []
    await towns.pushed([town(A)])
    await towns.pushed([town(B)])
    await towns.pushed([town(B, level=5)])
    assert await uploads(towns) == [("due", 1, 0, 1)]
    assert await acknowledge(towns, 0, 1, number="a-1") == "applied"
    assert await uploads(towns) == [("answered", 1, 0, 1), ("due", 1, 1, 3)]
    assert await acknowledge(towns, 1, 3, number="a-2") == "applied"
    assert await uploads(towns) == [("answered", 1, 0, 1), ("answered", 1, 1, 3)]
    told = await towns.catalog.announced("zhengshu.catalog.upload.acknowledged.v1")
    assert [(data["since"], data["to"]) for _, data in told] == [(0, 1), (1, 3)]
    await towns.pushed([town(A, level=6)])
    assert (await uploads(towns))[-1] == ("due", 1, 3, 4)


async def test_late_repeated_and_foreign_acknowledgements_move_nothing(towns: Dataset):
    await register(towns)
    await towns.pushed([town(A)])
    assert await acknowledge(towns, 0, 1, number="a-1") == "applied"
    assert await acknowledge(towns, 0, 1, number="a-1") == "no-effect"
    assert await acknowledge(towns, 0, 1, number="a-2") == "no-effect"
    assert await acknowledge(towns, 0, 9, number="a-3") == "no-effect"
    assert await acknowledge(towns, 0, 1, epoch=2, number="a-4") == "no-effect"
    assert len(await towns.catalog.announced("zhengshu.catalog.upload.%")) == 1


async def test_a_new_epoch_is_sent_whole(towns: Dataset):
    await register(towns)
    await towns.pushed([town(A)])
    first = await latest(towns)
    assert (await revise(towns, [*TOWNS, item("people", title="人口")])).is_success
    assert await uploads(towns) == [("answered", 1, 0, 1), ("due", 2, 0, 1)]
    assert await acknowledge(towns, 0, 1, epoch=1, number="a-1", ref=first) == "no-effect"
    assert await uploads(towns) == [("answered", 1, 0, 1), ("due", 2, 0, 1)]


async def test_a_range_closed_by_an_answer_that_does_not_cover_it_is_sent_again(towns: Dataset):
    await register(towns)
    await towns.pushed([town(A)])
    assert await acknowledge(towns, 0, 1, epoch=7, number="a-1") == "no-effect"
    assert await uploads(towns) == [("answered", 1, 0, 1), ("due", 1, 0, 1)]
    assert await acknowledge(towns, 0, 1, number="a-2") == "applied"


async def test_withheld_data_does_not_go_up(catalog: Catalog):
    secret = await dataset(catalog, [item("a", sharing=SharingClass.WITHHELD, citation=CITATION)])
    await register(secret)
    await secret.pushed([{"a": "1"}], "append")
    assert await uploads(secret) == []
