"""Why a dataset cannot be suspended or taken up again."""

from zhengshu_chassis.errors import Conflict, Forbidden
from zhengshu_contracts.basis import Basis


class NotForYouToSuspend(Forbidden):
    """The security regulator and the competent department order it, nobody in their own matter."""

    slug = "not-for-you-to-suspend"
    title = "无权责令暂停提供数据"

    def __init__(self) -> None:
        super().__init__(
            "由网络信息安全监管部门或主管部门责令暂停,且不能对本单位提供的数据作出",
            basis=Basis.MEASURES_SECURITY.label,
            next="提供单位停止服务应先协商并备案:POST /v1/grants/{grant}/stop",
        )


class AlreadySuspended(Conflict):
    """One order at a time."""

    slug = "already-suspended"
    title = "该数据已暂停提供"


class NotSuspended(Conflict):
    """There is no order to lift."""

    slug = "not-suspended"
    title = "该数据未被暂停提供"


class OrderOfAnother(Forbidden):
    """Who ordered it lifts it."""

    slug = "order-of-another"
    title = "由作出暂停的单位恢复"

    def __init__(self, ordered_by: str) -> None:
        super().__init__(
            f"该数据由 {ordered_by} 责令暂停,应由其恢复", basis=Basis.MEASURES_SECURITY.label
        )
