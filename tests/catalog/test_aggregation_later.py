"""Pushes that are taken later: answered for at once, taken once, told of until they are done or refused."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from catalog.aggregation_harness import Dataset, dataset, town
from catalog.harness import ADMINISTRATOR, ORGANIZATIONS, Catalog, identity, open_door, settings
from catalog.samples import item, officer, reviewer, system
from httpx import Response
from zhengshu_catalog.aggregation import later
from zhengshu_catalog.main import build
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import OrganizationKind, Role

A, B = "350123001", "350123002"
LATER = {"Prefer": "respond-async"}


@pytest.fixture
async def towns(database, tmp_path: Path) -> AsyncIterator[Dataset]:
    made = await database("catalog")
    connection = await asyncpg.connect(made.superuser_url)
    given = settings(
        made.url, reader_url=made.role_url("catalog_reader"), store_url=f"file://{tmp_path}/store"
    )
    app = build(given)
    async with app.router.lifespan_context(app), open_door(app) as http:
        catalog = Catalog(http, connection, given)
        for code, name, kind in ORGANIZATIONS:
            body = {"code": code, "name": name, "kind": kind}
            await catalog.done("POST", "/v1/organizations", body, by=ADMINISTRATOR)
        made_dataset = await dataset(catalog)
        made_dataset.work = lambda: later.take_waiting(app.state.resources)
        made_dataset.forget = lambda at: later.forget_refused(app.state.resources, at)
        made_dataset.store = tmp_path / "store"
        yield made_dataset
    await connection.close()


async def ask(towns: Dataset, path: str, by=None, **headers: str) -> Response:
    token = identity(by or system(), Action.BATCH_READ)
    return await towns.catalog.http.get(path, headers=token | headers)


def kept(towns: Dataset) -> list[Path]:
    return [path for path in towns.store.rglob("*") if path.is_file()]


async def test_kept_aside_then_taken(towns: Dataset):
    response = await towns.push([town(A), town(B)], **LATER)
    assert response.status_code == 202
    assert response.headers["preference-applied"] == "respond-async"
    place = response.headers["location"]
    waiting = (await ask(towns, place)).json()
    assert (waiting["state"], waiting["read"]) == ("waiting", 0)
    assert len(kept(towns)) == 1
    assert await towns.stored() == []
    await towns.work()
    done = (await ask(towns, place)).json()
    assert (done["state"], done["read"]) == ("done", done["size"])
    assert (done["batch"]["id"], done["batch"]["inserted"], done["batch"]["version"]) == (
        waiting["id"], 2, "1.1",
    )  # fmt: skip
    assert done["batch"]["receipt"]
    assert kept(towns) == []
    assert len(await towns.events()) == 1


async def test_in_the_order_they_came(towns: Dataset):
    for area in (1, 2, 3):
        await towns.push([town(A, area=area)], **LATER)
    await towns.work()
    (row,) = await towns.rows()
    assert row["area"] == 3


async def test_repeated_under_its_key_it_is_kept_once(towns: Dataset):
    once = await towns.push([town(A)], Idempotency_Key="k-1", **LATER)
    twice = await towns.push([town(A)], Idempotency_Key="k-1", **LATER)
    assert once.headers["location"] == twice.headers["location"]
    assert len(kept(towns)) == 1
    other = await towns.refused([town(B)], Idempotency_Key="k-1", **LATER)
    assert other["type"].endswith("idempotency-key-reused")


async def test_what_is_refused_tells_why_and_the_report_downloads(towns: Dataset):
    response = await towns.push([town(A), town(B, level="=1+1")], **LATER)
    await towns.work()
    place = response.headers["location"]
    told = (await ask(towns, place)).json()
    assert told["state"] == "refused"
    assert told["problem"]["type"] == "/problems/batch-rows-refused"
    report = await ask(towns, f"{place}/report")
    header, line = csv.reader(io.StringIO(report.content.decode("utf-8-sig")))
    assert header == ["行号", "信息项", "错误代码", "说明", "值"]
    assert line[:3] == ["2", "level", "not-an-integer"]
    assert line[4] == "'=1+1"
    assert kept(towns) == []
    assert await towns.stored() == []


def lines(report: Response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(report.content.decode("utf-8-sig"))))


class TestReports:
    """Every bad row is in the report, however many there are and whatever became of the batch."""

    ROWS = tuple(town(f"{n:09}", level="=x") for n in range(1200))

    async def test_of_a_batch_refused_while_its_sender_waits(self, towns: Dataset):
        problem = await towns.refused([*self.ROWS, town(A)])
        assert (problem["problem_count"], len(problem["problems"])) == (1200, 1000)
        found = (await ask(towns, f"/v1/batches/{problem['batch']}")).json()
        assert (found["state"], found["problem"]["refused"]) == ("refused", 1200)
        listed = (await ask(towns, f"/v1/datasets/{towns.id}/batches")).json()
        [refused] = listed["untaken"]
        assert (refused["id"], refused["state"]) == (problem["batch"], "refused")
        assert refused["problem"]["problem_count"] == 1200
        assert "problems" not in refused["problem"]
        assert listed["batches"] == []
        header, *told = lines(await ask(towns, problem["report"]))
        assert header == ["行号", "信息项", "错误代码", "说明", "值"]
        assert [int(line[0]) for line in told] == list(range(1, 1201))
        assert set(map(tuple, (line[1:] for line in told))) == {
            ("level", "not-an-integer", "不是整数", "'=x")
        }
        assert await towns.stored() == []

    async def test_of_the_good_rows_of_a_batch(self, towns: Dataset):
        outcome = await towns.pushed([*self.ROWS, town(A)], Prefer="handling=lenient")
        assert (outcome["inserted"], outcome["problem_count"]) == (1, 1200)
        assert len(lines(await ask(towns, f"/v1/batches/{outcome['id']}/report"))) == 1201

    async def test_of_a_trial(self, towns: Dataset):
        problem = await towns.refused(self.ROWS, query="&dry_run=true")
        assert len(lines(await ask(towns, problem["report"]))) == 1201

    async def test_of_a_batch_taken_later(self, towns: Dataset):
        place = (await towns.push(self.ROWS, **LATER)).headers["location"]
        await towns.work()
        assert len(lines(await ask(towns, f"{place}/report"))) == 1201

    async def test_structure_values_and_keys_stand_in_the_order_of_rows(self, towns: Dataset):
        rows = [town(A), town(A), town(B, level="x"), town("350123003") | {"area": {}}]
        problem = await towns.refused(rows, "append")
        assert [p["row"] for p in problem["problems"]] == [3, 4]
        outcome = await towns.pushed(rows, "append", Prefer="handling=lenient")
        told = [(p["row"], p["code"]) for p in outcome["problems"]]
        assert told == [(2, "duplicate-key"), (3, "not-an-integer"), (4, "not-scalar")]

    async def test_is_forgotten_with_the_refused_push(self, towns: Dataset):
        long, short = await towns.refused(self.ROWS), await towns.refused([town(A, level="x")])
        await towns.forget(datetime.now(UTC) + later.KEPT - timedelta(minutes=1))
        assert len(kept(towns)) == 2
        await towns.forget(datetime.now(UTC) + later.KEPT + timedelta(minutes=1))
        assert kept(towns) == []
        for problem in (long, short):
            assert (await ask(towns, problem["report"])).status_code == 404


async def test_a_failure_of_ours_is_tried_again_and_at_last_given_up(towns: Dataset, monkeypatch):
    async def broken(*_args, **_more):
        raise RuntimeError

    response = await towns.push([town(A)], **LATER)
    with monkeypatch.context() as patch:
        patch.setattr(later, "_take_one", broken)
        with pytest.raises(RuntimeError):
            await towns.work()
    await towns.work()
    assert (await ask(towns, response.headers["location"])).json()["state"] == "done"
    response = await towns.push([town(B)], **LATER)
    monkeypatch.setattr(later, "_take_one", broken)
    for _ in range(later.ATTEMPTS - 1):
        with pytest.raises(RuntimeError):
            await towns.work()
    await towns.work()
    assert (await ask(towns, response.headers["location"])).json()["state"] == "refused"


async def test_a_body_that_is_gone_is_told(towns: Dataset):
    response = await towns.push([town(A)], **LATER)
    for path in kept(towns):
        path.unlink()
    await towns.work()
    told = (await ask(towns, response.headers["location"])).json()
    assert told["problem"]["type"] == "/problems/batch-body-missing"


class TestWhoMayAsk:
    async def test_the_provider_and_supervisors(self, towns: Dataset):
        batch = (await towns.pushed([town(A)]))["id"]
        for by in (system(), officer(), reviewer("off-r", Role.COMPETENT_OFFICER)):
            found = await ask(towns, f"/v1/batches/{batch}", by)
            assert found.json()["batch"]["inserted"] == 1
            listed = (await ask(towns, f"/v1/datasets/{towns.id}/batches", by)).json()
            assert [one["id"] for one in listed["batches"]] == [batch]

    async def test_whoever_supervises_sees_no_value(self, towns: Dataset):
        rows = [town(f"{n:09}", level="x17") for n in range(1001)]
        long, short = await towns.refused(rows), await towns.refused([town(A, level="x17")])
        taken = await towns.pushed([town(A), town(B, level="x17")], Prefer="handling=lenient")
        supervisors = [
            reviewer("off-r", role).model_copy(update={"organization_kind": kind})
            for role, kind in (
                (Role.COMPETENT_OFFICER, OrganizationKind.COMPETENT),
                (Role.SUPERVISOR, OrganizationKind.GOVERNMENT),
                (Role.AUDITOR, OrganizationKind.SECURITY_REGULATOR),
            )
        ]
        for batch, many in ((long["batch"], 1001), (short["batch"], 1), (taken["id"], 1)):
            for path in (f"/v1/batches/{batch}", f"/v1/batches/{batch}/report"):
                assert "x17" in (await ask(towns, path, officer())).text
                for by in supervisors:
                    found = await ask(towns, path, by)
                    assert "not-an-integer" in found.text
                    assert "x17" not in found.text
            for by in supervisors:
                report = lines(await ask(towns, f"/v1/batches/{batch}/report", by))
                assert [line[4] for line in report[1:]] == [""] * many

    async def test_supervisors_of_another_department_see_nothing(self, towns: Dataset):
        batch = (await towns.refused([town(A, level="x")]))["batch"]
        for role in (Role.COMPETENT_OFFICER, Role.SUPERVISOR, Role.AUDITOR):
            for kind in (OrganizationKind.DEPARTMENT, OrganizationKind.FINANCE, None):
                by = reviewer("off-x", role).model_copy(
                    update={"organization_kind": kind, "organization": "11350123003615101T"}
                )
                for path in ("", "/report"):
                    assert (await ask(towns, f"/v1/batches/{batch}{path}", by)).status_code == 404

    async def test_to_others_it_is_not_there(self, towns: Dataset):
        batch = (await towns.pushed([town(A)]))["id"]
        stranger = system().model_copy(update={"organization": "11350123003615101T"})
        for path in (f"/v1/batches/{batch}", f"/v1/datasets/{towns.id}/batches", "/v1/batches/b-x"):
            assert (await ask(towns, path, stranger)).status_code == 404


async def test_batches_are_listed_page_by_page(towns: Dataset):
    made = [(await towns.pushed([town(f"{n:09}")]))["id"] for n in range(3)]
    path = f"/v1/datasets/{towns.id}/batches?limit=2"
    first = (await ask(towns, path)).json()
    second = (await ask(towns, f"{path}&cursor={first['next']}")).json()
    assert [one["id"] for one in (*first["batches"], *second["batches"])] == made[::-1]


async def test_without_a_store_it_is_taken_at_once(catalog: Catalog):
    made = await dataset(catalog, [item("a")])
    response = await made.push([{"a": "1"}], "append", **LATER)
    assert (response.status_code, response.json()["inserted"]) == (201, 1)
