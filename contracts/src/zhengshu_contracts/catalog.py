"""What catalog owns: organisations, systems, officers, entries, batches, versions, receipts."""

from datetime import date, datetime
from typing import Any, ClassVar

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Event, Page
from zhengshu_contracts.policy import Citation, Condition
from zhengshu_contracts.vocabulary import (
    Audience,
    BatchMode,
    DatasetId,
    EntryState,
    Grade,
    ItemName,
    ItemType,
    OpeningClass,
    OrganizationCode,
    OrganizationKind,
    Origin,
    Outcome,
    ResourceFormat,
    Role,
    Sensitivity,
    ServiceRegistrationState,
    SharingClass,
    UpdateCycle,
)


class SharingOffice(ApiModel):
    """政务数据共享工作机构 (Decree 809 Art. 11)."""

    name: str = Field(min_length=1, max_length=80, description="共享工作机构名称")
    head: str = Field(min_length=1, max_length=40, description="机构负责人")


class OrganizationIn(ApiModel):
    """An organisation to register."""

    code: OrganizationCode
    name: str = Field(min_length=2, max_length=80, description="单位名称")
    kind: OrganizationKind = Field(description="单位类型")
    office: SharingOffice | None = Field(default=None, description="政务数据共享工作机构")


class OrganizationOut(OrganizationIn):
    """A registered organisation."""

    registered_at: datetime = Field(description="登记时间")


class OrganizationList(Page):
    """A page of organisations."""

    organizations: list[OrganizationOut]


class SystemIn(ApiModel):
    """A business system (信息化系统) to register."""

    organization: OrganizationCode
    name: str = Field(min_length=2, max_length=80, description="业务系统名称")
    description: str = Field(default="", max_length=500, description="用途说明")


class SystemOut(SystemIn):
    """A registered system."""

    id: str = Field(description="系统标识,即客户端标识")
    registered_at: datetime = Field(description="登记时间")


class SystemList(Page):
    """A page of systems."""

    systems: list[SystemOut]


class OfficerIn(ApiModel):
    """An officer to register."""

    organization: OrganizationCode
    name: str = Field(min_length=1, max_length=40, description="姓名")
    roles: list[Role] = Field(min_length=1, description="角色")


class Credentials(ApiModel):
    """A client's credentials: shown once, never again."""

    client_id: str = Field(description="客户端标识")
    client_secret: str = Field(description="客户端密钥,只显示这一次,请妥善保存")


class SystemRegistered(SystemOut):
    """The answer to a system's registration."""

    credentials: Credentials


class OfficerRegistered(ApiModel):
    """The answer to an officer's registration."""

    id: str
    organization: OrganizationCode
    roles: list[Role]
    credentials: Credentials


class CredentialCheck(ApiModel):
    """Gateway → owner of a credential: is this secret right?"""

    client_id: str = Field(max_length=80)
    client_secret: str = Field(max_length=200)


class Item(ApiModel):
    """信息项. Neither class has a default: whoever compiles must choose (Decree 809 Art. 13, 14)."""

    name: ItemName
    title: str = Field(min_length=1, max_length=80, description="信息项中文名称")
    type: ItemType = Field(description="数据类型")
    length: int | None = Field(default=None, ge=1, le=100_000, description="数据长度")
    precision: int | None = Field(default=None, ge=0, le=30, description="小数位数")
    nullable: bool = Field(default=True, description="可否为空")
    key: bool = Field(default=False, description="是否主键项")
    codes: list[str] | None = Field(default=None, max_length=2000, description="代码表")
    pattern: str | None = Field(default=None, max_length=200, description="格式(正则表达式)")
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
        pattern=r"^[1-3]\d{5,27}$", description="信息资源分类代码:类、项、目、细目"
    )
    title: str = Field(min_length=2, max_length=50, description="信息资源名称")
    abstract: str = Field(min_length=1, max_length=256, description="信息资源摘要")
    format: ResourceFormat = Field(description="信息资源格式")
    update_cycle: UpdateCycle = Field(description="更新周期")
    items: list[Item] = Field(min_length=1, max_length=500, description="信息项")
    related: list[str] = Field(default=[], max_length=50, description="关联资源代码")
    extensions: dict[str, Any] = Field(default={}, description="扩展元数据")
    state_secret: bool = Field(description="是否涉及国家秘密")
    work_secret: bool = Field(description="是否涉及工作秘密")
    secrecy_assessment: Assessment | None = Field(default=None, description="保密风险评估")
    privacy_assessment: Assessment | None = Field(default=None, description="个人信息保护影响评估")
    head_consent: Consent | None = Field(default=None, description="部门负责人审核同意")


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
    opinion: str | None = Field(default=None, description="最近一次审核意见")
    published_at: datetime | None = Field(default=None, description="发布日期")
    revising: EntryState | None = Field(
        default=None, description="正在修订的下一版次的状态;没有修订时为空,其他单位看不到"
    )


class EntryList(Page):
    """A page of entries."""

    entries: list[EntryOut]


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


class RevisionList(ApiModel):
    """Every revision that the caller may see, newest first."""

    revisions: list[RevisionOut]


class ReviewIn(ApiModel):
    """The competent department's review of a submitted entry or an opening proposal."""

    outcome: Outcome = Field(description="agree 发布;return 退回修改")
    opinion: str = Field(min_length=1, max_length=500, description="审核意见")


