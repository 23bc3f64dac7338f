"""A push becomes a version: rows, events, receipt, all or nothing."""

import asyncio
import gzip
import json

import pytest
from catalog.aggregation_harness import TOWNS, dataset, town
from catalog.harness import RECEIPTS
from catalog.samples import EDUCATION, item, system
from zhengshu_verify import keys, receipt


@pytest.fixture
async def towns(catalog):
    return await dataset(catalog)


async def test_first_push_and_read(towns):
    outcome = await towns.pushed([town("350123001"), town("350123002", level=None)], "append")
    assert (outcome["received"], outcome["inserted"], outcome["version"]) == (2, 2, "1.1")
    rows = await towns.rows()
    assert rows[0] == {
        "code": "350123001", "name": "示例镇350123001", "level": 4, "area": 12.5,
        "founded": None, "seen_at": None, "urban": None,
    }  # fmt: skip
    assert rows[1]["level"] is None
