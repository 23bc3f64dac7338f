"""Objections against a sharing class."""

from datetime import datetime

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Page
from zhengshu_contracts.vocabulary import DatasetId, ItemName


class ObjectionIn(ApiModel):
    """An objection against an item's class (共享属性异议)."""

    dataset: DatasetId
    items: list[ItemName] = Field(default=[], max_length=500, description="有异议的信息项;空为全部")
    reason: str = Field(min_length=2, max_length=1000, description="理由")


class ObjectionOut(ObjectionIn):
    """A filed objection."""

    id: str
    organization: str
    filed_at: datetime
    state: str
    state_label: str


class ObjectionList(Page):
    """A page of objections."""

    objections: list[ObjectionOut]
