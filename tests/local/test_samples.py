"""The story's township divisions: the nation's where its file lies near, else the county's own eleven."""

import csv
import io
from pathlib import Path

import pytest
from zhengshu_local.demo import SHARED, samples

HEADER = "code,name,areaCode,provinceCode,cityCode"
REAL = SHARED / "streets.csv"


def rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode())))


def test_a_file_of_the_nations_shape_is_taken_whole(tmp_path):
    lines = [HEADER, "110101001,东华门街道,110101,11,1101", "350123100,凤山镇,350123,35,3501"]
    (tmp_path / "streets.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    body, count, where = samples.towns(tmp_path)
    assert (count, "全国" in where) == (2, True)
    assert rows(body)[1] == {
        "code": "350123100",
        "name": "凤山镇",
        "area_code": "350123",
        "province_code": "35",
        "city_code": "3501",
    }


def test_without_the_file_the_countys_own_eleven(tmp_path):
    body, count, where = samples.towns(tmp_path)
    taken = rows(body)
    assert (count, len(taken)) == (11, 11)
    assert "十一个乡镇" in where
    assert {row["area_code"] for row in taken} == {"350123"}
    assert len({row["code"] for row in taken}) == 11


@pytest.mark.skipif(not REAL.exists(), reason="the nation's file does not lie beside this clone")
def test_the_nations_file_itself():
    body, count, _ = samples.towns(Path(REAL).parent)
    taken = rows(body)
    assert count == len(taken) == len({row["code"] for row in taken}) == 41352
    assert len([row for row in taken if row["area_code"] == "350123"]) >= 11


@pytest.mark.parametrize("row", [*samples.SURVEY_ROWS, *samples.AID_ROWS, *samples.SCHOOL_ROWS])
def test_a_made_up_row_says_so(row):
    assert any("示例" in str(value) for value in row)
