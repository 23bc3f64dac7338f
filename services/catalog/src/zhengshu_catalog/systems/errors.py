"""Why a business system does not go on to its next stage, or a statement is not shown."""

from collections.abc import Iterable

from zhengshu_chassis.errors import Conflict, NotFound
from zhengshu_contracts.basis import Basis
from zhengshu_contracts.vocabulary import SystemStage


class SystemNotFound(NotFound):
    """No such system, or another organisation's."""

    slug = "system-not-found"
    title = "没有这个业务系统"


class StageNotAllowed(Conflict):
    """Stages come one after another."""

    slug = "stage-not-allowed"
    title = "不能进入这个阶段"

    def __init__(self, current: SystemStage, remedy: str) -> None:
        super().__init__(
            f"当前阶段为“{current.label}”", basis=Basis.MEASURES_REGISTER.label, next=remedy
        )


class NotAggregated(Conflict):
    """Accepted is a system whose planned data are all aggregated."""

    slug = "not-aggregated"
    title = "应汇聚的数据尚未全部汇聚"

    def __init__(self, titles: Iterable[str]) -> None:
        super().__init__(
            f"尚未汇聚:{'、'.join(titles)}",
            basis=Basis.MEASURES_REGISTER.label,
            next="请先发布对应的目录条目并上报数据,待市级平台确认收到最新版本",
        )


class StatementNotFound(NotFound):
    """No such statement, or not for this reader."""

    slug = "statement-not-found"
    title = "没有这份证明"
