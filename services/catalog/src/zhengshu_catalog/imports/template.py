"""The workbook to fill in: two sheets with headers, drop-downs and one made-up entry."""

from io import BytesIO
from typing import TYPE_CHECKING

from zhengshu_catalog.imports.columns import ENTRIES, ITEMS, NO, SHEETS, YES, Column, Kind

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LAST_LINE = 5000
MADE_UP = {
    ENTRIES: {
        "目录序号": "1",
        "信息资源名称": "示例:便民服务网点",
        "信息资源分类代码": "307350123001",
        "信息资源摘要": "各乡镇便民服务网点的名称与地址(虚构示例,请删除本行)",
        "信息资源格式": "数据库",
        "更新周期": "每月",
        "是否涉及国家秘密": NO,
        "是否涉及工作秘密": NO,
        "共享方式": "查询;批量导出",
        "共享属性": "无条件共享",
        "开放属性": "不开放",
    },
    ITEMS: {
        "目录序号": "1",
        "信息项英文名": "code",
        "信息项名称": "网点编号",
        "数据类型": "字符型",
        "数据长度": "20",
        "可否为空": NO,
        "是否主键": YES,
    },
}


def template() -> bytes:
    """Return the workbook as a file."""
    from openpyxl import Workbook  # noqa: PLC0415 - a large library for a rare request

    book = Workbook()
    book.remove(book.worksheets[0])
    for name, columns in SHEETS.items():
        sheet = book.create_sheet(name)
        for place, column in enumerate(columns, 1):
            _write(sheet, place, column, MADE_UP[name].get(column.header))
        sheet.freeze_panes = "C2"
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _write(sheet: "Worksheet", place: int, column: Column, example: str | None) -> None:
    from openpyxl.styles import Font  # noqa: PLC0415 - see above
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 - see above
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415 - see above

    letter = get_column_letter(place)
    head = sheet.cell(1, place, column.header)
    head.font = Font(bold=True, color="C00000" if column.required else "000000")
    sheet.column_dimensions[letter].width = max(12, 2.2 * len(column.header))
    sheet.cell(2, place, example)
    choices = _choices(column)
    if choices:
        rule = DataValidation("list", formula1=f'"{",".join(choices)}"', allow_blank=True)
        rule.error, rule.errorTitle = "请从下拉列表中选择", column.header
        rule.add(f"{letter}2:{letter}{LAST_LINE}")
        sheet.add_data_validation(rule)


def _choices(column: Column) -> list[str]:
    if column.kind is Kind.FLAG:
        return [YES, NO]
    if column.words is None or column.kind is Kind.LIST:
        return []  # of several words no drop-down
    return [word.label for word in column.words]
