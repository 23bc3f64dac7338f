"""The catalogue document: DCAT 3 terms, absolute addresses, no download of what is not for all."""

from datetime import UTC, datetime

import pytest
from opening.world import AUTHORIZED, EDUCATION, GENERAL, SCHOOLS
from zhengshu_contracts.opening import ListingOut, OpenFile, OpenItem
from zhengshu_contracts.vocabulary import UpdateCycle
from zhengshu_opening.listings import dcat

BASE = "https://data.example.cn"
LISTING = ListingOut(
    id=SCHOOLS,
    title="学校名录",
    abstract="全县学校",
    provider=EDUCATION,
    provider_name="县教育局",
    opening=GENERAL,
    opening_label=GENERAL.label,
    update_cycle=UpdateCycle.YEARLY,
    licence="政府数据开放许可",
    items=[OpenItem(name="code", title="学校代码", type="C")],
    state="listed",
    version="1.3",
    rows=2,
    files=(OpenFile(format="csv", bytes=10, digest="ab" * 32, href="/v1/open/x/files/csv"),),
    listed_at=datetime(2026, 1, 1, tzinfo=UTC),
    updated_at=datetime(2026, 1, 2, tzinfo=UTC),
)


def described(**change):
    document = dcat.catalog([LISTING.model_copy(update=change)], base=BASE, title="开放目录")
    return document["dcat:dataset"][0]


def test_names_itself_and_every_prefix_it_uses():
    document = dcat.catalog([LISTING], base=BASE, title="开放目录")
    assert document["@type"] == "dcat:Catalog"
    assert document["@id"] == f"{BASE}/v1/open/catalog.jsonld"
    assert prefixes(document) <= set(dcat.CONTEXT)


def test_describes_dataset_and_file():
    node = described()
    (file,) = node["dcat:distribution"]
    assert node["@id"] == f"{BASE}/v1/open/datasets/{SCHOOLS}"
    assert node["dct:title"] == {"@value": "学校名录", "@language": "zh"}
    assert node["dct:accessRights"]["@id"].endswith("/PUBLIC")
    assert node["dcat:version"] == "1.3"
    assert file["dcat:downloadURL"]["@id"] == f"{BASE}/v1/open/x/files/csv"
    assert file["dcat:mediaType"]["@id"].endswith("/text/csv")
    assert file["spdx:checksum"]["spdx:checksumValue"]["@value"] == "ab" * 32


def test_authorised_files_have_no_download_address():
    node = described(opening=AUTHORIZED)
    assert node["dct:accessRights"]["@id"].endswith("/RESTRICTED")
    assert "dcat:downloadURL" not in node["dcat:distribution"][0]


@pytest.mark.parametrize("cycle", list(UpdateCycle))
def test_every_cycle_has_a_frequency(cycle):
    assert described(update_cycle=cycle)["dct:accrualPeriodicity"]["@id"]


def prefixes(node) -> set[str]:
    if isinstance(node, list):
        return set().union(*(prefixes(one) for one in node)) if node else set()
    if not isinstance(node, dict):
        return set()
    members = {key: value for key, value in node.items() if key != "@context"}
    own = {key.split(":")[0] for key in members if ":" in key}
    kinds = {str(node["@type"]).split(":")[0]} if "@type" in node else set()
    return own | kinds | set().union(set(), *(prefixes(value) for value in members.values()))
