"""A push becomes a version: rows, event, receipt, all or nothing."""

import asyncio
import gzip
import json

import pytest
from catalog.aggregation_harness import TOWNS, Dataset, dataset, town
from catalog.harness import RECEIPTS, Catalog
from catalog.samples import CIVIL, EDUCATION, item, officer, system
from zhengshu_contracts.vocabulary import Role, SharingClass
from zhengshu_verify import keys, receipt

A, B, C = "350123001", "350123002", "350123003"
CSV = (
    "code,名称,level,area,founded,seen_at,urban\n"
    f"{A},示例镇甲,4,12.50,1984-01-31,2026-01-01 08:00:00,true\r\n"
    f'{B},"示例,镇""乙""",,,,2026-01-01T00:00:00Z,否\n'
)


@pytest.fixture
async def towns(catalog: Catalog) -> Dataset:
    return await dataset(catalog)


class TestModes:
    async def test_append_numbers_the_first_version(self, towns: Dataset):
        outcome = await towns.pushed([town(A), town(B, level=None)], "append")
        assert outcome["version"] == "1.1"
        assert (outcome["received"], outcome["inserted"], outcome["refused"]) == (2, 2, 0)
        assert [row["level"] for row in await towns.rows()] == [4, None]

    async def test_append_refuses_a_key_that_is_there(self, towns: Dataset):
        await towns.pushed([town(A)], "append")
        problem = await towns.refused([town(B), town(A), town(B)], "append")
        assert problem["type"] == "/problems/batch-rows-refused"
        assert [(p["row"], p["code"]) for p in problem["problems"]] == [
            (2, "key-exists"),
            (3, "duplicate-key"),
        ]
        assert len(await towns.rows()) == 1

    async def test_upsert_inserts_updates_and_leaves_alone(self, towns: Dataset):
        await towns.pushed([town(A), town(B)])
        outcome = await towns.pushed([town(A), town(B, level=5), town(C)])
        assert (outcome["inserted"], outcome["updated"], outcome["unchanged"]) == (1, 1, 1)
        assert outcome["version"] == "1.2"
        changed = [row["_changed"] for row in await towns.stored()]
        assert changed == [1, 2, 2]

    async def test_what_changes_nothing_takes_no_version(self, towns: Dataset):
        await towns.pushed([town(A)])
        response = await towns.push([town(A, area="12.50")])
        assert response.status_code == 200
        outcome = await towns.pushed([town(A)], "replace")
        assert (outcome["version"], outcome["unchanged"]) == (None, 1)
        assert len(await towns.events()) == 1

    async def test_upsert_refuses_a_key_twice_in_one_batch(self, towns: Dataset):
        problem = await towns.refused([town(A), town(B), town(A, level=5)])
        (told,) = problem["problems"]
        assert (told["row"], told["code"]) == (3, "duplicate-key")
        assert "第 1 行" in told["message"]
        lenient = await towns.pushed(
            [town(A), town(B), town(A, level=5)], Prefer="handling=lenient"
        )
        assert (lenient["inserted"], lenient["refused"]) == (2, 1)
        assert [row["level"] for row in await towns.rows()] == [4, 4]

    async def test_replace_removes_what_is_not_in_it(self, towns: Dataset):
        await towns.pushed([town(A), town(B)])
        outcome = await towns.pushed([town(B, level=5), town(C)], "replace")
        assert (outcome["inserted"], outcome["updated"], outcome["deleted"]) == (1, 1, 1)
        assert [row["code"] for row in await towns.rows("order=code")] == [B, C]

    async def test_delete_takes_keys_alone(self, towns: Dataset):
        await towns.pushed([town(A), town(B), town(C)])
        outcome = await towns.pushed([{"code": A}, {"code": "350123009"}], "delete")
        assert (outcome["deleted"], outcome["unchanged"]) == (1, 1)
        outcome = await towns.pushed(f"code\n{B}\n".encode(), "delete", kind="text/csv")
        assert (outcome["deleted"], outcome["version"]) == (1, "1.3")
        assert [row["code"] for row in await towns.rows()] == [C]

    async def test_a_deleted_key_comes_back_as_another_row(self, towns: Dataset):
        await towns.pushed([town(A)])
        first = (await towns.stored())[0]["_id"]
        await towns.pushed([{"code": A}], "delete")
        await towns.pushed([town(A)])
        assert (await towns.stored())[0]["_id"] > first


class TestWithoutKey:
    @pytest.fixture
    async def notes(self, catalog: Catalog) -> Dataset:
        return await dataset(catalog, [item("a"), item("b")])

    async def test_append_and_replace_alone(self, notes: Dataset):
        for mode in ("upsert", "delete"):
            assert (await notes.refused([{"a": "1"}], mode))["type"].endswith("has-no-key")

    async def test_replace_pairs_equal_rows(self, notes: Dataset):
        await notes.pushed([{"a": "1"}, {"a": "1"}, {"a": "2", "b": ""}], "append")
        outcome = await notes.pushed([{"a": "2", "b": ""}, {"a": "1"}, {"a": "3"}], "replace")
        assert (outcome["inserted"], outcome["deleted"], outcome["unchanged"]) == (1, 1, 2)
        rows = await notes.rows()
        assert [row["a"] for row in rows] == ["1", "2", "3"]
        assert {len(row["_id"]) for row in rows} == {32}


