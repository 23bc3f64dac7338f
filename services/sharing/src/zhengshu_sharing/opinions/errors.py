"""Why an opinion cannot be given."""

from zhengshu_chassis.errors import Conflict, Invalid, NotFound
from zhengshu_contracts.basis import Basis
from zhengshu_contracts.vocabulary import OpinionState


class OpinionNotFound(NotFound):
    """There is no such opinion request, or none this caller may see."""

    slug = "opinion-not-found"
    title = "未找到该意见征求"

    def __init__(self, opinion: str) -> None:
        super().__init__(f"未找到意见征求 {opinion}")


class OpinionClosed(Conflict):
    """The opinion was given, or is no longer asked for."""

    slug = "opinion-closed"
    title = "意见征求已结束"

    def __init__(self, opinion: str, state: OpinionState) -> None:
        super().__init__(f"意见征求 {opinion} 当前状态为“{state.label}”")


class ReasonMissing(Invalid):
    """A refusal gives its reasons."""

    slug = "reason-missing"
    title = "未说明理由"

    def __init__(self) -> None:
        super().__init__(
            "不同意应当说明理由",
            basis=Basis.DECREE_21.label,
            pointers=[("/reason", "missing", "请说明不同意的理由")],
        )


class NoSuchOutcome(Invalid):
    """A provider agrees or refuses; what is incomplete the competent department returns."""

    slug = "no-such-outcome"
    title = "意见只能是同意或不同意"

    def __init__(self) -> None:
        super().__init__(
            "提供单位的意见为 agree(同意)或 refuse(不同意)",
            basis=Basis.DECREE_21.label,
            pointers=[("/outcome", "enum", "不在可选值之内:agree、refuse")],
        )
