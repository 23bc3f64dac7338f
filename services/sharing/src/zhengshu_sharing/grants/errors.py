"""Why a grant cannot be changed."""

from zhengshu_chassis.errors import Conflict, Forbidden, NotFound
from zhengshu_contracts.basis import Basis
from zhengshu_contracts.vocabulary import GrantState


class GrantNotFound(NotFound):
    """There is no such grant, or none this caller may see."""

    slug = "grant-not-found"
    title = "未找到该授权"

    def __init__(self, grant: str) -> None:
        super().__init__(f"未找到授权 {grant}")


class GrantNotInState(Conflict):
    """The grant's state does not allow it."""

    slug = "grant-not-in-state"
    title = "授权当前状态不允许此操作"

    def __init__(self, grant: str, state: GrantState) -> None:
        super().__init__(f"授权 {grant} 当前状态为“{state.label}”")


class HolderDoesNotSuspend(Forbidden):
    """Suspension is the provider's and the competent department's."""

    slug = "holder-does-not-suspend"
    title = "使用单位不能暂停或恢复授权"

    def __init__(self, grant: str) -> None:
        super().__init__(
            f"授权 {grant} 由提供单位或主管部门暂停和恢复",
            basis=Basis.DECREE_27.label,
            next=f"不再需要时可撤销:POST /v1/grants/{grant}/revocation",
        )


class SuspendedByAnother(Forbidden):
    """Who suspended takes up again; the competent department may always."""

    slug = "suspended-by-another"
    title = "授权由他方暂停"

    def __init__(self, grant: str) -> None:
        super().__init__(
            f"授权 {grant} 应由作出暂停的单位或主管部门恢复", basis=Basis.DECREE_27.label
        )
