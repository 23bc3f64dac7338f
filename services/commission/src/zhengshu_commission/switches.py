"""How the stand-in is to behave: who decides, how slow, and which faults it plays."""

from enum import StrEnum

from pydantic import Field
from zhengshu_contracts.base import ApiModel


class Decider(StrEnum):
    """Who answers what needs a decision."""

    AUTO = "auto"
    MANUAL = "manual"


class Switches(ApiModel):
    """Everything that can be switched; the defaults are a Commission in good health."""

    service_registration: Decider = Field(default=Decider.AUTO, description="挂接由谁办理")
    application: Decider = Field(default=Decider.AUTO, description="共享申请由谁办理")
    opening: Decider = Field(default=Decider.AUTO, description="开放登记由谁办理")
    open_application: Decider = Field(default=Decider.AUTO, description="授权开放申请由谁办理")
    latency: float = Field(default=0, ge=0, le=60, description="每个请求的延迟(秒)")
    delay: float = Field(default=0.2, ge=0, le=3600, description="回调前的等待(秒)")
    errors: float = Field(default=0, ge=0, le=1, description="请求以 503 失败的比例")
    outage: bool = Field(default=False, description="整体停机")
    double: bool = Field(default=False, description="每个回调发送两次")
    lose: bool = Field(default=False, description="回调不发送,只能由对方轮询取回")
    reorder: bool = Field(default=False, description="回调乱序发送")
    forge: bool = Field(default=False, description="每个回调之前先发送一个签名错误的假回调")

    def by_hand(self, kind: str) -> bool:
        """Tell whether a kind of answer waits for the desk."""
        return getattr(self, kind, Decider.AUTO) is Decider.MANUAL
