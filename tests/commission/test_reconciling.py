"""Both halves of a comparison, for real: what the node counts is what the stand-in holds of its uploads."""

import json
from typing import Any

import asyncpg
import pytest
from catalog.aggregation_harness import TOWNS, Dataset, dataset, town
from catalog.harness import ADMINISTRATOR, ORGANIZATIONS, Catalog, open_door
from catalog.harness import settings as catalog_settings
from catalog.samples import AT, CITATION, item
from catalog.test_aggregation_reconciling import ask, filed, listed, work
from catalog.test_aggregation_uploads import acknowledge, register
from commission.cast import DATASET, KEY, County, standing_in
from zhengshu_catalog.main import build
from zhengshu_chassis import signature
from zhengshu_contracts.identity import View
from zhengshu_contracts.vocabulary import SharingClass

A, B, C = "350123001", "350123002", "350123003"
UPLOADED = View(columns=tuple(one.name for one in TOWNS), key=("code",))


@pytest.fixture
async def made(database):
    """A dataset of a catalog that has its own database."""
    mine = await database("catalog")
    connection = await asyncpg.connect(mine.superuser_url)
    given = catalog_settings(mine.url, reader_url=mine.role_url("catalog_reader"))
    app = build(given)
    async with app.router.lifespan_context(app), open_door(app) as http:
        catalog = Catalog(http, connection, given)
        for code, name, kind in ORGANIZATIONS:
            body = {"code": code, "name": name, "kind": kind}
            await catalog.done("POST", "/v1/organizations", body, by=ADMINISTRATOR)
        hidden = item("hidden", sharing=SharingClass.WITHHELD, citation=CITATION)
        yield await dataset(catalog, [*TOWNS, hidden])
    await connection.close()


@pytest.fixture
async def county(database):
    async with standing_in(await database("commission")) as county:
        yield county


async def send_up(made: Dataset, county: County, since: int, to: int) -> None:
    """Upload a range as the gateway does: the very lines of the change feed."""
    lines = await made.read("changes", f"since=1.{since}&until=1.{to}", view=UPLOADED)
    headers = signature.sign(KEY, requester="350123", service="x") | {
        "Content-Type": "application/x-ndjson", "Zhengshu-Dataset": DATASET, "Zhengshu-Epoch": "1",
        "Zhengshu-Since": str(since), "Zhengshu-To": str(to),
    }  # fmt: skip
    path = f"/exchange/v1/upload/u-{to}"
    assert (await county.http.put(path, content=lines.content, headers=headers)).status_code == 202
    await acknowledge(made, since, to, number=f"up-{to}")


async def compared(made: Dataset, county: County, number: str) -> dict[str, Any]:
    """Ask for a comparison and let both sides do their part."""
    assert (await ask(made)).status_code == 202
    await work(made)
    ref, filing = await filed(made)
    assert (await county.put(f"reconciliation/{ref}", filing)).status_code == 202
    (answer,) = await county.answers("reconciliation", ref)
    assert await made.catalog.call_back(answer, number=number, at=AT, ref=ref) == "applied"
    return (await listed(made))[0]


async def test_node_and_platform_agree_after_every_kind_of_change(made: Dataset, county: County):
    assert made.id == DATASET
    await register(made)
    await made.pushed([town(A, hidden="x"), town(B), town(C, name='示例"镇\\n')])
    await send_up(made, county, 0, 1)
    first = await compared(made, county, "c-1")
    assert (first["outcome"], first["rows"], first["held_rows"]) == ("agree", 3, 3)
    assert first["digest"] == first["held_digest"]
    await made.pushed([town(B, level=9, founded="2001-01-31")])
    await made.pushed([{"code": C}], "delete")
    await made.pushed([town(A, hidden="y"), town("350123004")])
    await send_up(made, county, 1, 3)
    await send_up(made, county, 3, 4)
    second = await compared(made, county, "c-2")
    assert (second["outcome"], second["held_rows"], second["held_version"]) == ("agree", 3, "1.4")
    assert second["digest"] == second["held_digest"] != first["digest"]


async def test_a_row_that_was_changed_or_lost_there_is_noticed(made: Dataset, county: County):
    await register(made)
    await made.pushed([town(A), town(B)])
    lines = await made.read("changes", "since=1.0", view=UPLOADED)
    changes = [json.loads(line) for line in lines.text.splitlines()]
    changes[1]["row"]["level"] = 9
    assert (await county.upload("u-1", 0, 1, changes)).status_code == 202
    await acknowledge(made, 0, 1, number="up-1")
    told = await compared(made, county, "c-1")
    assert (told["outcome"], told["rows"], told["held_rows"]) == ("differ", 2, 2)
