"""Asking the gateway what it would decide, and why, without doing it."""

from datetime import datetime

from pydantic import Field

from zhengshu_contracts.base import ApiModel
from zhengshu_contracts.limits import ItemMask
from zhengshu_contracts.vocabulary import DatasetId, ItemName, Mode


class DecisionAsk(ApiModel):
    """What the caller would like to do with a dataset."""

    dataset: DatasetId
    mode: Mode = Field(default=Mode.QUERY, description="共享方式")
    items: list[ItemName] | None = Field(
        default=None, max_length=500, description="信息项;不写为全部可见的信息项"
    )
    grant: str | None = Field(default=None, max_length=64, description="所用授权")
    purpose: str | None = Field(default=None, max_length=500, description="本次使用的用途")
    system: str | None = Field(
        default=None,
        max_length=64,
        description="替本单位的哪个业务系统询问;工作人员本人不读取数据,须写明",
    )


class DecisionOut(ApiModel):
    """What would be decided now."""

    allowed: bool = Field(description="是否放行")
    rule: str = Field(description="所适用的规则")
    basis: str = Field(description="依据")
    detail: str = Field(description="说明")
    next: str | None = Field(description="下一步可以做什么")
    columns: list[str] = Field(description="可见的信息项")
    filter: str = Field(description="行条件")
    masks: list[ItemMask] = Field(default=[], description="脱敏规则")
    grant: str | None = Field(description="所用授权")
    revision: int | None = Field(description="目录条目版次")
    version: str | None = Field(default=None, description="已知的数据版本")
    policy: int = Field(description="所依据的授权信息序号")
    as_of: dict[str, datetime] = Field(default={}, description="各来源信息截至何时完整")
