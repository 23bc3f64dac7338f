"""The life of an old exchange system: its stages as data, and what each asks of every interface. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from zhengshu_contracts.catalog import LegacyProgress
from zhengshu_contracts.vocabulary import LegacyState

from zhengshu_catalog.legacy.errors import LegacyNotReady, LegacyStageNotAllowed


@dataclass(frozen=True, slots=True)
class Step:
    """One step: from where, whose it is, what it needs of every interface, what to do without it."""

    after: LegacyState
    competent: bool
    """Whether it is the competent department's; else its own department's."""
    needs: Callable[[LegacyProgress], bool]
    remedy: str


def moved(one: LegacyProgress) -> bool:
    """Tell whether the municipal platform does an interface's work: counted alike, and receipted."""
    return one.reconciled and (one.acknowledged or one.exempt)


STEPS: dict[LegacyState, Step] = {
    LegacyState.MAPPED: Step(
        LegacyState.REGISTERED,
        competent=False,
        needs=lambda one: one.published,
        remedy="请将每个接口对应到已发布的目录条目",
    ),
    LegacyState.DUAL_RUNNING: Step(
        LegacyState.MAPPED,
        competent=False,
        needs=lambda one: one.pushed,
        remedy="请先向对应的数据集上报数据",
    ),
    LegacyState.CUT_OVER: Step(
        LegacyState.DUAL_RUNNING,
        competent=True,
        needs=moved,
        remedy="须最近一次核对一致,且市级平台的回执覆盖当前版本",
    ),
    LegacyState.RETIRED: Step(
        LegacyState.CUT_OVER, competent=False, needs=lambda _: True, remedy=""
    ),
}
FIXED = frozenset({LegacyState.CUT_OVER, LegacyState.RETIRED})
"""Where interfaces are no longer changed."""


def check_step(
    current: LegacyState, wanted: LegacyState, progress: list[LegacyProgress], *, competent: bool
) -> None:
    """Refuse a step out of order, by the wrong side, or that an interface is not ready for."""
    step = STEPS.get(wanted)
    if step is None or step.after is not current:
        raise LegacyStageNotAllowed(
            current, "各阶段依次为:已登记、已对应目录、双轨运行、已切换、已停用"
        )
    if step.competent and not competent:
        raise LegacyStageNotAllowed(current, "切换由主管部门核对回执后确认")
    if lacking := [one.interface for one in progress if not step.needs(one)]:
        raise LegacyNotReady(lacking, step.remedy)
