"""Routes of demands."""

from zhengshu_contracts.sharing import DemandIn, DemandList, DemandOut, DemandStep

from zhengshu_sharing.datasets.errors import DatasetNotFound, OrganizationUnknown
from zhengshu_sharing.demands import operations
from zhengshu_sharing.demands.states import MACHINE
from zhengshu_sharing.matters.api import Kind, routes
from zhengshu_sharing.matters.errors import AgainstOneself, StepIncomplete

router = routes(
    Kind(
        machine=MACHINE,
        title="数据需求",
        several="demands",
        taken=DemandIn,
        stepped=DemandStep,
        shown=DemandOut,
        listed=DemandList,
        file=operations.file,
        step=operations.step,
        file_refusals=(AgainstOneself, OrganizationUnknown),
        step_refusals=(AgainstOneself, StepIncomplete, DatasetNotFound, OrganizationUnknown),
    )
)
