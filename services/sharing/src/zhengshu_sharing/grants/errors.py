"""Why a grant cannot be changed."""

from datetime import date

from zhengshu_chassis.errors import Conflict, Forbidden, Invalid, NotFound
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


class NotRectified(Conflict):
    """A suspended grant is rectified before its provider takes it up again."""

    slug = "not-rectified"
    title = "尚未报告整改"

    def __init__(self, grant: str) -> None:
        super().__init__(
            f"授权 {grant} 的使用单位尚未报告整改情况",
            basis=Basis.DECREE_27.label,
            next=f"由使用单位报告:POST /v1/grants/{grant}/rectification",
        )


class RectificationAwaited(Conflict):
    """Who is ordered to put something right has time for it."""

    slug = "rectification-awaited"
    title = "整改期限未满"

    def __init__(self, grant: str, due: date) -> None:
        super().__init__(
            f"授权 {grant} 的使用单位可在 {due} 前报告整改",
            basis=Basis.DECREE_27.label,
            next="拒不整改或整改不到位的可终止;期限未满须终止的,请主管部门作出",
        )


class ConsultationMissing(Conflict):
    """A provider stops nothing on its own: it consults the user, files, and tells ahead."""

    slug = "consultation-missing"
    title = "停止服务应先协商并备案"

    def __init__(self, grant: str) -> None:
        super().__init__(
            f"提供单位无正当理由不得停止授权 {grant};停止前应与使用单位协商并报主管部门备案",
            basis=Basis.DECREE_27.label,
            next=f"协商后备案并预告:POST /v1/grants/{grant}/stop;发现滥用可先暂停",
        )


class StopTooSoon(Invalid):
    """The holder is told some working days ahead."""

    slug = "stop-too-soon"
    title = "停止日期过近"

    def __init__(self, grant: str, earliest: date) -> None:
        super().__init__(
            f"授权 {grant} 最早可于 {earliest} 停止",
            basis=Basis.DECREE_27.label,
            pointers=[("/ends", "too-soon", f"不早于 {earliest}")],
        )


class MaskNotPossible(Invalid):
    """The item cannot carry the mask."""

    slug = "mask-not-possible"
    title = "该信息项不能这样脱敏"

    def __init__(self, item: str) -> None:
        super().__init__(
            f"信息项 {item} 不在申请之内、是主键、类型不符或重复",
            next="主键不脱敏;文本可保留首尾、截取或哈希,日期与数值可概化或哈希",
        )


class MaskNotMunicipal(Invalid):
    """The municipal data services give values as they are."""

    slug = "mask-not-municipal"
    title = "市级数据不能脱敏提供"

    def __init__(self, dataset: str) -> None:
        super().__init__(
            f"{dataset} 是市级目录的数据,市级数据服务不执行脱敏",
            next="请去掉脱敏要求,或不准予该信息项",
        )


class RenewalNotPossible(Conflict):
    """Only a live grant of one's own is renewed, by an application for the same dataset."""

    slug = "renewal-not-possible"
    title = "不能续期"

    def __init__(self, grant: str) -> None:
        super().__init__(
            f"授权 {grant} 不是本单位现行的授权,或申请的数据集与其不同",
            next="已到期的可重新申请:POST /v1/applications",
        )


class RenewalSuspended(Conflict):
    """A suspended grant is rectified and taken up again before it is renewed."""

    slug = "renewal-suspended"
    title = "已暂停的授权不能续期"

    def __init__(self, grant: str) -> None:
        super().__init__(
            f"授权 {grant} 已暂停,恢复之前不能续期",
            basis=Basis.DECREE_27.label,
            next=f"请先报告整改:POST /v1/grants/{grant}/rectification",
        )


class DisposalInFuture(Invalid):
    """A disposal is recorded when it is done."""

    slug = "disposal-in-future"
    title = "处置尚未完成"
