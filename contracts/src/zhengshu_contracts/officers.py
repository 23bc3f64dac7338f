"""Officers who stand in for others while dates run, and those who leave and are succeeded."""

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Event
from zhengshu_contracts.vocabulary import Role

Ending = Literal["expired", "withdrawn", "departed"]


class DeputyIn(ApiModel):
    """Who stands in for an officer, and when (both days included)."""

    deputy: str = Field(
        max_length=80, description="代理人的客户端标识(B 角),须为同一单位的工作人员"
    )
    starts: date = Field(validation_alias="from", description="代理开始日期(含当日)")
    until: date = Field(description="代理结束日期(含当日)")


class DeputyOut(ApiModel):
    """One deputyship."""

    id: str
    officer: str = Field(description="被代理人(A 角)")
    deputy: str = Field(description="代理人(B 角)")
    starts: date = Field(serialization_alias="from", description="代理开始日期(含当日)")
    until: date = Field(description="代理结束日期(含当日)")
    running: bool = Field(description="是否正在代理")
    ended: Ending | None = Field(default=None, description="结束原因:到期、撤回或离岗")


class DeputyList(ApiModel):
    """An officer's deputyships, the newest first."""

    deputies: list[DeputyOut]


class DepartureIn(ApiModel):
    """Who goes on with what a leaving officer leaves open."""

    successor: str = Field(max_length=80, description="接替人的客户端标识,须为同一单位的工作人员")


class DepartureOut(ApiModel):
    """An officer has left."""

    officer: str = Field(description="离岗人员")
    successor: str = Field(description="接替人")
    roles: list[Role] = Field(description="接替人现有的角色")
    departed_at: datetime = Field(description="离岗时间")


class DeputyNamed(Event):
    """Somebody was named to stand in for an officer while dates run."""

    subject: ClassVar[str] = "zhengshu.catalog.deputy.named.v1"

    deputyship: str
    officer: str
    deputy: str
    organization: str
    starts: date
    until: date
    by: str


class DeputyStarted(Event):
    """From now on a deputy holds the officer's roles as well."""

    subject: ClassVar[str] = "zhengshu.catalog.deputy.started.v1"

    deputyship: str
    officer: str
    deputy: str
    organization: str
    roles: tuple[Role, ...]


class DeputyEnded(Event):
    """A deputy holds the officer's roles no more, or never came to."""

    subject: ClassVar[str] = "zhengshu.catalog.deputy.ended.v1"

    deputyship: str
    officer: str
    deputy: str
    organization: str
    why: Ending


class OfficerDeparted(Event):
    """An officer left: the account is locked, and what waited for them waits for the successor."""

    subject: ClassVar[str] = "zhengshu.catalog.officer.departed.v1"

    officer: str
    organization: str
    successor: str
    roles: tuple[Role, ...]
    """What the successor took over."""
    by: str
