"""Why a vendor is not entrusted, or not found."""

from collections.abc import Iterable
from datetime import date

from zhengshu_chassis.errors import Conflict, Invalid, NotFound
from zhengshu_contracts.basis import Basis


class VendorNotFound(NotFound):
    """No such vendor, or another department's."""

    slug = "vendor-not-found"
    title = "没有这个受托单位"


class NotOwnSystems(Invalid):
    """A department entrusts a vendor with its own systems alone."""

    slug = "not-own-systems"
    title = "只能委托操作本单位的业务系统"

    def __init__(self, systems: Iterable[str]) -> None:
        super().__init__(
            "、".join(systems),
            basis=Basis.DECREE_36.label,
            next="请核对业务系统标识",
            pointers=[("/systems", self.slug, "不是本单位在用的业务系统")],
        )


class UntilPassed(Invalid):
    """The entrustment would be over already."""

    slug = "until-passed"
    title = "受托期限已过"

    def __init__(self, until: date) -> None:
        super().__init__(
            f"{until} 已过",
            basis=Basis.DECREE_36.label,
            next="请填写今天或以后的日期",
            pointers=[("/until", self.slug, "须为今天或以后")],
        )


class VendorOver(Conflict):
    """The entrustment is over already."""

    slug = "vendor-over"
    title = "委托已经终止"

    def __init__(self) -> None:
        super().__init__(basis=Basis.DECREE_36.label, next="需要继续委托的,请重新登记")
