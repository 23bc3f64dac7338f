"""Importing a catalogue: template, preview, confirmation, and every way a workbook can be wrong."""

import re
import zipfile
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from catalog.harness import Catalog, identity
from catalog.samples import EDUCATION, content, officer, reviewer
from httpx import Response
from openpyxl import Workbook, load_workbook
from zhengshu_catalog.imports.columns import ENTRIES, ITEMS, SHEETS, Column
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action

STRANGER = officer(EDUCATION, client="off-education")
ENTRY = {
    "目录序号": 1,
    "信息资源名称": "便民服务网点",
    "信息资源分类代码": "307350123001",
    "信息资源摘要": "各乡镇便民服务网点",
    "信息资源格式": "数据库",
    "更新周期": "每月",
    "是否涉及国家秘密": "否",
    "是否涉及工作秘密": "否",
    "共享属性": "无条件共享",
    "开放属性": "不开放",
}
ASSESSED = {
    "保密风险评估日期": "2026年3月1日",
    "保密风险评估负责人": "示例",
    "保密风险评估结论": "可以共享",
    "个人信息保护影响评估日期": datetime(2026, 3, 1),  # noqa: DTZ001 - what openpyxl gives and takes
    "个人信息保护影响评估负责人": "示例",
    "个人信息保护影响评估结论": "可以共享",
    "部门负责人": "示例负责人",
    "部门负责人同意日期": "20260301",
    "共享方式": "查询;批量导出",
}
ITEM = {
    "目录序号": 1,
    "信息项英文名": "code",
    "信息项名称": "网点编号",
    "数据类型": "字符型",
    "数据长度": 20.0,
    "是否主键": "是",
    "可否为空": "否",
}


def workbook(entries: list[dict[str, Any]], items: list[dict[str, Any]] | None = None) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, lines in ((ENTRIES, entries), (ITEMS, [ITEM] if items is None else items)):
        sheet = book.create_sheet(name)
        headers = list(
            dict.fromkeys([c.header for c in SHEETS[name]] + [h for x in lines for h in x])
        )
        sheet.append(headers)
        for line in lines:
            sheet.append([line.get(header) for header in headers])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


async def send(
    catalog: Catalog, method: str, path: str, file: bytes = b"", by: Principal | None = None
) -> Response:
    # Reports are read by their own action.
    action = Action.IMPORT_READ if method == "GET" and "imports" in path else Action.ENTRY_IMPORT
    headers = identity(by or officer(), action)
    return await catalog.http.request(method, path, content=file, headers=headers)


async def preview(catalog: Catalog, *sheets: Any) -> Any:
    response = await send(catalog, "POST", "/v1/imports", workbook(*sheets))
    assert response.status_code == 201, response.text
    return response.json()


async def confirm(catalog: Catalog, token: str) -> Any:
    response = await send(catalog, "POST", f"/v1/imports/{token}/confirmation")
    assert response.status_code == 200, response.text
    return response.json()


async def imported(catalog: Catalog, *sheets: Any) -> Any:
    return (await confirm(catalog, (await preview(catalog, *sheets))["token"]))["lines"]


def told(line: dict[str, Any]) -> list[tuple[str, int, str | None]]:
    return [(each["sheet"], each["line"], each["column"]) for each in line["problems"]]


class TestTemplate:
    async def test_can_be_uploaded_as_it_is(self, catalog: Catalog):
        template = await send(catalog, "GET", "/v1/import-template")
        previewed = await send(catalog, "POST", "/v1/imports", template.content)
        assert [one["outcome"] for one in previewed.json()["lines"]] == ["draft"]

    async def test_has_a_drop_down_for_every_closed_list(self, catalog: Catalog):
        template = await send(catalog, "GET", "/v1/import-template")
        book = load_workbook(BytesIO(template.content))
        for name, columns in SHEETS.items():
            rules = book[name].data_validations.dataValidation
            # Of several words in one cell no drop-down can be made.
            words = [c for c in columns if c.words and c.kind.name != "LIST"]
            closed = words + [c for c in columns if c.kind.name == "FLAG"]
            assert len(rules) == len(closed)

    def test_the_document_tells_the_same_columns(self):
        page = Path("docs/catalogue-import.md").read_text(encoding="utf-8")
        for name, columns in SHEETS.items():
            section = page.split(f"## 工作表“{name}”")[1].split("\n## ")[0]
            rows = re.findall(r"^\| (\S+)( \*)? \|", section, re.MULTILINE)
            assert [row for row in rows if row[0] not in ("列名", "---")] == list(
                map(_row, columns)
            )


