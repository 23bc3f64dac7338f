"""Routes of objections."""

from zhengshu_contracts.sharing import ObjectionIn, ObjectionList, ObjectionOut, ObjectionStep

from zhengshu_sharing.datasets.errors import DatasetNotFound, ItemsUnknown, OwnDataset
from zhengshu_sharing.matters.api import Kind, routes
from zhengshu_sharing.objections import operations
from zhengshu_sharing.objections.states import MACHINE

router = routes(
    Kind(
        machine=MACHINE,
        title="共享属性异议",
        several="objections",
        taken=ObjectionIn,
        stepped=ObjectionStep,
        shown=ObjectionOut,
        listed=ObjectionList,
        file=operations.file,
        step=operations.step,
        file_refusals=(DatasetNotFound, ItemsUnknown, OwnDataset),
    )
)
