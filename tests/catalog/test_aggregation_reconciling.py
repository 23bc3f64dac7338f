"""Counts and digests are compared at the version the platform has acknowledged."""

import hashlib
import json

from catalog.aggregation_harness import TOWNS, Dataset, dataset, town
from catalog.harness import Catalog, identity
from catalog.samples import AT, CITATION, item, officer
from catalog.test_aggregation_uploads import acknowledge, register
from zhengshu_catalog.aggregation.reconciling import count_waiting
from zhengshu_contracts.identity import View
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import SharingClass

A, B, C = "350123001", "350123002", "350123003"
HIDDEN = item("hidden", sharing=SharingClass.WITHHELD, citation=CITATION)


async def ask(made: Dataset):
    token = identity(officer(), Action.DATASET_RECONCILE)
    return await made.catalog.http.post(f"/v1/datasets/{made.id}/reconciliations", headers=token)


async def listed(made: Dataset) -> list[dict]:
    token = identity(officer(), Action.BATCH_READ)
    found = await made.catalog.http.get(f"/v1/datasets/{made.id}/reconciliations", headers=token)
    return found.json()["reconciliations"]


async def work(made: Dataset) -> None:
    await count_waiting(made.catalog.http._transport.app.state.resources)


async def filed(made: Dataset) -> tuple[str, dict]:
    row = await made.catalog.database.fetchrow(
        "SELECT id, payload::text FROM dispatches WHERE kind = 'reconciliation' ORDER BY id DESC LIMIT 1"
    )

    return row["id"], json.loads(row["payload"])


async def answered(made: Dataset, ref: str, number: str, **held) -> str:
    answer = {"kind": "reconciliation", "dataset": made.id} | held
    return await made.catalog.call_back(answer, number=number, at=AT, ref=ref)


async def uploaded(catalog: Catalog) -> Dataset:
    made = await dataset(catalog, [*TOWNS, HIDDEN])
    await register(made)
    await made.pushed([town(A, hidden="x"), town(B)])
    await acknowledge(made, 0, 1, number="c-up")
    return made


async def test_the_digest_is_that_of_the_lines_as_uploaded(catalog: Catalog):
    made = await uploaded(catalog)
    assert (await ask(made)).status_code == 202
    await made.pushed([town(B, level=9), town(C)])  # not acknowledged, so not compared
    await work(made)
    ref, filing = await filed(made)
    view = View(columns=tuple(one.name for one in TOWNS))
    response = await made.read("changes", "since=1.0&until=1.1", view=view)
    lines = response.content.splitlines()
    total = sum(int.from_bytes(hashlib.sha256(line).digest()) for line in lines) % (1 << 256)
    assert (filing["rows"], filing["to"], int(filing["digest"], 16)) == (2, 1, total)
    (waiting,) = await listed(made)
    assert (waiting["version"], waiting["outcome"]) == ("1.1", None)
    same = {name: filing[name] for name in ("epoch", "to", "rows", "digest")}
    assert await answered(made, ref, "c-1", **same) == "applied"
    assert (await listed(made))[0]["outcome"] == "agree"
    assert await answered(made, ref, "c-2", **same | {"rows": 9}) == "no-effect"


async def test_what_differs_and_what_moved(catalog: Catalog):
    made = await uploaded(catalog)
    outcomes = {"differ": {"rows": 1}, "moved": {"to": 2}}
    for outcome, change in outcomes.items():
        await ask(made)
        await work(made)
        ref, filing = await filed(made)
        held = {name: filing[name] for name in ("epoch", "to", "rows", "digest")} | change
        assert await answered(made, ref, f"c-{outcome}", **held) == "applied"
        assert (await listed(made))[0]["outcome"] == outcome


async def test_nothing_to_compare_yet(catalog: Catalog):
    made = await dataset(catalog)
    assert (await ask(made)).json()["type"] == "/problems/nothing-acknowledged"
