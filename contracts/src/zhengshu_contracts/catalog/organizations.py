"""Organisations, their systems and officers, credentials."""

from datetime import datetime

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Page
from zhengshu_contracts.vocabulary import (
    OrganizationCode,
    OrganizationKind,
    Role,
    SystemStage,
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


class OrganizationChange(ApiModel):
    """What may change of a registered organisation."""

    name: str = Field(min_length=2, max_length=80, description="单位名称")
    office: SharingOffice | None = Field(description="政务数据共享工作机构")


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
    stage: SystemStage = Field(default=SystemStage.PLANNED, description="建设阶段")
    locked: bool = Field(default=False, description="是否已停用")


class SystemList(Page):
    """A page of systems."""

    systems: list[SystemOut]


class OfficerIn(ApiModel):
    """An officer to register."""

    organization: OrganizationCode
    name: str = Field(min_length=1, max_length=40, description="姓名")
    roles: list[Role] = Field(min_length=1, max_length=len(Role), description="角色")


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
