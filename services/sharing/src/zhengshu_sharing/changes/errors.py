"""Why a basis change cannot be reported."""

from datetime import date

from zhengshu_chassis.errors import Conflict, Invalid
from zhengshu_contracts.basis import Basis


class ChangeNotWithin(Invalid):
    """It has happened, while the law that asks for the update was in force."""

    slug = "change-not-within"
    title = "变化之日不在可报告的范围"

    def __init__(self, on: date, *, first: date, last: date) -> None:
        span = f"应在条例施行之日 {first} 至今天 {last} 之间"
        super().__init__(
            f"变化之日 {on} {span}",
            basis=Basis.DECREE_17.label,
            pointers=[("/on", "not-within", span)],
        )


class UpdateOwed(Conflict):
    """The provider owes an update already; one period runs for it."""

    slug = "update-owed"
    title = "该目录的更新期限已在计算"

    def __init__(self, entry: str, due: date | None) -> None:
        until = f",{due} 到期" if due else ",正在审核"
        super().__init__(f"目录 {entry} 已应更新{until}", basis=Basis.DECREE_17.label)


class EntryNotOurs(Conflict):
    """The municipal catalogue is kept by the Commission."""

    slug = "entry-not-ours"
    title = "市级目录不在本县更新"

    def __init__(self, entry: str) -> None:
        super().__init__(f"目录 {entry} 来自市级目录", next="请向市大数据委反映")