class TestFormats:
    async def test_csv(self, towns: Dataset):
        outcome = await towns.pushed(CSV.encode(), kind="text/csv")
        assert outcome["encoding"] == "UTF-8"
        first, second = await towns.rows("order=code")
        assert first == {
            "code": A, "name": "示例镇甲", "level": 4, "area": 12.50, "founded": "1984-01-31",
            "seen_at": "2026-01-01T00:00:00+00:00", "urban": True,
        }  # fmt: skip
        assert (second["name"], second["level"], second["urban"]) == ('示例,镇"乙"', None, False)

    @pytest.mark.parametrize(
        ("codec", "kind", "told"),
        [
            ("utf-8-sig", "text/csv", "UTF-8"),
            ("gb18030", "text/csv", "GB18030"),
            ("gb18030", "text/csv; charset=GBK", "GB18030"),
        ],
    )
    async def test_encodings_are_told(self, towns: Dataset, codec, kind, told):
        outcome = await towns.pushed(CSV.encode(codec), kind=kind)
        assert outcome["encoding"] == told
        assert (await towns.rows("order=code"))[1]["name"] == '示例,镇"乙"'

    async def test_gzip_declared_or_not(self, towns: Dataset):
        zipped = gzip.compress(CSV.encode())
        await towns.pushed(zipped, kind="text/csv", Content_Encoding="gzip")
        outcome = await towns.pushed(zipped + gzip.compress(b""), kind="text/csv")
        assert outcome["unchanged"] == 2

    async def test_lines(self, towns: Dataset):
        body = "\n".join(json.dumps(town(code)) for code in (A, B, C)) + "\n\n"
        outcome = await towns.pushed(body.encode(), kind="application/x-ndjson")
        assert outcome["inserted"] == 3

    async def test_json_keeps_digits_and_text(self, towns: Dataset):
        tab = town(A, name='甲\t\\N\n"乙":', area="12345678.90")
        body = json.dumps([tab, town(B)]).replace("12.5", "12345678.10")
        await towns.pushed(body.encode())
        rows = await towns.rows()
        assert rows[0]["name"] == '甲\t\\N\n"乙":'
        assert [row["area"] for row in rows] == [12345678.90, 12345678.10]

    async def test_large_bodies_stream(self, towns: Dataset):
        rows = [town(f"{n:09}", name=f'镇"{n}"' if n % 7 == 0 else f"镇{n}") for n in range(20_000)]
        outcome = await towns.pushed(json.dumps(rows).encode(), "append")
        assert outcome["inserted"] == 20_000
        text = "code,name,level,area,founded,seen_at,urban\n" + "".join(
            f'{row["code"]},"{row["name"].replace(chr(34), chr(34) * 2)}",5,12.5,,,\n'
            if n % 5 == 0
            else f"{row['code']},镇{n},5,12.5,,,\n"
            for n, row in enumerate(rows)
        )
        outcome = await towns.pushed(text.encode(), kind="text/csv")
        assert (outcome["received"], outcome["updated"]) == (20_000, 20_000)

    async def test_pretty_json_and_rows_in_any_shape(self, towns: Dataset):
        rows = [town(A), {"name": "示例镇", "code": B}, dict(reversed(town(C).items()))]
        outcome = await towns.pushed(json.dumps(rows, indent=2).encode())
        assert outcome["inserted"] == 3

    async def test_an_empty_array_is_no_batch_of_rows(self, towns: Dataset):
        outcome = await towns.pushed([], "append")
        assert (outcome["received"], outcome["version"]) == (0, None)


class TestAnnouncing:
    async def test_event_key_and_batch_tell_the_same(self, towns: Dataset):
        outcome = await towns.pushed([town(A)])
        (event,) = await towns.events()
        assert (event["epoch"], event["version"], event["rows"]) == (1, 1, 1)
        assert (event["batch"], event["digest"]) == (outcome["id"], outcome["digest"])
        key = await towns.catalog.announced(f"$KV.policy.catalog.version.{towns.id}")
        assert [value["version"] for _, value in key] == [0, 1]

    async def test_the_audience_follows_the_classes(self, catalog: Catalog):
        from catalog.samples import CITATION, CONDITION

        conditional = item("a", sharing=SharingClass.CONDITIONAL, condition=CONDITION)
        withheld = item("b", sharing=SharingClass.WITHHELD, citation=CITATION)
        for items, audience in (([conditional, withheld], "granted"), ([withheld], "withheld")):
            made = await dataset(catalog, items)
            await made.pushed([{items[0].name: "1"}], "append")
            assert (await made.events())[0]["audience"] == audience

    async def test_the_receipt_verifies_offline(self, towns: Dataset):
        outcome = await towns.pushed([town(A)])
        told = receipt.verify(outcome["receipt"], keys.jwk_set([RECEIPTS.public_key()]))
        assert (told["batch"], told["version"], told["inserted"]) == (outcome["id"], "1.1", 1)
        assert (told["system"], told["digest"]) == ("sys-civil", outcome["digest"])

    async def test_a_trial_leaves_nothing(self, towns: Dataset):
        outcome = await towns.pushed([town(A)], query="&dry_run=true")
        assert (outcome["dry_run"], outcome["inserted"], outcome["receipt"]) == (True, 1, None)
        assert await towns.stored() == []
        assert await towns.events() == []


