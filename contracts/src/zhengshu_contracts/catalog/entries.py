"""Entries and their items, revisions, reviews; the copy of the municipal catalogue."""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from zhengshu_contracts.base import BIGGEST, ApiModel, Name, Page
from zhengshu_contracts.catalog.batches import Quality
from zhengshu_contracts.catalog.imports import Change
from zhengshu_contracts.catalog.life import AffectedGrant, ClassChange, RetirementOut
from zhengshu_contracts.policy import Citation, Condition
from zhengshu_contracts.vocabulary import (
    DatasetId,
    EntryState,
    Grade,
    ItemName,
    ItemType,
    Mode,
    OpeningClass,
    OrganizationCode,
    Origin,
    Outcome,
    ResourceFormat,
    Sensitivity,
    ServiceRegistrationState,
    SharingClass,
    UpdateCycle,
)


class Item(ApiModel):
    """信息项. Neither class has a default: whoever compiles must choose (Decree 809 Art. 13, 14)."""

    name: ItemName
    title: str = Field(min_length=1, max_length=80, description="信息项中文名称")
    type: ItemType = Field(description="数据类型")
    length: int | None = Field(default=None, ge=1, le=100_000, description="数据长度")
    precision: int | None = Field(default=None, ge=0, le=30, description="小数位数")
    nullable: bool = Field(default=True, description="可否为空")
    key: bool = Field(default=False, description="是否主键项")
    codes: list[Name] | None = Field(default=None, max_length=2000, description="代码表")
    pattern: str | None = Field(default=None, max_length=200, description="格式(正则表达式)")
    loose_dates: bool = Field(
        default=False,
        description="日期按习惯写法接受(20210930、2021.9.30、2021/9/30、2021年9月30日)",
    )
    sensitivity: Sensitivity = Field(default=Sensitivity.NONE, description="敏感程度")
    grade: Grade = Field(default=Grade.GENERAL, description="数据级别")
    sharing: SharingClass = Field(description="共享属性")
    opening: OpeningClass = Field(description="开放属性")
    condition: Condition | None = Field(
        default=None, description="共享范围与使用用途(有条件共享必填)"
    )
    citation: Citation | None = Field(default=None, description="不予共享的依据(不予共享必填)")


class Assessment(ApiModel):
    """A finished assessment (保密风险评估, 个人信息保护影响评估; Decree 809 Art. 13)."""

    on: date = Field(description="完成日期")
    by: str = Field(min_length=1, max_length=40, description="负责人")
    conclusion: str = Field(min_length=1, max_length=500, description="结论")


class Consent(ApiModel):
    """A head's consent (Decree 809 Art. 13, 20)."""

    by: str = Field(min_length=1, max_length=40, description="同意人")
    on: date = Field(description="同意日期")
    document: str = Field(default="", max_length=120, description="文件号")


class EntryIn(ApiModel):
    """A catalogue entry as compiled: the guide's metadata groups (发改高技〔2017〕1272号)."""

    category: str = Field(
        pattern=r"^([1-3][0-9]{5,27}|[A-Z]{1,4}[0-9]{2,24})$",
        description="信息资源分类代码:类、项、目、细目;字母开头的地方自编代码只用于市级目录的副本",
    )
    title: str = Field(min_length=2, max_length=50, description="信息资源名称")
    abstract: str = Field(min_length=1, max_length=256, description="信息资源摘要")
    format: ResourceFormat = Field(description="信息资源格式")
    update_cycle: UpdateCycle = Field(description="更新周期")
    items: list[Item] = Field(min_length=1, max_length=500, description="信息项")
    provider_office: str = Field(default="", max_length=80, description="提供方内设机构")
    modes: list[Mode] = Field(
        default=[], max_length=4, description="共享方式(有共享的信息项时,提交前必填)"
    )
    opening_condition: str = Field(default="", max_length=500, description="开放条件")
    related: list[Name] = Field(default=[], max_length=50, description="关联资源代码")
    extensions: dict[str, Any] = Field(default={}, description="扩展元数据")
    state_secret: bool = Field(description="是否涉及国家秘密")
    work_secret: bool = Field(description="是否涉及工作秘密")
    secrecy_assessment: Assessment | None = Field(default=None, description="保密风险评估")
    privacy_assessment: Assessment | None = Field(default=None, description="个人信息保护影响评估")
    head_consent: Consent | None = Field(default=None, description="部门负责人审核同意")
    security_review: Assessment | None = Field(
        default=None, description="安全审查(放宽共享属性或开放属性时必填)"
    )


