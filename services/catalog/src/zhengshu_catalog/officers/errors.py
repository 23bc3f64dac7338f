"""Why somebody cannot stand in for an officer or succeed them."""

from zhengshu_chassis.errors import Conflict, Invalid, NotFound


class DeputyUnfit(Invalid):
    """Not of the same organisation, not able, or not then."""

    slug = "deputy-unfit"
    title = "不能这样代理或接替"


class DeputyshipNotFound(NotFound):
    """The officer has no such deputyship."""

    slug = "deputyship-not-found"
    title = "没有这项代理"


class DeputyshipOver(Conflict):
    """It has ended already."""

    slug = "deputyship-over"
    title = "代理已结束"


class Departed(Conflict):
    """Whoever left does not come back by the same account."""

    slug = "officer-departed"
    title = "该人员已离岗"

    def __init__(self, officer: str) -> None:
        super().__init__(f"{officer} 已离岗", next="需要恢复工作的,请重新登记账号")
