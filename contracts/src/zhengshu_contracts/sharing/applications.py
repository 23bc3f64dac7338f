"""Applications: what is applied for, what is endorsed, supplied and shown."""

from datetime import date, datetime

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Line, Name, Page
from zhengshu_contracts.catalog import Consent
from zhengshu_contracts.grounds import RefusalGround
from zhengshu_contracts.limits import ItemMask, Quota
from zhengshu_contracts.sharing.attachments import AttachmentOut
from zhengshu_contracts.sharing.clocks import Deadline
from zhengshu_contracts.vocabulary import (
    ApplicationState,
    DatasetId,
    ItemName,
    Mode,
    Outcome,
    SharingClass,
)


class PartIn(ApiModel):
    """What is applied for of one dataset."""

    dataset: DatasetId
    items: list[ItemName] = Field(min_length=1, max_length=500, description="申请的信息项")
    modes: list[Mode] = Field(min_length=1, max_length=len(Mode), description="共享方式")
    filter: str = Field(
        default="", max_length=2000, description="行条件,写法同查询接口,如 town=eq.凤山镇"
    )
    quota: Quota | None = Field(default=None, description="每日用量")


class ApplicationIn(ApiModel):
    """A sharing application (Decree 809 Art. 20)."""

    parts: list[PartIn] = Field(min_length=1, max_length=20, description="申请的数据")
    basis: str = Field(min_length=2, max_length=500, description="使用依据")
    scenario: str = Field(min_length=2, max_length=500, description="使用场景")
    scope: str = Field(min_length=2, max_length=500, description="使用范围")
    purpose: str = Field(min_length=2, max_length=200, description="使用用途")
    until: date = Field(description="使用时限")
    consent: Consent = Field(description="本单位共享工作机构负责人同意")
    renews: Name | None = Field(default=None, description="拟续期的授权标识")
    attachments: list[Name] = Field(default=[], max_length=20, description="附件标识")


class ApplicationDraft(ApiModel):
    """An application as it would be made again: everything but the consent, which is given anew."""

    parts: list[PartIn]
    basis: str
    scenario: str
    scope: str
    purpose: str
    until: date = Field(description="同样长的使用时限,从今天起算")
    renews: str | None = None


class PartOut(ApiModel):
    """A part of an application: one dataset, one class of items."""

    id: str
    dataset: DatasetId
    title: str
    provider: str
    sharing: SharingClass
    items: list[str]
    modes: list[Mode]
    filter: str
    quota: Quota | None = None
    state: ApplicationState
    state_label: str
    reason: str | None = Field(default=None, description="不予授权的理由或依据")
    grant: str | None = Field(default=None, description="授权标识")


class Step(ApiModel):
    """One step of the timeline."""

    at: datetime
    actor: str = Field(description="办理单位")
    officer: str | None = Field(default=None, description="办理人的客户端标识")
    what: str
    opinion: str = ""
    part: str | None = None


class ApplicationOut(Deadline):
    """An application with its parts and timeline."""

    id: str
    number: str = Field(description="受理编号")
    organization: str
    basis: str
    scenario: str
    scope: str
    purpose: str
    until: date = Field(description="使用时限")
    renews: str | None = None
    state: ApplicationState = Field(description="进度最慢的部分的状态")
    state_label: str
    parts: list[PartOut]
    timeline: list[Step]
    attachments: list[AttachmentOut] = Field(default=[], description="附件")
    submitted_at: datetime


class ApplicationList(Page):
    """A page of applications."""

    applications: list[ApplicationOut]


class EndorsementIn(ApiModel):
    """The competent department's endorsement; `return` is the one complete supplement notice."""

    outcome: Outcome = Field(description="agree 同意转报;return 一次性告知补正;refuse 不同意")
    opinion: str = Field(min_length=1, max_length=500, description="意见")
    missing: list[Line] = Field(default=[], max_length=50, description="需补正的全部材料")
    ground: RefusalGround | None = Field(
        default=None, description="不同意的法定理由(不同意时必填);材料不全不是理由,应一次性告知补正"
    )


class SupplementIn(ApiModel):
    """What the supplement notice asked for; a member left out stays as it was. Parts cannot change."""

    note: str = Field(min_length=2, max_length=1000, description="补正说明")
    basis: str | None = Field(default=None, min_length=2, max_length=500, description="使用依据")
    scenario: str | None = Field(default=None, min_length=2, max_length=500, description="使用场景")
    scope: str | None = Field(default=None, min_length=2, max_length=500, description="使用范围")
    purpose: str | None = Field(default=None, min_length=2, max_length=200, description="使用用途")
    until: date | None = Field(default=None, description="使用时限")
    consent: Consent | None = Field(default=None, description="本单位共享工作机构负责人同意")
    attachments: list[Name] = Field(default=[], max_length=20, description="附件标识")


class PaperDecisionIn(ApiModel):
    """The Commission's decision on one part, made on paper and entered with its scan."""

    part: Name
    outcome: Outcome = Field(description="agree 同意授权;refuse 不予授权")
    document: str = Field(min_length=2, max_length=100, description="批复文号")
    decided_on: date = Field(description="批复日期")
    scan: Name = Field(description="批复扫描件的附件标识")
    items: list[ItemName] | None = Field(default=None, max_length=500, description="准予的信息项")
    modes: list[Mode] | None = Field(
        default=None, max_length=len(Mode), description="准予的共享方式"
    )
    filter: str = Field(default="", max_length=2000, description="批复另加的行条件")
    until: date | None = Field(default=None, description="准予的使用时限")
    masks: list[ItemMask] = Field(default=[], max_length=500, description="要求脱敏的信息项")
    quota: Quota | None = Field(default=None, description="每日用量上限")
    reason: str = Field(default="", max_length=500, description="理由(不予授权时必填)")
