"""Why a use cannot be recorded."""

from zhengshu_chassis.errors import Invalid
from zhengshu_contracts.basis import Basis


class UsageInFuture(Invalid):
    """A use is recorded once it happened."""

    slug = "usage-in-future"
    title = "使用尚未发生"


class GrantNotNamed(Invalid):
    """Conditional data are used under a grant, which the record names."""

    slug = "usage-grant-missing"
    title = "请写明所依据的授权"

    def __init__(self, detail: str) -> None:
        super().__init__(
            detail, basis=Basis.DECREE_29.label, pointers=[("/grant", "missing", "必填")]
        )
