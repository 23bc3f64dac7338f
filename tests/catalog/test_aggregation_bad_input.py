"""What is wrong is told precisely, row by row or once for the whole, and nothing of it is stored."""

import gzip
import json

import pytest
from catalog.aggregation_harness import Dataset, dataset, town
from catalog.harness import Catalog
from catalog.samples import item
from zhengshu_contracts.vocabulary import ItemType, Sensitivity

A, B = "350123001", "350123002"
HEADER = "code,name,level,area,founded,seen_at,urban\n"
GOOD = f"{A},示例镇,4,12.5,,,\n"


@pytest.fixture
async def towns(catalog: Catalog) -> Dataset:
    return await dataset(catalog)


VALUES = [
    ("code", "3501230011", "too-long"),
    ("code", None, "required"),
    ("name", None, "required"),
    ("code", "3.5E+17", "scientific"),
    ("level", "4.0", "not-an-integer"),
    ("level", "0x1F", "not-an-integer"),
    ("level", "1_000", "not-an-integer"),
    ("level", " 4", "not-an-integer"),
    ("level", "9223372036854775808", "out-of-range"),
    ("level", "3.5E+17", "scientific"),
    ("level", "四", "not-an-integer"),
    ("level", True, "not-an-integer"),
    ("area", "12.345", "too-precise"),
    ("area", "123456789", "too-large"),
    ("area", "NaN", "not-a-number"),
    ("area", "infinity", "not-a-number"),
    ("area", "0x1F", "not-a-number"),
    ("area", "1e3", "not-a-number"),
    ("area", "1.2E+5", "scientific"),
    ("area", "1,200", "not-a-number"),
    ("area", "", "not-a-number"),
    ("area", "9" * 300, "not-a-number"),
    ("founded", "now", "not-a-date"),
    ("founded", "infinity", "not-a-date"),
    ("founded", "01/02/2026", "not-a-date"),
    ("founded", "20260102", "not-a-date"),
    ("founded", "2026-02-30", "no-such-date"),
    ("founded", "2026-13-01", "no-such-date"),
    ("founded", "2026-1-2", "not-a-date"),
    ("seen_at", "today", "not-a-time"),
    ("seen_at", "2026-01-01", "not-a-time"),
    ("seen_at", "2026-01-01 25:00:00", "no-such-time"),
    ("urban", "maybe", "not-logical"),
    ("urban", "t", "not-logical"),
]


async def test_a_wrong_value_is_told(towns: Dataset):
    for name, value, code in VALUES:
        problem = await towns.refused([town(A), town(B) | {name: value}])
        (told,) = problem["problems"]
        assert (told["row"], told["item"], told["code"]) == (2, name, code), value
        assert told["message"]
        assert (problem["received"], problem["refused"]) == (2, 1)
    assert await towns.stored() == []


async def test_right_values_of_every_odd_form_are_taken(towns: Dataset):
    rows = [
        town(A, level="007", area="-0.50", founded="0001-01-01", seen_at="2026-01-01T08:00Z"),
        town(B, level="-9223372036854775808"[:10], area="99999999.99", urban="否"),
    ]
    await towns.pushed(rows)
    first, second = await towns.rows()
    assert (first["level"], first["area"], first["founded"]) == (7, -0.5, "0001-01-01")
    assert second["urban"] is False


async def test_codes_patterns_and_hidden_values(catalog: Catalog):
    people = await dataset(
        catalog,
        [
            item("id_number", pattern=r"\d{17}[0-9X]", sensitivity=Sensitivity.SENSITIVE),
            item("kind", codes=["1", "2"]),
            item("note", type=ItemType.MEMO, length=3),
        ],
    )
    problem = await people.refused(
        [{"id_number": "12345", "kind": "3", "note": "一二三四"}], "append"
    )
    told = {one["item"]: (one["code"], one.get("value")) for one in problem["problems"]}
    assert told == {
        "id_number": ("pattern", None),
        "kind": ("not-in-codes", "3"),
        "note": ("too-long", "一二三四"),
    }
    assert "12345" not in json.dumps(problem)


async def test_lenient_takes_the_good_rows_and_keeps_the_report(towns: Dataset):
    rows = [town(A), town(B, level="x"), town("350123003"), {"code": "350123004"}]
    outcome = await towns.pushed(rows, Prefer="handling=lenient")
    assert (outcome["inserted"], outcome["refused"], outcome["version"]) == (2, 2, "1.1")
    assert [(p["row"], p["code"]) for p in outcome["problems"]] == [
        (2, "not-an-integer"),
        (4, "required"),
    ]
    kept = await towns.catalog.database.fetchval("SELECT answer FROM batches")
    assert len(json.loads(kept)["problems"]) == 2


