"""A client's credential and lock; entrusted vendors; a business system's life and its statements."""

from datetime import date, datetime
from typing import ClassVar

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Event, Name, Page
from zhengshu_contracts.catalog.organizations import Credentials
from zhengshu_contracts.vocabulary import (
    DatasetId,
    EntryState,
    OrganizationCode,
    ServiceRegistrationState,
    SystemStage,
)


class LockIn(ApiModel):
    """Why a client is locked or unlocked."""

    reason: str = Field(min_length=1, max_length=200, description="理由")


class ClientState(ApiModel):
    """Whether a client may call."""

    id: str = Field(description="客户端标识")
    organization: OrganizationCode
    locked: bool = Field(description="是否已停用")
    reason: str | None = Field(description="停用理由")


class ReissueIn(ApiModel):
    """How long the old secret goes on being good beside the new one."""

    overlap_hours: int = Field(default=24, ge=0, le=168, description="旧密钥继续有效的小时数")


class CredentialReissued(ApiModel):
    """A client's new secret, shown once."""

    credentials: Credentials
    previous_until: datetime = Field(description="旧密钥有效至")


class VendorIn(ApiModel):
    """A vendor that a department entrusts with some of its systems until a date (Decree 809 Art. 36)."""

    name: str = Field(min_length=2, max_length=80, description="受托单位名称")
    code: OrganizationCode = Field(description="受托单位统一社会信用代码")
    duties: str = Field(min_length=1, max_length=500, description="受托事项与要求")
    document: str = Field(min_length=1, max_length=120, description="批准文件或合同号")
    systems: list[Name] = Field(min_length=1, max_length=50, description="可以操作的业务系统")
    until: date = Field(description="受托期限(含当日)")


class VendorOut(VendorIn):
    """An entrusted vendor."""

    id: str
    department: OrganizationCode = Field(description="委托部门代码")
    entrusted_at: datetime = Field(description="委托时间")
    ended_at: datetime | None = Field(description="终止时间;为空时仍在受托")


class VendorList(Page):
    """A page of vendors."""

    vendors: list[VendorOut]


class PlannedData(ApiModel):
    """Data that a system is to aggregate, listed before it is built."""

    title: str = Field(min_length=2, max_length=80, description="数据名称")
    entry: DatasetId | None = Field(default=None, description="对应的目录条目")


class PlannedIn(ApiModel):
    """Everything that a system is to aggregate."""

    planned: list[PlannedData] = Field(max_length=200, description="应汇聚的数据")


class StageIn(ApiModel):
    """The next stage of a system's life."""

    stage: SystemStage = Field(description="阶段")


class StatementLine(ApiModel):
    """How far one of a system's planned data has come."""

    title: str = Field(description="数据名称")
    entry: str | None = Field(description="目录条目")
    state: EntryState | None = Field(description="目录状态")
    registration: ServiceRegistrationState | None = Field(description="挂接状态")
    version: str | None = Field(description="当前数据版本")
    rows: int = Field(description="当前行数")
    last_batch: datetime | None = Field(description="最近汇聚时间")
    acknowledged: bool = Field(description="市级平台已确认收到最新版本")
    exempt: bool = Field(default=False, description="全部不予共享,不上报市级平台,无须其确认")
    aggregated: bool = Field(description="是否已汇聚:已发布,且市级平台已确认最新版本(或无须确认)")


class StatementOut(ApiModel):
    """数据汇聚情况证明: what a system has aggregated, as it stood when the statement was issued."""

    number: str = Field(description="编号")
    check_code: str = Field(description="校验码")
    system: str = Field(description="业务系统标识")
    system_name: str = Field(description="业务系统名称")
    organization: OrganizationCode
    organization_name: str = Field(description="单位名称")
    stage: SystemStage = Field(description="建设阶段")
    issued_at: datetime = Field(description="出具时间")
    lines: list[StatementLine] = Field(description="应汇聚的数据")
    complete: bool = Field(description="应汇聚的数据是否全部汇聚")


class StatementList(Page):
    """A page of statements by number."""

    statements: list[StatementOut]


class ClientLocked(Event):
    """A client may no longer call."""

    subject: ClassVar[str] = "zhengshu.catalog.client.locked.v1"

    client: str
    organization: str
    by: str


class ClientUnlocked(Event):
    """A client may call again."""

    subject: ClassVar[str] = "zhengshu.catalog.client.unlocked.v1"

    client: str
    organization: str
    by: str


class CredentialWasReissued(Event):
    """A client was given another secret."""

    subject: ClassVar[str] = "zhengshu.catalog.credential.reissued.v1"

    client: str
    organization: str
    by: str


class VendorEntrusted(Event):
    """A department entrusted a vendor with some of its systems."""

    subject: ClassVar[str] = "zhengshu.catalog.vendor.entrusted.v1"

    vendor: str
    name: str
    department: str
    systems: tuple[str, ...]
    until: date


class VendorEnded(Event):
    """A vendor no longer acts for a department; its systems are locked."""

    subject: ClassVar[str] = "zhengshu.catalog.vendor.ended.v1"

    vendor: str
    department: str
    by: str


class SystemAdvanced(Event):
    """A business system reached the next stage of its life."""

    subject: ClassVar[str] = "zhengshu.catalog.system.advanced.v1"

    system: str
    organization: str
    stage: SystemStage


class StatementIssued(Event):
    """A statement of what a system has aggregated was issued."""

    subject: ClassVar[str] = "zhengshu.catalog.statement.issued.v1"

    number: str
    system: str
    organization: str
    complete: bool
