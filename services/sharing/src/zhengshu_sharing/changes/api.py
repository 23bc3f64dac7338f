"""Routes of basis changes."""

from zhengshu_contracts.sharing import (
    BasisChangeIn,
    BasisChangeList,
    BasisChangeOut,
    BasisChangeStep,
)

from zhengshu_sharing.changes import operations
from zhengshu_sharing.changes.errors import ChangeNotWithin, EntryNotOurs, UpdateOwed
from zhengshu_sharing.changes.states import MACHINE
from zhengshu_sharing.datasets.errors import DatasetNotFound
from zhengshu_sharing.matters.api import Kind, routes

router = routes(
    Kind(
        machine=MACHINE,
        title="目录依据变化",
        several="basis-changes",
        taken=BasisChangeIn,
        stepped=BasisChangeStep,
        shown=BasisChangeOut,
        listed=BasisChangeList,
        file=operations.file,
        step=operations.step,
        file_refusals=(DatasetNotFound, ChangeNotWithin, UpdateOwed, EntryNotOurs),
        filing="报告目录所依据的法律、决定或职责已变化,提供单位的更新期限自该日次日起算",
        stepping="认定无须更新或撤回;目录更新发布后自动办结",
    )
)