class TestRepeating:
    async def test_a_key_gives_the_same_answer_once(self, towns: Dataset):
        first = await towns.push([town(A)], Idempotency_Key="k1")
        again = await towns.push([town(A)], Idempotency_Key="k1")
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        assert again.headers["idempotency-replayed"] == "true"
        assert len(await towns.events()) == 1

    async def test_a_key_for_another_body_is_refused(self, towns: Dataset):
        await towns.push([town(A)], Idempotency_Key="k1")
        problem = await towns.refused([town(B)], Idempotency_Key="k1")
        assert problem["type"] == "/problems/idempotency-key-reused"

    async def test_without_a_key_only_the_latest_batch_again(self, towns: Dataset):
        first = await towns.pushed([town(A)], "replace")
        assert await towns.pushed([town(A)], "replace") == first
        await towns.pushed([town(B)], "replace")
        back = await towns.pushed([town(A)], "replace")
        assert back["version"] == "1.3"
        assert back["id"] != first["id"]

    async def test_with_a_key_an_equal_body_is_meant_anew(self, catalog: Catalog):
        notes = await dataset(catalog, [item("a")])
        for key in ("k1", "k2"):
            await notes.pushed([{"a": "1"}], "append", Idempotency_Key=key)
        assert len(await notes.rows()) == 2

    async def test_pushes_at_once_get_contiguous_versions(self, towns: Dataset):
        done = await asyncio.gather(
            *(towns.pushed([town(f"{n:09}"), town(A, level=n)]) for n in range(8))
        )
        assert sorted(one["version"] for one in done) == [f"1.{n}" for n in range(1, 9)]
        assert [event["version"] for event in await towns.events()] == list(range(1, 9))

    async def test_one_key_at_once_has_one_effect(self, towns: Dataset):
        done = await asyncio.gather(
            *(towns.push([town(A)], Idempotency_Key="k1") for _ in range(4))
        )
        assert {one.status_code for one in done} <= {201, 409}
        assert len(await towns.events()) == 1


class TestWhoPushes:
    async def test_only_the_provider(self, towns: Dataset):
        stranger = system(EDUCATION, "sys-education")
        problem = await towns.refused([town(A)], by=stranger)
        assert (problem["type"], problem["status"]) == ("/problems/client-locked", 403)
        await towns.catalog.database.execute(
            "INSERT INTO clients SELECT 'sys-education', kind, $1, roles, name, description, digest,"
            " locked, opening, registered_at FROM clients WHERE id = 'sys-civil'",
            EDUCATION,
        )
        problem = await towns.refused([town(A)], by=stranger)
        assert problem["type"] == "/problems/not-provider"

    async def test_a_data_officer_of_the_provider_uploads_and_is_recorded(self, towns: Dataset):
        uploader = officer(CIVIL, client="off-uploader")
        assert (await towns.refused([town(A)], by=uploader))["type"] == "/problems/client-locked"
        await towns.catalog.database.execute(
            "INSERT INTO clients SELECT 'off-uploader', 'officer', $1, ARRAY['data_officer'], name,"
            " description, digest, locked, opening, registered_at FROM clients"
            " WHERE id = 'sys-civil'",
            CIVIL,
        )
        batch = await towns.pushed([town(A)], by=uploader)
        assert batch["by"] == "off-uploader"
        signed = receipt.verify(batch["receipt"], keys.jwk_set([RECEIPTS.public_key()]))
        assert signed["system"] == "off-uploader"
        reader = officer(CIVIL, Role.OFFICE_HEAD, client="off-uploader")
        assert (await towns.push([town(B)], by=reader)).status_code == 403

    async def test_a_lock_counts_although_the_gateway_has_not_heard_of_it(self, towns: Dataset):
        await towns.catalog.database.execute("UPDATE clients SET locked = true")
        assert (await towns.refused([town(A)]))["type"] == "/problems/client-locked"
        assert await towns.stored() == []

    async def test_a_dataset_that_is_not_there(self, towns: Dataset):
        towns.id = "307350123001-000099"
        assert (await towns.refused([town(A)]))["status"] == 404


def test_the_sample_covers_every_kind_of_column():
    assert len({one.type for one in TOWNS}) == 6