class EntryOut(EntryIn):
    """An entry with what the node knows of it."""

    id: DatasetId
    code: str = Field(description="信息资源代码")
    provider: str = Field(description="提供方代码")
    provider_name: str = Field(description="提供方名称")
    origin: Origin = Field(description="来源")
    state: EntryState = Field(description="状态")
    state_label: str = Field(description="状态名称")
    revision: int = Field(description="已发布的版次,未发布为 0")
    sharing: SharingClass = Field(description="由信息项得出的共享属性")
    grade: Grade = Field(description="由信息项得出的数据级别")
    municipal_code: str | None = Field(description="市级目录代码")
    registration: ServiceRegistrationState = Field(description="挂接状态")
    version: str | None = Field(description="当前数据版本 epoch.n")
    quality: Quality | None = Field(default=None, description="最近测得的数据质量;未推送过为空")
    opinion: str | None = Field(default=None, description="最近一次审核意见")
    published_at: datetime | None = Field(default=None, description="发布日期")
    revising: EntryState | None = Field(
        default=None, description="正在修订的下一版次的状态;没有修订时为空,其他单位看不到"
    )
    mend_by: date | None = Field(default=None, description="存量目录的补齐期限;补齐后为空")
    missing: list[str] = Field(default=[], description="存量目录尚缺的内容")
    retirement: RetirementOut | None = Field(
        default=None, description="待主管部门审核的停用申请;其他单位看不到"
    )


class Facet(ApiModel):
    """How many of the entries found have one value."""

    value: str = Field(description="代码")
    label: str = Field(description="名称")
    count: int = Field(description="条数")


class Facets(ApiModel):
    """The entries found, counted by what they can be narrowed by; the most frequent first."""

    provider: list[Facet] = Field(description="按提供单位")
    theme: list[Facet] = Field(description="按目录分类")
    sharing: list[Facet] = Field(description="按共享属性")
    grade: list[Facet] = Field(description="按数据级别")
    update_cycle: list[Facet] = Field(description="按更新周期")
    origin: list[Facet] = Field(description="按来源")


class EntryList(Page):
    """A page of entries: by id, or the best hits first when words are looked for."""

    entries: list[EntryOut]
    partly: bool = Field(default=False, description="没有条目含有全部词语,所列为含有部分词语的")
    total: int | None = Field(default=None, description="条数,要求 facets 时给出;查词时至多 500")
    facets: Facets | None = Field(default=None, description="分面统计,要求 facets 时给出")


class RevisionOut(ApiModel):
    """One revision of an entry; a published one never changes."""

    number: int = Field(description="版次")
    state: EntryState = Field(description="状态")
    state_label: str = Field(description="状态名称")
    content: EntryIn = Field(description="该版次的内容")
    sharing: SharingClass = Field(description="由信息项得出的共享属性")
    grade: Grade = Field(description="由信息项得出的数据级别")
    opinion: str | None = Field(default=None, description="审核意见")
    compiled_at: datetime = Field(description="编制时间")
    submitted_at: datetime | None = Field(default=None, description="提交时间")
    published_at: datetime | None = Field(default=None, description="发布时间")
    changes: list[Change] = Field(default=[], description="与上一版次的差异")
    class_changes: list[ClassChange] = Field(default=[], description="共享属性、开放属性的变化")
    affected: list[AffectedGrant] = Field(
        default=[], description="未发布的版次:属性变化所影响的有效授权"
    )


class RevisionList(ApiModel):
    """Every revision that the caller may see, newest first."""

    revisions: list[RevisionOut]


class ReviewIn(ApiModel):
    """The competent department's review of a submitted entry or an opening proposal."""

    outcome: Outcome = Field(description="agree 发布;return 退回修改")
    opinion: str = Field(min_length=1, max_length=500, description="审核意见")
    grants_seen: int | None = Field(
        default=None,
        ge=0,
        le=BIGGEST,
        description="已核对的受影响授权数;属性有变化或停用时,同意须填写",
    )


class MunicipalEntry(ApiModel):
    """An entry of the municipal catalogue as the gateway hands it to catalog for its read-only copy."""

    id: DatasetId
    code: str
    municipal_code: str
    revision: int
    sequence: int = Field(ge=1, lt=2**63, description="市级目录变更序号")
    title: str
    abstract: str
    provider: OrganizationCode
    provider_name: str
    update_cycle: UpdateCycle
    items: list[Item] = Field(min_length=1, max_length=500)
    retired: bool = False


class MunicipalCopy(ApiModel):
    """How far the copy of the municipal catalogue has come."""

    sequence: int
