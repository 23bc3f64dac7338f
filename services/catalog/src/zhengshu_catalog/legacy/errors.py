"""Why an old system is not registered so, does not go on, or is not counted."""

from collections.abc import Iterable

from zhengshu_chassis.errors import Conflict, Invalid, NotFound
from zhengshu_contracts.basis import Basis
from zhengshu_contracts.vocabulary import LegacyState


class LegacySystemNotFound(NotFound):
    """No such system, or another organisation's."""

    slug = "legacy-system-not-found"
    title = "没有这个原有交换系统"


class LegacyStageNotAllowed(Conflict):
    """Stages come one after another, each by whom it is up to."""

    slug = "legacy-stage-not-allowed"
    title = "原有交换系统不能进入这个阶段"

    def __init__(self, current: LegacyState, remedy: str) -> None:
        super().__init__(f"当前阶段为“{current.label}”", basis=Basis.DECREE_32.label, next=remedy)


class LegacyNotReady(Conflict):
    """Some interfaces lack what the next stage needs of every one."""

    slug = "legacy-not-ready"
    title = "接口尚未具备条件"

    def __init__(self, interfaces: Iterable[str], remedy: str) -> None:
        super().__init__(
            f"尚未具备条件:{'、'.join(interfaces)}", basis=Basis.DECREE_32.label, next=remedy
        )


class LegacyInterfaceInvalid(Invalid):
    """An interface is named twice, or an entry is not the county's."""

    slug = "legacy-interface-invalid"
    title = "接口或对应的目录条目有误"

    def __init__(self, wrong: Iterable[tuple[int, str]]) -> None:
        places = list(wrong)
        super().__init__(
            ";".join(message for _, message in places),
            basis=Basis.DECREE_32.label,
            next="接口标识在系统内唯一;对应的目录条目须为本县的目录条目",
            pointers=[(f"/interfaces/{place}", self.slug, text) for place, text in places],
        )


class LegacyPeriodInvalid(Invalid):
    """The period is none of the dual run's, or the interface is not mapped."""

    slug = "legacy-period-invalid"
    title = "核对的接口或期间有误"

    def __init__(self, detail: str) -> None:
        super().__init__(
            detail,
            basis=Basis.DECREE_32.label,
            next="期间须在双轨运行开始之后、现在之前,且起始早于截止;接口须已对应目录条目",
        )
