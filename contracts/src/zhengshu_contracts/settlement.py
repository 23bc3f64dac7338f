"""Whether the end of a grant has taken effect wherever rows could still leave under it."""

from datetime import datetime

from pydantic import Field

from zhengshu_contracts.base import ApiModel


class SettlementOut(ApiModel):
    """A grant that ended is settled when every replica with a lease has acknowledged it, or has lost it.

    Acknowledged means: cut what ran under it, and took it out of the filters of its subscriptions.
    """

    grant: str = Field(description="授权标识")
    active: bool = Field(description="授权是否仍然有效")
    settled: bool = Field(
        description="各网关副本是否都已停止按此授权提供数据,订阅的主题过滤也已收回"
    )
    at: datetime | None = Field(default=None, description="何时确认全部停止")
    waiting: list[str] = Field(default=[], description="尚未确认的网关副本")
