"""Entries taken over as they stood: known to the municipal copy, agreed to, and mended in time."""

from datetime import UTC, datetime, timedelta
from typing import Any

from catalog.harness import GATEWAY, Catalog, identity
from catalog.samples import CIVIL, EDUCATION, officer, reviewer
from catalog.test_imports import (
    ASSESSED,
    ENTRIES,
    ENTRY,
    ITEM,
    STRANGER,
    confirm,
    imported,
    preview,
    send,
    told,
    workbook,
)
from catalog.test_municipal import PUT as MUNICIPAL
from catalog.test_municipal import municipal
from zhengshu_catalog.entries.mending import announce_missed
from zhengshu_chassis.db import connect
from zhengshu_contracts.roles import Action


async def known(catalog: Catalog, code: str = "FZ-0001", provider: str = CIVIL) -> None:
    """Let the municipal catalogue have an entry of a provider under a code."""
    told = municipal(municipal_code=code, provider=provider)
    await catalog.done("PUT", MUNICIPAL, [told], by=GATEWAY)


async def review(catalog: Catalog, token: str, outcome: str = "agree") -> Any:
    headers = identity(reviewer(), Action.IMPORT_REVIEW)
    body = {"outcome": outcome, "opinion": "同意按原状登记"}
    return await catalog.http.post(f"/v1/imports/{token}/review", json=body, headers=headers)


async def taken_over(catalog: Catalog, *sheets: Any) -> Any:
    """Import, and let the competent department agree."""
    token = (await preview(catalog, *sheets))["token"]
    await confirm(catalog, token)
    reviewed = await review(catalog, token)
    assert reviewed.status_code == 200, reviewed.text
    return reviewed.json()["lines"]


