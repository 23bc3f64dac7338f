"""Exchange systems of old (原有跨部门信息共享交换系统), until the municipal platform does their work."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Event, Page
from zhengshu_contracts.vocabulary import DatasetId, LegacyState, OrganizationCode


class LegacyInterface(ApiModel):
    """One interface of an old system, and the entry that takes its place."""

    code: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,60}$", description="接口标识,系统内唯一")
    title: str = Field(min_length=2, max_length=80, description="接口名称")
    entry: DatasetId | None = Field(default=None, description="对应的目录条目")


class LegacySystemIn(ApiModel):
    """An old exchange system as its department registers it."""

    name: str = Field(min_length=2, max_length=80, description="系统名称")
    description: str = Field(min_length=1, max_length=500, description="在哪些单位之间交换什么数据")
    interfaces: list[LegacyInterface] = Field(min_length=1, max_length=200, description="接口")


class LegacyStageIn(ApiModel):
    """The next stage of an old system."""

    state: LegacyState = Field(description="阶段")


class LegacyCountIn(ApiModel):
    """What an interface of the old system carried in a period of the dual run."""

    interface: str = Field(max_length=60, description="接口标识")
    since: datetime = Field(description="起始时间(含)")
    until: datetime = Field(description="截止时间(不含)")
    rows: int = Field(ge=0, le=10**12, description="原系统在此期间交换的行数")


class LegacyCount(LegacyCountIn):
    """The same beside what this node took in that period."""

    taken: int = Field(description="本节点在此期间收下的行数(各批次收到的行减去不合格的行)")
    difference: int = Field(description="原系统行数减去本节点行数,0 为一致")
    at: datetime = Field(description="核对时间")


class LegacyProgress(ApiModel):
    """How far one interface has come."""

    interface: str = Field(description="接口标识")
    published: bool = Field(description="对应的目录条目已发布")
    pushed: bool = Field(description="数据已上报到本节点")
    reconciled: bool = Field(description="双轨运行以来最近一次核对一致")
    acknowledged: bool = Field(
        description="市级平台的回执覆盖当前版本;不予共享的数据不上报市级平台"
    )
    exempt: bool = Field(description="不予共享,不上报市级平台")
    count: LegacyCount | None = Field(description="最近一次核对")


class LegacySystemOut(LegacySystemIn):
    """An old system with its progress."""

    id: str
    organization: OrganizationCode
    state: LegacyState = Field(description="阶段")
    state_label: str = Field(description="阶段名称")
    registered_at: datetime = Field(description="登记时间")
    dual_since: datetime | None = Field(description="双轨运行开始时间")
    progress: list[LegacyProgress] = Field(description="各接口的进度")
    ready: int = Field(description="可以切换的接口数")


class LegacySystemList(Page):
    """A page of old systems by id."""

    systems: list[LegacySystemOut]


class LegacySystemRegistered(Event):
    """An old exchange system was registered, or its interfaces were."""

    subject: ClassVar[str] = "zhengshu.catalog.legacy_system.registered.v1"

    system: str
    organization: str
    interfaces: int


class LegacySystemAdvanced(Event):
    """An old exchange system reached its next stage."""

    subject: ClassVar[str] = "zhengshu.catalog.legacy_system.advanced.v1"

    system: str
    organization: str
    state: LegacyState


class LegacyCountReconciled(Event):
    """What an old system carried was held against what the node took."""

    subject: ClassVar[str] = "zhengshu.catalog.legacy_count.reconciled.v1"

    system: str
    interface: str
    dataset: str
    difference: int