class RowProblem(ApiModel):
    """One bad value in a batch."""

    row: int = Field(description="行号,从 1 起,不计表头")
    item: str | None = Field(description="信息项")
    code: str = Field(description="错误代码")
    message: str = Field(description="说明")
    value: str | None = Field(default=None, description="出错的值;敏感信息项不回显")


class BatchOut(ApiModel):
    """What became of a push."""

    id: str = Field(description="批次标识")
    dataset: DatasetId
    mode: BatchMode
    received: int = Field(description="收到行数")
    inserted: int = Field(description="新增行数")
    updated: int = Field(description="更新行数")
    deleted: int = Field(description="删除行数")
    unchanged: int = Field(description="无变化行数")
    refused: int = Field(description="不合格行数")
    version: str | None = Field(description="形成的版本 epoch.n;没有变化时为空")
    digest: str = Field(description="请求体 SHA-256")
    problems: list[RowProblem] = Field(default=[], description="不合格明细(最多 1000 条)")
    encoding: str | None = Field(default=None, description="识别出的字符编码")
    dry_run: bool = False
    receipt: str | None = Field(default=None, description="签名回执(JWS),可离线验证")


class Receipt(ApiModel):
    """What a receipt's signature covers."""

    batch: str
    dataset: DatasetId
    system: str
    mode: BatchMode
    version: str | None
    received: int
    inserted: int
    updated: int
    deleted: int
    digest: str
    at: datetime


class ItemBrief(ApiModel):
    """An item as other services need it."""

    name: str
    title: str
    type: ItemType
    key: bool = False
    nullable: bool = True
    sensitivity: Sensitivity = Sensitivity.NONE
    sharing: SharingClass
    opening: OpeningClass
    condition: Condition | None = None
    citation: Citation | None = None


class OrganizationRegistered(Event):
    """An organisation was registered or its registration changed."""

    subject: ClassVar[str] = "zhengshu.catalog.organization.registered.v1"

    code: str
    name: str
    kind: OrganizationKind
    office: str | None = None


class SystemWasRegistered(Event):
    """A business system was registered."""

    subject: ClassVar[str] = "zhengshu.catalog.system.registered.v1"

    system: str
    organization: str
    name: str


class OfficerWasRegistered(Event):
    """An officer's account was made; the name stays in catalog."""

    subject: ClassVar[str] = "zhengshu.catalog.officer.registered.v1"

    officer: str
    organization: str
    roles: tuple[Role, ...]


class EntrySubmitted(Event):
    """A department submitted an entry for review."""

    subject: ClassVar[str] = "zhengshu.catalog.entry.submitted.v1"

    entry: str
    provider: str
    title: str


class EntryReturned(Event):
    """The competent department returned an entry."""

    subject: ClassVar[str] = "zhengshu.catalog.entry.returned.v1"

    entry: str
    by: str


class EntryRefused(Event):
    """An entry was refused as secret; only the refusal is recorded (Decree 809 Art. 3)."""

    subject: ClassVar[str] = "zhengshu.catalog.entry.refused.v1"

    provider: str
    rule: str


class EntryPublished(Event):
    """A revision of an entry was published, the county's own or a municipal copy."""

    subject: ClassVar[str] = "zhengshu.catalog.entry.published.v1"

    entry: str
    code: str
    revision: int
    title: str
    abstract: str = ""
    provider: str
    provider_name: str
    origin: Origin
    update_cycle: UpdateCycle
    sharing: SharingClass
    items: tuple[ItemBrief, ...]
    municipal_code: str | None = None


class EntryRetired(Event):
    """An entry is no longer published."""

    subject: ClassVar[str] = "zhengshu.catalog.entry.retired.v1"

    entry: str
    provider: str


class EntryRegistered(Event):
    """The municipal platform registered an entry and gave it its code."""

    subject: ClassVar[str] = "zhengshu.catalog.entry.registered.v1"

    entry: str
    municipal_code: str


class ServiceRegistrationChanged(Event):
    """The municipal platform granted or withdrew the right to serve a dataset (挂接)."""

    subject: ClassVar[str] = "zhengshu.catalog.service.changed.v1"

    dataset: str
    state: ServiceRegistrationState
    service_code: str | None = None
    reason: str = ""


class DatasetUpdated(Event):
    """A batch made a new version. Subject carries the audience: who may hear of it."""

    subject: ClassVar[str] = "zhengshu.dataset.{audience}.{dataset}.updated.v1"

    audience: Audience
    dataset: str
    epoch: int
    version: int
    batch: str
    mode: BatchMode
    inserted: int
    updated: int
    deleted: int
    rows: int
    """Rows in the dataset after this version."""
    digest: str


class UploadAcknowledged(Event):
    """The municipal platform acknowledged a range of versions."""

    subject: ClassVar[str] = "zhengshu.catalog.upload.acknowledged.v1"

    dataset: str
    epoch: int
    since: int
    to: int
    rows: int
    digest: str


class MunicipalEntry(ApiModel):
    """An entry of the municipal catalogue as the gateway hands it to catalog for its read-only copy."""

    id: DatasetId
    code: str
    municipal_code: str
    revision: int
    sequence: int = Field(description="市级目录变更序号")
    title: str
    abstract: str
    provider: OrganizationCode
    provider_name: str
    update_cycle: UpdateCycle
    items: list[Item]
    retired: bool = False


class MunicipalCopy(ApiModel):
    """How far the copy of the municipal catalogue has come."""

    sequence: int