def _row(column: Column) -> tuple[str, str]:
    return column.header, " *" if column.required else ""


class TestPreview:
    async def test_changes_nothing(self, catalog: Catalog):
        report = await preview(catalog, [ENTRY])
        assert report["counts"] == {"draft": 1}
        assert report["confirmed_at"] is None
        listed = await catalog.done("GET", "/v1/entries", by=officer())
        assert listed["entries"] == []

    @pytest.mark.parametrize(
        ("wrong", "column"),
        [
            ({"更新周期": "有空时"}, "更新周期"),
            ({"信息资源名称": ""}, "信息资源名称"),
            ({"信息资源名称": "长" * 51}, "信息资源名称"),
            ({"是否涉及国家秘密": "不知道"}, "是否涉及国家秘密"),
            ({"部门负责人同意日期": "2026-02-30"}, "部门负责人同意日期"),
            ({"信息资源分类代码": "999"}, "信息资源分类代码"),
            ({"信息资源代码": "307350123001/000009"}, "信息资源代码"),
            ({"部门负责人": "只有姓名"}, "部门负责人同意日期"),
        ],
    )
    async def test_says_which_cell_of_an_entry_is_wrong(self, catalog: Catalog, wrong, column):
        (line,) = (await preview(catalog, [ENTRY | wrong]))["lines"]
        assert line["outcome"] == "refused"
        assert told(line) == [(ENTRIES, 2, column)]

    @pytest.mark.parametrize(
        ("wrong", "column"),
        [
            ({"数据类型": "文本"}, "数据类型"),
            ({"数据长度": "二十"}, "数据长度"),
            ({"信息项英文名": "编号"}, "信息项英文名"),
            ({"信息项英文名": "select"}, None),
            ({"共享属性": "不予共享"}, None),
            ({"数据级别": "核心数据", "开放属性": "普遍开放"}, None),
        ],
    )
    async def test_says_which_item_is_wrong(self, catalog: Catalog, wrong, column):
        items = [ITEM, ITEM | {"信息项英文名": "name", "是否主键": "否"} | wrong]
        (line,) = (await preview(catalog, [ENTRY], items))["lines"]
        assert line["outcome"] == "refused"
        assert told(line) == [(ITEMS, 3, column)]

    async def test_no_class_is_assumed(self, catalog: Catalog):
        (line,) = (await preview(catalog, [ENTRY | {"共享属性": "", "开放属性": ""}]))["lines"]
        assert sorted(told(line), key=str) == [(ITEMS, 2, "共享属性"), (ITEMS, 2, "开放属性")]

    async def test_items_of_no_entry_and_entries_without_items(self, catalog: Catalog):
        report = await preview(catalog, [ENTRY], [ITEM | {"目录序号": 7}])
        assert told(report) == [(ITEMS, 2, "目录序号")]
        assert told(report["lines"][0]) == [(ENTRIES, 2, None)]

    async def test_of_a_secret_nothing_is_kept(self, catalog: Catalog):
        secret = ENTRY | {"信息资源名称": "不该出现", "是否涉及国家秘密": "是"}
        report = await preview(catalog, [secret])
        assert report["lines"][0]["outcome"] == "refused"
        assert [subject for subject, _ in await catalog.announced("%refused%")] == [
            "zhengshu.catalog.entry.refused.v1"
        ]
        kept = await catalog.database.fetchval("SELECT report::text || plans::text FROM imports")
        assert "不该出现" not in kept
        assert "不该出现" not in str(report)

    @pytest.mark.parametrize(
        "file",
        [b"", b"PK", b"not a workbook", workbook([ENTRY])[:900]],
    )
    async def test_of_what_is_no_workbook_is_refused(self, catalog: Catalog, file: bytes):
        response = await send(catalog, "POST", "/v1/imports", file)
        assert response.json()["type"] == "/problems/workbook-unreadable"

    async def test_of_another_workbook_says_what_is_missing(self, catalog: Catalog):
        for file, word in (
            (workbook([{"别的列": 1}]), "别的列"),
            (_saved(Workbook()), "目录"),
        ):
            response = await send(catalog, "POST", "/v1/imports", file)
            assert response.status_code == 422
            assert word in response.json()["detail"]

    async def test_of_a_bomb_is_refused(self, catalog: Catalog):
        file = BytesIO(workbook([ENTRY]))
        with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("xl/bomb.xml", b" " * (65 << 20))
        response = await send(catalog, "POST", "/v1/imports", file.getvalue())
        assert response.json()["type"] == "/problems/workbook-unreadable"


