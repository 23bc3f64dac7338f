"""What is wrong with naming a dataset."""

from collections.abc import Iterable

from zhengshu_chassis.errors import Forbidden, Invalid, NotFound


class DatasetNotFound(NotFound):
    """No published entry has this id."""

    slug = "dataset-unknown"
    title = "目录中没有这个数据集"

    def __init__(self, dataset: str) -> None:
        super().__init__(
            f"目录中没有已发布的数据集 {dataset}", next="请在 GET /v1/entries 查询已发布的目录"
        )


class OrganizationUnknown(Invalid):
    """Nobody of that code is registered, so nobody could act."""

    slug = "organization-unknown"
    title = "没有登记该单位"

    def __init__(self, organization: str) -> None:
        super().__init__(
            f"没有登记统一社会信用代码为 {organization} 的单位",
            next="请在 GET /v1/organizations 查询已登记的单位",
        )


class ItemsUnknown(Invalid):
    """The dataset has no such items."""

    slug = "items-unknown"
    title = "数据集没有这些信息项"

    def __init__(self, dataset: str, names: Iterable[str]) -> None:
        super().__init__(
            f"数据集 {dataset} 没有信息项:{'、'.join(names)}",
            next=f"请在 GET /v1/entries/{dataset} 查看信息项",
        )


class OwnDataset(Forbidden):
    """A provider needs no application for what it provides, and objects to nothing of its own."""

    slug = "own-dataset"
    title = "数据集由本单位提供"

    def __init__(self, dataset: str) -> None:
        super().__init__(
            f"数据集 {dataset} 由本单位提供,无需申请,也不能对其提出异议",
            next=f"可直接读取 GET /v1/datasets/{dataset}/rows",
        )
