"""Usage records: what a user keeps of how it uses shared data (Decree 809 Art. 29)."""

from datetime import date, datetime

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Name, Page
from zhengshu_contracts.vocabulary import DatasetId, UsageKind


class UsageIn(ApiModel):
    """One record of one of the five kinds."""

    dataset: DatasetId
    grant: Name | None = Field(default=None, description="所依据的授权;无条件共享的数据可不填")
    kind: UsageKind = Field(description="记录种类")
    on: date = Field(description="发生日期")
    text: str = Field(min_length=5, max_length=2000, description="记录内容,不得写入个人信息")


class UsageOut(UsageIn):
    """A kept record."""

    id: str
    organization: str
    recorded_at: datetime
    keep_until: date = Field(description="至少保存到")


class UsageList(Page):
    """A page of usage records."""

    usage: list[UsageOut]
