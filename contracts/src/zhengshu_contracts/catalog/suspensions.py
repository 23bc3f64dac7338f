"""Suspensions: a dataset that nobody but its provider may have until the order is lifted."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Event


class SuspensionIn(ApiModel):
    """An order to stop serving a dataset."""

    reason: str = Field(
        min_length=5, max_length=1000, description="暂停提供的原因,不得写入个人信息"
    )
    basis: str = Field(min_length=2, max_length=200, description="依据的法律、法规或文件及条款")


class ResumptionIn(ApiModel):
    """Why a dataset may be served again."""

    reason: str = Field(min_length=5, max_length=1000, description="恢复提供的原因")


class SuspensionOut(SuspensionIn):
    """An order, and when it was lifted."""

    id: str
    entry: str
    ordered_by: str = Field(description="作出暂停的单位")
    ordered_at: datetime
    lifted_at: datetime | None = None
    lifted_reason: str | None = None


class SuspensionList(ApiModel):
    """Every order about an entry, the newest first."""

    suspensions: list[SuspensionOut]


class EntrySuspended(Event):
    """A dataset is to be served to nobody but its provider."""

    subject: ClassVar[str] = "zhengshu.catalog.entry.suspended.v1"

    suspension: str
    entry: str
    provider: str
    by: str
    """The organisation that ordered it."""


class EntryResumed(Event):
    """The order is lifted: the dataset is served as before."""

    subject: ClassVar[str] = "zhengshu.catalog.entry.resumed.v1"

    suspension: str
    entry: str
    provider: str
    by: str
