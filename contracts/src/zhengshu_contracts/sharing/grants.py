"""Grants: what a department holds of a dataset."""

from datetime import datetime

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Page
from zhengshu_contracts.vocabulary import DatasetId, GrantState, Mode


class GrantOut(ApiModel):
    """A grant: columns, rows, modes, purpose and period."""

    id: str
    part: str
    dataset: DatasetId
    title: str
    holder: str
    provider: str
    items: list[str]
    modes: list[Mode]
    filter: str
    purpose: str
    starts: datetime
    ends: datetime
    state: GrantState
    state_label: str
    reason: str | None = None


class GrantList(Page):
    """A page of grants."""

    grants: list[GrantOut]


class ReasonIn(ApiModel):
    """Why something is stopped, withdrawn or taken up again."""

    reason: str = Field(min_length=2, max_length=500, description="理由")