def _saved(book: Workbook) -> bytes:
    file = BytesIO()
    book.save(file)
    return file.getvalue()


class TestConfirm:
    async def test_makes_drafts_that_can_be_published(self, catalog: Catalog):
        items = [ITEM, ITEM | {"信息项英文名": "on", "数据类型": "D", "日期习惯写法": "是"}]
        given = ENTRY | ASSESSED | {"扩展:联系电话": "0591", "提供方内设机构": "政务服务股"}
        (line,) = await imported(catalog, [given], items)
        entry = await catalog.done("GET", f"/v1/entries/{line['entry']}", by=officer())
        assert (entry["modes"], entry["provider_office"]) == (["query", "export"], "政务服务股")
        assert [item["loose_dates"] for item in entry["items"]] == [False, True]
        assert (entry["state"], entry["extensions"]) == ("draft", {"联系电话": "0591"})
        assert (await catalog.publish(line["entry"]))["state"] == "published"

    async def test_shows_what_differs(self, catalog: Catalog):
        entry = await catalog.published()
        line = ENTRY | {"信息资源代码": entry.replace("-", "/"), "信息资源名称": "乡镇级行政区划"}
        items = [ITEM | {"信息项名称": "区划代码", "数据长度": None}]
        (shown,) = (await preview(catalog, [line], items))["lines"]
        changes = {
            (one["item"], one["label"]): (one["before"], one["after"]) for one in shown["changes"]
        }
        assert changes["code", "信息项中文名称"] == ("code", "区划代码")
        assert changes["name", "删除信息项"] == ("name", None)
        assert changes[None, "信息资源摘要"] == ("乡级行政区划代码与名称", "各乡镇便民服务网点")

    async def test_twice_is_refused(self, catalog: Catalog):
        token = (await preview(catalog, [ENTRY]))["token"]
        await confirm(catalog, token)
        again = await send(catalog, "POST", f"/v1/imports/{token}/confirmation")
        assert (again.status_code, again.json()["type"]) == (409, "/problems/import-confirmed")
        report = await send(catalog, "GET", f"/v1/imports/{token}")
        assert report.json()["confirmed_at"]

    async def test_of_another_department_is_not_there(self, catalog: Catalog):
        token = (await preview(catalog, [ENTRY]))["token"]
        for method, path in (("GET", ""), ("POST", "/confirmation")):
            response = await send(catalog, method, f"/v1/imports/{token}{path}", by=STRANGER)
            assert response.status_code == 404

    async def test_what_changed_since_is_not_overwritten_and_stops_nobody_else(
        self, catalog: Catalog
    ):
        entry = await catalog.published()
        lines = [ENTRY | {"信息资源代码": entry.replace("-", "/")}, ENTRY | {"目录序号": 2}]
        token = (await preview(catalog, lines, [ITEM, ITEM | {"目录序号": 2}]))["token"]
        meanwhile = content(abstract="别人刚改过")
        await catalog.done("PUT", f"/v1/entries/{entry}", meanwhile, by=officer())
        report = await confirm(catalog, token)
        assert [one["outcome"] for one in report["lines"]] == ["refused", "draft"]
        assert report["counts"] == {"refused": 1, "draft": 1}
        (newest, _) = (await catalog.done("GET", f"/v1/entries/{entry}/revisions", by=officer()))[
            "revisions"
        ]
        assert newest["content"]["abstract"] == "别人刚改过"

    async def test_what_is_being_reviewed_is_left_alone(self, catalog: Catalog):
        entry = await catalog.compiled()
        await catalog.done("POST", f"/v1/entries/{entry}/submission", by=officer())
        line = ENTRY | {"信息资源代码": entry}
        (shown,) = (await preview(catalog, [line]))["lines"]
        assert shown["outcome"] == "refused"


async def test_only_a_data_officer_imports(catalog: Catalog):
    response = await send(catalog, "POST", "/v1/imports", workbook([ENTRY]), by=reviewer())
    assert response.status_code == 403
