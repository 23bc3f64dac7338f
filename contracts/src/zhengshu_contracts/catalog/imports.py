"""Import of a department's catalogue from a workbook: previewed, then confirmed, with a report per line."""

from datetime import date, datetime
from typing import Any, ClassVar

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Event, Page
from zhengshu_contracts.vocabulary import ImportOutcome, ItemType, OrganizationCode, Outcome


class Change(ApiModel):
    """One difference between two contents of an entry."""

    item: str | None = Field(default=None, description="信息项英文名;为空时是目录条目本身的内容")
    label: str = Field(description="改动的内容")
    before: Any = Field(default=None, description="原值")
    after: Any = Field(default=None, description="新值")


class LineProblem(ApiModel):
    """What is wrong in one line of the workbook."""

    sheet: str = Field(description="工作表")
    line: int = Field(description="行号,与表格软件所示一致")
    column: str | None = Field(default=None, description="列名")
    message: str = Field(description="说明")


class ImportLine(ApiModel):
    """One entry of the workbook: what importing it does, or did."""

    number: str = Field(description="目录序号")
    line: int = Field(description="“目录”工作表中的行号")
    title: str = Field(description="信息资源名称;涉密的不记录")
    municipal_code: str | None = Field(default=None, description="市级目录代码")
    outcome: ImportOutcome = Field(description="处理结果")
    outcome_label: str = Field(description="处理结果名称")
    entry: str | None = Field(default=None, description="对应的目录条目;新增的在确认后给出")
    changes: list[Change] = Field(default=[], description="与现有内容的差异")
    missing: list[str] = Field(default=[], description="存量登记尚缺的内容")
    problems: list[LineProblem] = Field(default=[], description="不予导入的原因")


class ImportReview(ApiModel):
    """What the competent department said of the entries to be taken over as they stand."""

    outcome: Outcome = Field(description="agree 发布存量登记的条目;return 退回")
    opinion: str = Field(min_length=1, max_length=500, description="审核意见")
    by: str = Field(description="审核人标识")
    at: datetime = Field(description="审核时间")


class ImportOut(ApiModel):
    """A previewed import; nothing is changed before it is confirmed."""

    token: str = Field(description="导入标识,用于确认")
    provider: OrganizationCode
    previewed_at: datetime = Field(description="预览时间")
    confirmed_at: datetime | None = Field(default=None, description="确认时间;为空时尚未导入")
    mend_by: date = Field(description="存量登记的补齐期限")
    counts: dict[ImportOutcome, int] = Field(description="各处理结果的条数")
    lines: list[ImportLine] = Field(description="逐条报告")
    problems: list[LineProblem] = Field(default=[], description="不属于任何条目的问题")
    waiting: int = Field(default=0, description="确认之后等待主管部门审核的存量登记条数")
    review: ImportReview | None = Field(default=None, description="主管部门对存量登记的审核")


class ImportList(Page):
    """A page of imports in the order they were made."""

    imports: list[ImportOut]


class ImportConfirmed(Event):
    """A department confirmed an import; its entries to be taken over wait for the competent department."""

    subject: ClassVar[str] = "zhengshu.catalog.import.confirmed.v1"

    token: str
    provider: str
    waiting: int


class ImportReviewed(Event):
    """The competent department published an import's entries taken over as they stood, or returned them."""

    subject: ClassVar[str] = "zhengshu.catalog.import.reviewed.v1"

    token: str
    provider: str
    outcome: Outcome
    entries: tuple[str, ...]


class ItemDraft(ApiModel):
    """An item as a file suggests it; its classes are for whoever compiles to choose."""

    name: str = Field(description="信息项英文名;列名不能用作英文名时为 c 加序号")
    title: str = Field(description="信息项中文名称")
    type: ItemType = Field(description="数据类型")
    length: int | None = Field(default=None, description="数据长度")
    precision: int | None = Field(default=None, description="小数位数")
    nullable: bool = Field(description="可否为空")
    key: bool = Field(default=False, description="是否主键项")


class ItemDrafts(ApiModel):
    """Items that a file suggests."""

    items: list[ItemDraft]
    rows: int = Field(description="据以判断的行数")
    structure: bool = Field(description="文件是否为数据库表结构清单")
