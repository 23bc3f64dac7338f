"""Whether the end of a grant has taken effect wherever rows could still leave under it."""

from datetime import datetime

from pydantic import Field

from zhengshu_contracts.base import ApiModel


class SettlementOut(ApiModel):
    """A grant that ended is settled when every replica with a lease has acknowledged it, or has lost it."""

    grant: str = Field(description="授权标识")
    active: bool = Field(description="授权是否仍然有效")
    settled: bool = Field(description="各网关副本是否都已停止按此授权提供数据")
    at: datetime | None = Field(
        default=None, description="何时确认全部停止;本副本启动之前的不再知道"
    )
    waiting: list[str] = Field(default=[], description="尚未确认的网关副本")
