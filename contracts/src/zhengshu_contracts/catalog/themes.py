"""Theme databases (主题数据库): members joined by declared keys into one entry with rows of its own."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Event, Page
from zhengshu_contracts.catalog.entries import Assessment, Consent, Item
from zhengshu_contracts.vocabulary import (
    DatasetId,
    EntryState,
    ItemName,
    OrganizationCode,
    ServiceRegistrationState,
    SharingClass,
    UpdateCycle,
)


class ThemeMember(ApiModel):
    """One dataset of a theme. Every one but the first is joined by the whole of its key."""

    dataset: DatasetId
    alias: ItemName = Field(description="在本主题数据库中的别名")
    join: dict[ItemName, str] = Field(
        default={},
        max_length=20,
        description="关联键:本成员的主键项 → 前面成员的信息项,写作“别名.信息项”;第一个成员不填",
    )


class ThemeColumn(ApiModel):
    """One column of the joined view: a member's item, under its own name or another."""

    member: ItemName = Field(description="成员别名")
    item: ItemName
    name: ItemName | None = Field(default=None, description="在视图中的英文名;不填则与信息项相同")
    title: str | None = Field(
        default=None, min_length=1, max_length=80, description="在视图中的中文名称;不填则相同"
    )


class ThemeIn(ApiModel):
    """A theme as its lead department compiles it; classes follow from the members' items."""

    category: str = Field(pattern=r"^[1-3][0-9]{5,27}$", description="信息资源分类代码")
    title: str = Field(min_length=2, max_length=50, description="主题数据库名称")
    abstract: str = Field(min_length=1, max_length=256, description="摘要")
    update_cycle: UpdateCycle = Field(description="更新周期")
    members: list[ThemeMember] = Field(min_length=1, max_length=12, description="成员数据集")
    columns: list[ThemeColumn] = Field(min_length=1, max_length=300, description="视图的列")
    secrecy_assessment: Assessment | None = Field(default=None, description="保密风险评估")
    privacy_assessment: Assessment | None = Field(default=None, description="个人信息保护影响评估")
    head_consent: Consent | None = Field(default=None, description="牵头部门负责人审核同意")
    security_review: Assessment | None = Field(
        default=None, description="安全审查(放宽共享属性时必填)"
    )


class ThemeConsentIn(ApiModel):
    """A member's provider agrees that its items are shown in the theme."""

    opinion: str = Field(min_length=1, max_length=500, description="意见")


class ThemeConsent(ThemeConsentIn):
    """A consent as it was given."""

    by: str = Field(description="同意人标识")
    at: datetime = Field(description="同意时间")


class ThemeOut(ThemeIn):
    """A theme with what follows from its members. It is an entry, and a dataset, of the same id."""

    id: DatasetId
    lead: OrganizationCode = Field(description="牵头部门代码")
    lead_name: str = Field(description="牵头部门名称")
    state: EntryState = Field(description="状态")
    state_label: str = Field(description="状态名称")
    revision: int = Field(description="已发布的版次,未发布为 0")
    items: list[Item] = Field(description="由成员的信息项得出的列")
    sharing: SharingClass = Field(description="共享属性:所示各列中最严的")
    consents: dict[OrganizationCode, ThemeConsent] = Field(description="成员提供单位的同意")
    waiting: list[OrganizationCode] = Field(description="尚未同意的成员提供单位")
    registration: ServiceRegistrationState = Field(
        description="能否提供:全部成员都已挂接且与发布时一致才为 live"
    )


class ThemeList(Page):
    """A page of themes by id."""

    themes: list[ThemeOut]


class ThemeCompiled(Event):
    """A theme was compiled or revised; these providers are to say whether they agree."""

    subject: ClassVar[str] = "zhengshu.catalog.theme.compiled.v1"

    theme: str
    lead: str
    title: str
    providers: tuple[str, ...]


class ThemeConsented(Event):
    """A member's provider agreed to be shown in a theme."""

    subject: ClassVar[str] = "zhengshu.catalog.theme.consented.v1"

    theme: str
    provider: str
    by: str
