"""Routes of corrections."""

from zhengshu_contracts.sharing import CorrectionIn, CorrectionList, CorrectionOut, CorrectionStep

from zhengshu_sharing.corrections import operations
from zhengshu_sharing.corrections.states import MACHINE
from zhengshu_sharing.datasets.errors import DatasetNotFound, ItemsUnknown, OwnDataset
from zhengshu_sharing.matters.api import Kind, routes

router = routes(
    Kind(
        machine=MACHINE,
        title="校核",
        several="corrections",
        taken=CorrectionIn,
        stepped=CorrectionStep,
        shown=CorrectionOut,
        listed=CorrectionList,
        file=operations.file,
        step=operations.step,
        file_refusals=(DatasetNotFound, ItemsUnknown, OwnDataset),
    )
)
