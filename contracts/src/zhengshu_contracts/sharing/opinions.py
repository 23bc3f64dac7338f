"""Opinions: what the Commission asks of a provider."""

from datetime import date, datetime

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Page
from zhengshu_contracts.catalog import Consent
from zhengshu_contracts.limits import ItemMask, Quota
from zhengshu_contracts.sharing.clocks import ExtensionOut
from zhengshu_contracts.vocabulary import DatasetId, Mode, OpinionState, Outcome


class OpinionIn(ApiModel):
    """A provider's opinion (Decree 809 Art. 20, 21)."""

    outcome: Outcome = Field(description="agree 同意;refuse 不同意")
    reason: str = Field(default="", max_length=500, description="理由(不同意时必填)")
    masks: list[ItemMask] = Field(default=[], max_length=500, description="要求脱敏的信息项")
    quota: Quota | None = Field(default=None, description="要求的每日用量上限")
    consent: Consent = Field(description="本单位共享工作机构负责人同意")


class OpinionOut(ApiModel):
    """An opinion that the Commission asks of a provider."""

    id: str
    part: str
    application: str
    dataset: DatasetId
    title: str
    provider: str = Field(description="被征求意见的提供单位")
    applicant: str
    items: list[str]
    modes: list[Mode]
    purpose: str
    until: date
    state: OpinionState
    state_label: str
    requested_at: datetime
    due: date | None = None
    due_provisional: bool = Field(default=False, description="节假日安排尚未公布,期限为暂定")
    reason: str = ""
    masks: list[ItemMask] = Field(default=[], description="要求脱敏的信息项")
    quota: Quota | None = None
    extension: ExtensionOut | None = Field(default=None, description="延期答复申请")


class OpinionList(Page):
    """A page of opinions."""

    opinions: list[OpinionOut]
