"""The columns of the workbook: the guide's metadata groups, what each becomes, and what it may hold.

`docs/catalogue-import.md` tells the same in Chinese, and a test keeps the two together.
"""

from dataclasses import dataclass
from enum import Enum, auto

from zhengshu_contracts.vocabulary import (
    Grade,
    ItemType,
    Labelled,
    LawLevel,
    Mode,
    OpeningClass,
    ResourceFormat,
    Sensitivity,
    SharingClass,
    UpdateCycle,
)

ENTRIES, ITEMS = "目录", "信息项"
NUMBER = "目录序号"
MUNICIPAL_CODE, CODE = "市级目录代码", "信息资源代码"
EXTENSION = "扩展:"
"""Begins the header of a column of extended metadata."""
YES, NO = "是", "否"


class Kind(Enum):
    """How a cell is read."""

    TEXT = auto()
    WHOLE = auto()
    DATE = auto()
    FLAG = auto()
    LIST = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its header, the member of the content it becomes, and what it may hold."""

    header: str
    path: str
    """Dotted path into EntryIn or Item; one that begins with `*` is for every item that says nothing."""
    kind: Kind = Kind.TEXT
    words: type[Labelled] | None = None
    required: bool = False


ENTRY_COLUMNS = (
    Column(NUMBER, "", required=True),
    Column("信息资源名称", "title", required=True),
    Column("信息资源分类代码", "category", required=True),
    Column(CODE, ""),
    Column(MUNICIPAL_CODE, ""),
    Column("信息资源摘要", "abstract", required=True),
    Column("信息资源格式", "format", words=ResourceFormat, required=True),
    Column("更新周期", "update_cycle", words=UpdateCycle, required=True),
    Column("提供方内设机构", "provider_office"),
    Column("共享方式", "modes", Kind.LIST, words=Mode),
    Column("开放条件", "opening_condition"),
    Column("关联资源代码", "related", Kind.LIST),
    Column("是否涉及国家秘密", "state_secret", Kind.FLAG, required=True),
    Column("是否涉及工作秘密", "work_secret", Kind.FLAG, required=True),
    Column("共享属性", "*sharing", words=SharingClass),
    Column("共享范围", "*condition.scope"),
    Column("使用用途", "*condition.purpose"),
    Column("开放属性", "*opening", words=OpeningClass),
    Column("保密风险评估日期", "secrecy_assessment.on", Kind.DATE),
    Column("保密风险评估负责人", "secrecy_assessment.by"),
    Column("保密风险评估结论", "secrecy_assessment.conclusion"),
    Column("个人信息保护影响评估日期", "privacy_assessment.on", Kind.DATE),
    Column("个人信息保护影响评估负责人", "privacy_assessment.by"),
    Column("个人信息保护影响评估结论", "privacy_assessment.conclusion"),
    Column("部门负责人", "head_consent.by"),
    Column("部门负责人同意日期", "head_consent.on", Kind.DATE),
    Column("同意文件号", "head_consent.document"),
    Column("安全审查日期", "security_review.on", Kind.DATE),
    Column("安全审查负责人", "security_review.by"),
    Column("安全审查结论", "security_review.conclusion"),
)

ITEM_COLUMNS = (
    Column(NUMBER, "", required=True),
    Column("信息项英文名", "name", required=True),
    Column("信息项名称", "title", required=True),
    Column("数据类型", "type", words=ItemType, required=True),
    Column("数据长度", "length", Kind.WHOLE),
    Column("小数位数", "precision", Kind.WHOLE),
    Column("可否为空", "nullable", Kind.FLAG),
    Column("是否主键", "key", Kind.FLAG),
    Column("代码表", "codes", Kind.LIST),
    Column("格式", "pattern"),
    Column("日期习惯写法", "loose_dates", Kind.FLAG),
    Column("敏感程度", "sensitivity", words=Sensitivity),
    Column("数据级别", "grade", words=Grade),
    Column("共享属性", "sharing", words=SharingClass),
    Column("共享范围", "condition.scope"),
    Column("使用用途", "condition.purpose"),
    Column("依据级别", "citation.level", words=LawLevel),
    Column("依据名称", "citation.title"),
    Column("依据条款", "citation.article"),
    Column("不予共享理由", "citation.reason"),
    Column("开放属性", "opening", words=OpeningClass),
)

SHEETS = {ENTRIES: ENTRY_COLUMNS, ITEMS: ITEM_COLUMNS}