async def test_a_thousand_problems_are_told_of_many(towns: Dataset):
    problem = await towns.refused([town(f"{n:09}", level="x") for n in range(1200)])
    assert (problem["refused"], len(problem["problems"])) == (1200, 1000)
    assert problem["problem_count"] == 1200


async def test_broken_rows_show_what_is_wrong_unless_it_is_sensitive(catalog: Catalog):
    people = await dataset(
        catalog,
        [
            item("id_number", key=True, nullable=False, sensitivity=Sensitivity.SENSITIVE),
            item("name"),
        ],
    )
    rows = [
        '{"id_number":"3501","name":["甲"]}',
        '{"id_number":["3502"],"name":{"zh":[1]}}',
        '{"id_number":"3503","name":"乙\\u0000"}',
        '{"id_number":"3504","id_number":"3505","name":"x","name":1.50}',
        '{"id_number":"3506","name":NaN,"secret":"3507"}',
    ]
    problem = await people.refused("\n".join(rows).encode(), kind="application/x-ndjson")
    told = [(p["row"], p["item"], p["code"], p["value"]) for p in problem["problems"]]
    assert told == [
        (1, "name", "not-scalar", '["甲"]'),
        (2, "id_number", "not-scalar", None),
        (2, "name", "not-scalar", '{"zh": ["1"]}'),
        (3, "name", "nul", "乙\ufffd"),
        (4, "id_number", "duplicate-member", None),
        (4, "name", "duplicate-member", "1.50"),
        (5, "name", "not-finite", "NaN"),
        (5, None, "undeclared", None),
    ]
    assert "350" not in json.dumps(problem["problems"])


async def test_a_repeated_key_is_shown_unless_it_is_sensitive(catalog: Catalog):
    for sensitivity, shown in ((Sensitivity.NONE, "7,x"), (Sensitivity.SENSITIVE, None)):
        keys = await dataset(
            catalog,
            [
                item("first", key=True, nullable=False, sensitivity=sensitivity),
                item("second", key=True, nullable=False),
            ],
        )
        problem = await keys.refused([{"first": "7", "second": "x"}] * 2, "append")
        (told,) = problem["problems"]
        assert (told["row"], told["code"], told["value"]) == (2, "duplicate-key", shown)
        assert "第 1 行" in told["message"]


CSV_ROWS = [
    (f"{B},示例镇,4\n", "ragged"),
    (f"{B},示例镇,4,12.5,,,,,\n", "ragged"),
    (f'"{B}",示例镇,4\n', "ragged"),
    (f"{B},示\0例,4,12.5,,,\n", "nul"),
]


async def test_a_broken_csv_row_is_told_by_its_number(towns: Dataset):
    for line, code in CSV_ROWS:
        body = (HEADER + GOOD + line + GOOD.replace(A, "350123003")).encode()
        problem = await towns.refused(body, kind="text/csv")
        assert [(p["row"], p["code"]) for p in problem["problems"]] == [(2, code)], line
        lenient = await towns.pushed(body, kind="text/csv", Prefer="handling=lenient")
        assert (lenient["received"], lenient["refused"]) == (3, 1)
    assert len(await towns.stored()) == 2


LINES = [
    ("{", "json-invalid"),
    ('{"code":"1"} x', "json-invalid"),
    ("[]", "not-an-object"),
    ("1", "not-an-object"),
    ('{"code":"350123009","name":"a","code":"350123008"}', "duplicate-member"),
    ('{"code":"350123009","name":"a","population":1}', "undeclared"),
    ('{"code":"350123009","name":{"zh":"a"}}', "not-scalar"),
    ('{"code":"350123009","name":["a"]}', "not-scalar"),
    ('{"code":"350123009","name":"a\\u0000"}', "nul"),
    ('{"code":"350123009","name":"a\\ud800"}', "not-utf8"),
    ('{"code":"350123009","name":"a","area":NaN}', "not-finite"),
    ('{"code":"350123009","name":NaN}', "not-finite"),
    ('{"code":"350123009","name":-Infinity}', "not-finite"),
    ('{"code":"350123009","name":"a","area":Infinity}', "not-finite"),
    ('{"code":"350123009","name":"a","area":12.340000000000000000001}', "too-precise"),
    ('{"code":"350123009","name":"a","area":0.00005}', "too-precise"),
    ('{"code":"350123009","name":"a","area":20000000000000000000}', "too-large"),
    ('{"code":"350123009","name":"a","area":1e2}', "not-a-number"),
    ('{"code":"350123009","name":"a","area":1.2345678901234567890}', "too-precise"),
    ('{"code":"350123009","name":"a","level":12345678901234567890123}', "out-of-range"),
]


