"""Opinions: what the Commission asks of a provider."""

from datetime import date, datetime

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Page
from zhengshu_contracts.catalog import Consent
from zhengshu_contracts.grounds import RefusalGround
from zhengshu_contracts.limits import ItemMask, Quota
from zhengshu_contracts.sharing.applications import Step
from zhengshu_contracts.sharing.attachments import AttachmentOut
from zhengshu_contracts.sharing.clocks import Deadline, ExtensionOut
from zhengshu_contracts.vocabulary import DatasetId, Mode, OpinionState, Outcome


class OpinionIn(ApiModel):
    """A provider's opinion (Decree 809 Art. 20, 21)."""

    outcome: Outcome = Field(description="agree 同意;refuse 不同意")
    ground: RefusalGround | None = Field(
        default=None, description="不同意的法定理由(不同意时必填);材料不全不是理由"
    )
    reason: str = Field(default="", max_length=500, description="理由(不同意时必填)")
    masks: list[ItemMask] = Field(default=[], max_length=500, description="要求脱敏的信息项")
    quota: Quota | None = Field(default=None, description="要求的每日用量上限")
    consent: Consent = Field(description="本单位共享工作机构负责人同意")


class OpinionOut(Deadline):
    """An opinion that the Commission asks of a provider."""

    id: str
    part: str
    application: str
    number: str = Field(description="受理编号")
    dataset: DatasetId
    title: str
    provider: str = Field(description="被征求意见的提供单位")
    applicant: str
    applicant_name: str = Field(description="申请单位名称")
    items: list[str]
    modes: list[Mode]
    filter: str = Field(default="", description="申请的行条件")
    wished_quota: Quota | None = Field(default=None, description="申请的每日用量")
    basis: str = Field(description="使用依据")
    scenario: str = Field(description="使用场景")
    scope: str = Field(description="使用范围")
    purpose: str = Field(description="使用用途")
    until: date = Field(description="使用时限")
    consent: Consent = Field(description="申请单位共享工作机构负责人同意")
    renews: str | None = Field(default=None, description="拟续期的授权")
    attachments: list[AttachmentOut] = Field(default=[], description="申请的附件")
    timeline: list[Step] = Field(default=[], description="与本部分有关的办理过程")
    state: OpinionState
    state_label: str
    requested_at: datetime
    ground: RefusalGround | None = Field(default=None, description="不同意的法定理由")
    reason: str = ""
    masks: list[ItemMask] = Field(default=[], description="要求脱敏的信息项")
    quota: Quota | None = Field(default=None, description="要求的每日用量上限")
    extension: ExtensionOut | None = Field(default=None, description="延期答复申请")


class OpinionList(Page):
    """A page of opinions."""

    opinions: list[OpinionOut]