class TestTakeOver:
    async def test_takes_over_what_the_municipality_has(self, catalog: Catalog):
        stock = ENTRY | {"市级目录代码": "FZ-0001", "共享属性": "不予共享"}
        await known(catalog)
        (line,) = await taken_over(catalog, [stock])
        assert (line["outcome"], line["outcome_label"]) == ("stock", "存量登记")
        entry = await catalog.done("GET", f"/v1/entries/{line['entry']}", by=STRANGER)
        assert (entry["state"], entry["municipal_code"]) == ("published", "FZ-0001")
        assert entry["mend_by"] == (datetime.now(UTC) + timedelta(days=180)).date().isoformat()
        assert entry["missing"] == [
            "保密风险评估",
            "个人信息保护影响评估",
            "部门负责人审核同意",
            "“网点编号”不予共享的依据",
        ]
        (_, (_, published)) = await catalog.announced("%entry.published%")
        assert published["mend_by"] == entry["mend_by"]
        filed = await catalog.database.fetchval(
            "SELECT payload ->> 'municipal_code' FROM dispatches"
        )
        assert filed == "FZ-0001"
        mending = await catalog.done("GET", "/v1/entries?mending=true", by=officer())
        assert [one["id"] for one in mending["entries"]] == [line["entry"]]

    async def test_what_was_taken_over_is_mended_by_a_revision(self, catalog: Catalog):
        stock = ENTRY | {"市级目录代码": "FZ-0001"}
        await known(catalog)
        (line,) = await taken_over(catalog, [stock])
        (revised,) = await imported(catalog, [stock | ASSESSED])
        assert (revised["outcome"], revised["entry"]) == ("revision", line["entry"])
        assert "保密风险评估" in [change["label"] for change in revised["changes"]]
        mended = await catalog.publish(line["entry"])
        assert (mended["mend_by"], mended["missing"], mended["revision"]) == (None, [], 2)

    async def test_the_same_again_changes_nothing(self, catalog: Catalog):
        stock = ENTRY | {"市级目录代码": "FZ-0001"}
        await known(catalog)
        await taken_over(catalog, [stock])
        (line,) = await imported(catalog, [stock])
        assert (line["outcome"], line["changes"]) == ("unchanged", [])

    async def test_one_municipal_code_is_taken_over_once(self, catalog: Catalog):
        stock = ENTRY | {"市级目录代码": "FZ-0001"}
        await known(catalog)
        tokens = [(await preview(catalog, [stock]))["token"] for _ in range(2)]
        for token in tokens:
            assert (await confirm(catalog, token))["waiting"] == 1
        answers = [(await review(catalog, token)).json() for token in tokens]
        outcomes = [answer["lines"][0]["outcome"] for answer in answers]
        assert outcomes == ["stock", "refused"]

    async def test_anothers_municipal_code_is_refused(self, catalog: Catalog):
        stock = ENTRY | {"市级目录代码": "FZ-0001"}
        await known(catalog)
        theirs = await send(catalog, "POST", "/v1/imports", workbook([stock]), by=STRANGER)
        assert told(theirs.json()["lines"][0]) == [(ENTRIES, 2, "市级目录代码")]
        await taken_over(catalog, [stock])
        theirs = await send(catalog, "POST", "/v1/imports", workbook([stock]), by=STRANGER)
        assert told(theirs.json()["lines"][0]) == [(ENTRIES, 2, "市级目录代码")]

    async def test_a_code_that_the_municipal_copy_lacks_is_refused(self, catalog: Catalog):
        stock = ENTRY | {"市级目录代码": "FZ-0001"}
        for prepare in (None, ("FZ-0002", CIVIL), ("FZ-0001", EDUCATION)):
            if prepare:
                await known(catalog, *prepare)
            (line,) = (await preview(catalog, [stock]))["lines"]
            assert (line["outcome"], told(line)) == ("refused", [(ENTRIES, 2, "市级目录代码")])
        assert len(await catalog.announced("%entry.published%")) == 1

    async def test_what_is_taken_over_waits_for_the_competent_department(self, catalog: Catalog):
        await known(catalog)
        lines = [ENTRY | {"市级目录代码": "FZ-0001"}, ENTRY | {"目录序号": 2}]
        token = (await preview(catalog, lines, [ITEM, ITEM | {"目录序号": 2}]))["token"]
        assert (await review(catalog, token)).json()["type"] == "/problems/import-not-found"
        report = await confirm(catalog, token)
        assert (report["waiting"], report["lines"][0]["entry"]) == (1, None)
        assert len(await catalog.announced("%entry.published%")) == 1
        waiting = await catalog.done("GET", "/v1/imports?waiting=true", by=reviewer())
        assert [one["token"] for one in waiting["imports"]] == [token]
        assert (await catalog.done("GET", "/v1/imports", by=STRANGER))["imports"] == []
        returned = (await review(catalog, token, "return")).json()
        assert [line["outcome"] for line in returned["lines"]] == ["refused", "draft"]
        assert (returned["waiting"], returned["review"]["outcome"]) == (0, "return")
        assert (await review(catalog, token)).json()["type"] == "/problems/import-nothing-waits"
        events = await catalog.announced("%.import.%")
        assert [(told.get("waiting"), told.get("outcome")) for _, told in events] == [
            (1, None),
            (None, "return"),
        ]

    async def test_a_missed_date_to_mend_is_announced_once(self, catalog: Catalog):
        await known(catalog)
        (line,) = await taken_over(catalog, [ENTRY | {"市级目录代码": "FZ-0001"}])
        database = connect(catalog.settings.database_url, "tests", pool_size=1)
        until = (datetime.now(UTC) + timedelta(days=180)).date()
        for day, missed in ((0, 0), (1, 1), (2, 0)):
            async with database.sessions.begin() as session:
                assert await announce_missed(session, until + timedelta(days=day)) == missed
        await database.engine.dispose()
        ((_, told_),) = await catalog.announced("%mend_missed%")
        assert (told_["entry"], told_["mend_by"]) == (line["entry"], until.isoformat())
