"""Grants: what a department holds of a dataset, how it is stopped, and what becomes of the data."""

from datetime import date, datetime

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Page
from zhengshu_contracts.limits import ItemMask, Quota
from zhengshu_contracts.sharing.clocks import Deadline
from zhengshu_contracts.vocabulary import DatasetId, DisposalMethod, GrantState, Mode


class Consultation(ApiModel):
    """That the provider talked with the user before it stops (Decree 809 Art. 27)."""

    on: date = Field(description="协商日期")
    person: str = Field(min_length=2, max_length=50, description="使用单位参加协商的人员")
    record: str = Field(min_length=5, max_length=2000, description="协商记录")


class StopIn(ApiModel):
    """A provider announces that it will stop serving a grant: filed, and told ahead."""

    reason: str = Field(min_length=2, max_length=500, description="正当理由")
    consultation: Consultation
    ends: date = Field(description="最后可用日期")


class StopOut(StopIn):
    """An announced stop."""

    number: str = Field(description="备案编号")
    announced_at: datetime


class RectificationIn(ApiModel):
    """What the holder of a suspended grant has put right."""

    report: str = Field(min_length=5, max_length=2000, description="整改情况")


class DisposalIn(ApiModel):
    """What was done with the data once a grant was over."""

    method: DisposalMethod = Field(description="处置方式")
    note: str = Field(min_length=5, max_length=2000, description="处置范围与过程")
    on: date = Field(description="处置完成日期")


class DisposalOut(ApiModel):
    """A disposal task: open until the record is there."""

    opened_at: datetime
    due: date | None = None
    method: DisposalMethod | None = None
    note: str | None = None
    on: date | None = None


class GrantOut(Deadline):
    """A grant: columns, rows, masks, modes, purpose, period and quota."""

    id: str
    part: str
    dataset: DatasetId
    title: str
    holder: str
    provider: str
    items: list[str]
    modes: list[Mode]
    filter: str
    masks: list[ItemMask] = Field(default=[], description="脱敏的信息项")
    quota: Quota | None = None
    purpose: str
    starts: datetime
    ends: datetime
    state: GrantState = Field(
        description="状态;撤销、到期后何时已在各网关副本全部停止,见 GET /v1/grants/{id}/revocation 的 at"
    )
    state_label: str
    reason: str | None = None
    renews: str | None = Field(default=None, description="所续期的授权")
    suspended_by: str | None = Field(default=None, description="作出暂停的单位")
    rectification: str | None = Field(default=None, description="整改情况")
    stop: StopOut | None = Field(default=None, description="提供单位停止服务的预告")
    doubted: bool = Field(default=False, description="数据存疑:校核办理中")
    disposal: DisposalOut | None = Field(default=None, description="数据处置")


class GrantList(Page):
    """A page of grants."""

    grants: list[GrantOut]


class ReasonIn(ApiModel):
    """Why something is stopped, withdrawn or taken up again."""

    reason: str = Field(min_length=2, max_length=500, description="理由")
