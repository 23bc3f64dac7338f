"""Why a clock cannot be extended."""

from datetime import date

from zhengshu_chassis.errors import Conflict, Forbidden, Invalid, NotFound
from zhengshu_contracts.basis import Basis
from zhengshu_contracts.clocks import PERIODS, Term


class ClockNotFound(NotFound):
    """There is no such clock, or none this caller may change."""

    slug = "clock-not-found"
    title = "未找到该时限"

    def __init__(self, clock: str) -> None:
        super().__init__(f"未找到时限 {clock}")


class ClockStopped(Conflict):
    """The clock runs no more."""

    slug = "clock-stopped"
    title = "时限已办结"

    def __init__(self, clock: str) -> None:
        super().__init__(f"时限 {clock} 已办结,不再计算")


class ExtensionElsewhere(Conflict):
    """More time for an opinion is asked for where the opinion is."""

    slug = "extension-elsewhere"
    title = "答复延期在征求意见处办理"

    def __init__(self, opinion: str) -> None:
        super().__init__(
            f"时限属于意见征求 {opinion}",
            basis=Basis.DECREE_21.label,
            next=f"请使用 /v1/opinions/{opinion}/extension",
        )


class ExtensionTooLong(Invalid):
    """The law limits an extension, or allows none."""

    slug = "extension-too-long"
    title = "延长期限超出规定"

    def __init__(self, term: Term, most: int) -> None:
        basis = PERIODS[term].basis
        detail = f"“{term.label}”期限最多可延长 {most} 个工作日" if most else "该期限不得延长"
        super().__init__(detail, basis=basis.label if basis else None)


class ExtensionAsked(Conflict):
    """An extension is asked for once."""

    slug = "extension-asked"
    title = "已申请过延期"


class ExtensionTooLate(Conflict):
    """More time is asked for while there is some left."""

    slug = "extension-too-late"
    title = "期限已过,不能申请延期"

    def __init__(self, term: Term, due: date) -> None:
        basis = PERIODS[term].basis
        super().__init__(f"“{term.label}”期限已于 {due} 届满", basis=basis.label if basis else None)


class ExtensionNotAsked(Conflict):
    """There is no extension to decide."""

    slug = "extension-not-asked"
    title = "没有待审核的延期申请"


class OwnExtension(Forbidden):
    """Nobody consents to their own request."""

    slug = "own-extension"
    title = "不能审核本人提出的延期申请"
