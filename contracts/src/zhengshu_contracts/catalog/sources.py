"""Collect once (一数一源): likely duplicates of an item, and the named source of a shared one."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Event, Page
from zhengshu_contracts.vocabulary import DatasetId, ItemName, ItemType


class SimilarItem(ApiModel):
    """An item of another entry that may be the same datum."""

    entry: DatasetId
    entry_title: str = Field(description="信息资源名称")
    provider: str = Field(description="提供方代码")
    provider_name: str = Field(description="提供方名称")
    item: str = Field(description="信息项英文名")
    title: str = Field(description="信息项中文名称")
    type: ItemType = Field(description="数据类型")
    score: float = Field(description="相似度,0 至 1")
    source: bool = Field(description="是否已被确定为数源")


class SimilarItems(ApiModel):
    """Likely duplicates: named sources first, then by score."""

    items: list[SimilarItem]


class SourceIn(ApiModel):
    """The competent department's word on which department keeps a shared item."""

    entry: DatasetId = Field(description="数源所在的目录条目")
    item: ItemName = Field(description="数源信息项")
    reason: str = Field(min_length=1, max_length=500, description="理由")


class SourceOut(SourceIn):
    """A named source; naming another of the same title replaces it."""

    title: str = Field(description="信息项中文名称")
    provider: str = Field(description="数源部门代码")
    provider_name: str = Field(description="数源部门名称")
    named_at: datetime = Field(description="确定时间")


class SourceList(Page):
    """A page of named sources."""

    sources: list[SourceOut]


class ItemSourceNamed(Event):
    """The competent department named the source department of a shared item (Decree 809 Art. 19)."""

    subject: ClassVar[str] = "zhengshu.catalog.source.named.v1"

    entry: str
    item: str
    title: str
    provider: str
    by: str