async def test_a_broken_json_row_is_told_by_its_number(towns: Dataset):
    good = json.dumps(town(A))
    for line, code in LINES:
        body = "\n".join((good, line, good.replace(A, B))).encode()
        problem = await towns.refused(body, kind="application/x-ndjson")
        assert [(p["row"], p["code"]) for p in problem["problems"]] == [(2, code)], line
        lenient = await towns.pushed(body, kind="application/x-ndjson", Prefer="handling=lenient")
        assert (lenient["received"], lenient["refused"]) == (3, 1)
        if code != "json-invalid":
            problem = await towns.refused(f"[{good}, {line}]".encode())
            assert [(p["row"], p["code"]) for p in problem["problems"]] == [(2, code)], line
    assert len(await towns.stored()) == 2


BOMB = gzip.compress(HEADER.encode() + b"0" * (100 << 20))
MIXED = "乙".encode("gb18030") + b"\n"
HUGE = "x" * (20 << 20)
WHOLE = [
    ("text/csv", gzip.compress((HEADER + GOOD).encode())[:-12], "batch-body-invalid", "不完整"),
    ("text/csv", b"\x1f\x8b" + b"rubbish" * 9, "batch-body-invalid", "损坏"),
    ("text/csv", BOMB, "batch-too-large", "过"),
    ("text/csv", b"", "batch-columns-invalid", "表头"),
    ("text/csv", b"code,name\n", "batch-columns-invalid", "缺少列"),
    ("text/csv", (HEADER.strip() + ",population\n").encode(), "batch-columns-invalid", "population"),
    ("text/csv", (HEADER.strip() + ",code\n").encode(), "batch-columns-invalid", "重复"),
    ("text/csv", (HEADER + f'{A},"示例').encode(), "batch-body-invalid", "引号"),
    ("text/csv", (HEADER + f'{A},"示"例,4,,,,\n').encode(), "batch-body-invalid", "引号"),
    ("text/csv", (HEADER + GOOD).encode("utf-16"), "batch-body-invalid", "UTF-16"),
    ("text/csv", (HEADER + GOOD * 200).encode() + MIXED, "batch-body-invalid", "编码"),
    ("text/csv", (HEADER + f"{A},{'x' * (5 << 20)},,,,,\n").encode(), "batch-too-large", "过长"),
    ("application/json", b"{}", "batch-body-invalid", "数组"),
    ("application/json", b"", "batch-body-invalid", "数组"),
    ("application/json", b"[", "batch-body-invalid", "不完整"),
    ("application/json", json.dumps([town(A)]).encode()[:-1], "batch-body-invalid", ""),
    ("application/json", json.dumps([town(A)]).encode() + b"x", "batch-body-invalid", "多余"),
    ("application/json", b"[" + json.dumps(town(A)).encode() + b"," + b"]", "batch-body-invalid", ""),
    ("application/json", b"[" * 100_000, "batch-body-invalid", ""),
    ("application/json", json.dumps([town(A, name=HUGE)]).encode(), "batch-too-large", "第 1 行"),
    ("application/xml", b"<a/>", "batch-format-unsupported", "Content-Type"),
    ("text/csv; charset=latin1", b"code\n", "batch-format-unsupported", "字符集"),
]  # fmt: skip


async def test_an_unreadable_body_is_refused_whole(towns: Dataset):
    for kind, body, slug, says in WHOLE:
        for lenient in ({}, {"Prefer": "handling=lenient"}):
            problem = await towns.refused(body, kind=kind, **lenient)
            assert problem["status"] in {413, 415, 422}
            assert problem["type"] == f"/problems/{slug}", (body[:80], problem)
            assert says in problem["detail"]
    assert await towns.stored() == []
    assert await towns.events() == []
    assert await towns.catalog.database.fetchval("SELECT count(*) FROM batches") == 0


async def test_formulas_and_sql_are_values_like_any_other(towns: Dataset):
    names = ["=1+1", "'; DROP TABLE x; --", "@SUM(A1)", '"quoted"', "\\N", "\\.", "%s", "$1"]
    rows = [town(f"{n:09}", name=name) for n, name in enumerate(names)]
    await towns.pushed(rows)
    assert [row["name"] for row in await towns.rows()] == names
    exported = (await towns.read("exports")).text
    assert "=1+1" in exported
    again = await towns.pushed(exported.encode(), kind="text/csv")
    assert again["unchanged"] == len(names)


async def test_a_bad_parameter_is_refused(towns: Dataset):
    assert (await towns.refused([], "merge"))["status"] == 422
    assert (await towns.refused([], Prefer="handling=maybe"))["type"].endswith("parameter-invalid")
    problem = await towns.refused(b"x", kind="text/csv", Content_Encoding="br")
    assert problem["status"] == 415
