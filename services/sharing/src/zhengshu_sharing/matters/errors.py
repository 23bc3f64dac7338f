"""Why a matter cannot be filed or moved."""

from zhengshu_chassis.errors import Conflict, Forbidden, Invalid, NotFound
from zhengshu_contracts.basis import Basis


class MatterNotFound(NotFound):
    """There is no such matter, or none this caller may see."""

    slug = "matter-not-found"
    title = "未找到该事项"

    def __init__(self, matter: str) -> None:
        super().__init__(f"未找到事项 {matter}")


class MatterNotInState(Conflict):
    """The matter's state does not allow the step."""

    slug = "matter-not-in-state"
    title = "事项当前状态不允许此操作"

    def __init__(self, number: str, state: str, basis: Basis) -> None:
        super().__init__(f"{number} 当前状态为“{state}”", basis=basis.label)


class NotThisPartysMove(Forbidden):
    """The step is somebody else's."""

    slug = "not-this-partys-move"
    title = "此步骤由其他单位办理"

    def __init__(self, step: str, basis: Basis) -> None:
        super().__init__(f"“{step}”不由本单位办理", basis=basis.label)


class OwnMatter(Forbidden):
    """Nobody decides their own matter."""

    slug = "own-matter"
    title = "不能裁断本人或本单位的事项"

    def __init__(self, number: str, basis: Basis) -> None:
        super().__init__(f"{number} 涉及本人或本单位,应由他人裁断", basis=basis.label)


class StepIncomplete(Invalid):
    """The step needs something more."""

    slug = "step-incomplete"
    title = "办理内容不完整"


class AgainstOneself(Invalid):
    """A dispute has another side."""

    slug = "against-oneself"
    title = "对方单位不能是本单位"
