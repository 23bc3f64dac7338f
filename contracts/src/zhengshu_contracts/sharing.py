"""What sharing owns: applications, opinions, grants, objections."""

from datetime import date, datetime
from typing import ClassVar

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Event, Page
from zhengshu_contracts.catalog import Consent
from zhengshu_contracts.vocabulary import (
    ApplicationState,
    DatasetId,
    GrantState,
    ItemName,
    Mode,
    OpinionState,
    Outcome,
    SharingClass,
)


class PartIn(ApiModel):
    """What is applied for of one dataset."""

    dataset: DatasetId
    items: list[ItemName] = Field(min_length=1, max_length=500, description="申请的信息项")
    modes: list[Mode] = Field(min_length=1, description="共享方式")
    filter: str = Field(
        default="", max_length=2000, description="行条件,写法同查询接口,如 town=eq.凤山镇"
    )


class ApplicationIn(ApiModel):
    """A sharing application (Decree 809 Art. 20)."""

    parts: list[PartIn] = Field(min_length=1, max_length=20, description="申请的数据")
    basis: str = Field(min_length=2, max_length=500, description="使用依据")
    scenario: str = Field(min_length=2, max_length=500, description="使用场景")
    scope: str = Field(min_length=2, max_length=500, description="使用范围")
    purpose: str = Field(min_length=2, max_length=200, description="使用用途")
    until: date = Field(description="使用时限")
    consent: Consent = Field(description="本单位共享工作机构负责人同意")


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


class ApplicationOut(ApiModel):
    """An application with its parts and timeline."""

    id: str
    number: str = Field(description="受理编号")
    organization: str
    basis: str
    scenario: str
    scope: str
    purpose: str
    until: date
    state: ApplicationState = Field(description="进度最慢的部分的状态")
    state_label: str
    parts: list[PartOut]
    timeline: list[Step]
    submitted_at: datetime
    due: date | None = Field(default=None, description="当前环节办理期限")
    due_provisional: bool = Field(default=False, description="节假日安排尚未公布,期限为暂定")


class ApplicationList(Page):
    """A page of applications."""

    applications: list[ApplicationOut]


class EndorsementIn(ApiModel):
    """The competent department's endorsement; `return` is the one complete supplement notice."""

    outcome: Outcome = Field(description="agree 同意转报;return 一次性告知补正;refuse 不同意")
    opinion: str = Field(min_length=1, max_length=500, description="意见")
    missing: list[str] = Field(default=[], max_length=50, description="需补正的全部材料")


class SupplementIn(ApiModel):
    """What the supplement notice asked for; a member left out stays as it was. Parts cannot change."""

    note: str = Field(min_length=2, max_length=1000, description="补正说明")
    basis: str | None = Field(default=None, min_length=2, max_length=500, description="使用依据")
    scenario: str | None = Field(default=None, min_length=2, max_length=500, description="使用场景")
    scope: str | None = Field(default=None, min_length=2, max_length=500, description="使用范围")
    purpose: str | None = Field(default=None, min_length=2, max_length=200, description="使用用途")
    until: date | None = Field(default=None, description="使用时限")
    consent: Consent | None = Field(default=None, description="本单位共享工作机构负责人同意")


class OpinionIn(ApiModel):
    """A provider's opinion (Decree 809 Art. 20, 21)."""

    outcome: Outcome = Field(description="agree 同意;refuse 不同意")
    reason: str = Field(default="", max_length=500, description="理由(不同意时必填)")
    consent: Consent = Field(description="本单位共享工作机构负责人同意")


class OpinionOut(ApiModel):
    """An opinion that the Commission asks of a provider."""

    id: str
    part: str
    application: str
    dataset: DatasetId
    title: str
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


class OpinionList(Page):
    """A page of opinions."""

    opinions: list[OpinionOut]


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


class ApplicationEvent(Event):
    """Common members of what happens to an application."""

    application: str
    organization: str


class ApplicationSubmitted(ApplicationEvent):
    """A department applied."""

    subject: ClassVar[str] = "zhengshu.sharing.application.submitted.v1"

    number: str
    datasets: tuple[str, ...]


class ApplicationEndorsed(ApplicationEvent):
    """The competent department endorsed an application."""

    subject: ClassVar[str] = "zhengshu.sharing.application.endorsed.v1"

    by: str


class ApplicationReturned(ApplicationEvent):
    """The competent department asked, once, for everything that is missing."""

    subject: ClassVar[str] = "zhengshu.sharing.application.returned.v1"

    by: str


class ApplicationSupplemented(ApplicationEvent):
    """The applicant supplied what was missing."""

    subject: ClassVar[str] = "zhengshu.sharing.application.supplemented.v1"


class ApplicationForwarded(ApplicationEvent):
    """The Commission accepted a part of an application."""

    subject: ClassVar[str] = "zhengshu.sharing.application.forwarded.v1"

    part: str
    acceptance: str


class ApplicationWithdrawn(ApplicationEvent):
    """The applicant withdrew."""

    subject: ClassVar[str] = "zhengshu.sharing.application.withdrawn.v1"


class ApplicationRefused(ApplicationEvent):
    """A part was refused: by the class, the competent department or the Commission."""

    subject: ClassVar[str] = "zhengshu.sharing.application.refused.v1"

    part: str
    dataset: str
    by: str
    basis: str | None = None


class OpinionRequested(Event):
    """The Commission asked a provider's opinion."""

    subject: ClassVar[str] = "zhengshu.sharing.opinion.requested.v1"

    opinion: str
    part: str
    application: str
    provider: str
    due: date | None = None


class OpinionGiven(Event):
    """A provider gave its opinion."""

    subject: ClassVar[str] = "zhengshu.sharing.opinion.given.v1"

    opinion: str
    part: str
    provider: str
    state: OpinionState


class GrantEvent(Event):
    """Common members of what happens to a grant."""

    grant: str
    dataset: str
    holder: str
    provider: str


class GrantActivated(GrantEvent):
    """A grant began."""

    subject: ClassVar[str] = "zhengshu.sharing.grant.activated.v1"

    part: str
    items: tuple[str, ...]
    modes: tuple[Mode, ...]
    ends: datetime


class GrantSuspended(GrantEvent):
    """A grant was suspended (Decree 809 Art. 27)."""

    subject: ClassVar[str] = "zhengshu.sharing.grant.suspended.v1"

    by: str


class GrantResumed(GrantEvent):
    """A suspended grant was taken up again."""

    subject: ClassVar[str] = "zhengshu.sharing.grant.resumed.v1"

    by: str


class GrantRevoked(GrantEvent):
    """A grant was ended before its time."""

    subject: ClassVar[str] = "zhengshu.sharing.grant.revoked.v1"

    by: str


class GrantExpired(GrantEvent):
    """A grant's period is over; its data wait for disposal."""

    subject: ClassVar[str] = "zhengshu.sharing.grant.expired.v1"


class ObjectionFiled(Event):
    """A department objected to a sharing class."""

    subject: ClassVar[str] = "zhengshu.sharing.objection.filed.v1"

    objection: str
    dataset: str
    organization: str
