"""Routes of disputes."""

from zhengshu_contracts.sharing import DisputeIn, DisputeList, DisputeOut, DisputeStep

from zhengshu_sharing.datasets.errors import DatasetNotFound, OrganizationUnknown
from zhengshu_sharing.disputes import operations
from zhengshu_sharing.disputes.states import MACHINE
from zhengshu_sharing.matters.api import Kind, routes
from zhengshu_sharing.matters.errors import AgainstOneself

router = routes(
    Kind(
        machine=MACHINE,
        title="争议",
        several="disputes",
        taken=DisputeIn,
        stepped=DisputeStep,
        shown=DisputeOut,
        listed=DisputeList,
        file=operations.file,
        step=operations.step,
        file_refusals=(DatasetNotFound, OrganizationUnknown, AgainstOneself),
    )
)
