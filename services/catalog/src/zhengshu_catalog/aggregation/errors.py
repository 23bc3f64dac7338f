"""Why a push is not taken or rows are not given. Each says what to do next."""

from collections.abc import Sequence

from zhengshu_chassis.errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    TooLarge,
    Unsupported,
)
from zhengshu_contracts.basis import Basis
from zhengshu_contracts.catalog import RowProblem


class DatasetNotFound(NotFound):
    """No such dataset, or nothing published under this id."""

    slug = "dataset-not-found"
    title = "数据集不存在"


class NotProvider(Forbidden):
    """Only the provider's own systems and data officers push."""

    slug = "not-provider"
    title = "不是该数据集的提供单位"


class PusherLocked(Forbidden):
    """The pushing system or officer is locked or unknown."""

    slug = "client-locked"
    title = "业务系统已停用"


class DatasetClosed(Conflict):
    """The entry is retired or was never published."""

    slug = "dataset-closed"
    title = "目录条目未在发布状态"


class ThemeHasNoChanges(Conflict):
    """A theme's rows are its members': what changed is told of those."""

    slug = "theme-has-no-changes"
    title = "主题数据库不提供变更读取"


class RevisionMoved(Conflict):
    """A new revision was published while the batch was on its way."""

    slug = "revision-moved"
    title = "目录条目刚刚发布了新版"


class RevisionCannotMigrate(Conflict):
    """The new revision's items do not fit the rows that are there."""

    slug = "revision-cannot-migrate"
    title = "新版信息项与已有数据不相容"


class KeyMissing(Conflict):
    """This mode needs key items."""

    slug = "dataset-has-no-key"
    title = "该数据集没有主键项"


class FormatNotRead(Unsupported):
    """The body's format is not read."""

    slug = "batch-format-unsupported"
    title = "不支持的数据格式"


class NothingAcknowledged(Conflict):
    """The municipal platform has nothing of the dataset yet."""

    slug = "nothing-acknowledged"
    title = "市级平台尚未确认收到数据"


class NotMeasured(NotFound):
    """No quality is known of this dataset (yet)."""

    slug = "quality-not-measured"
    title = "尚无质量数据"


class BatchNotFound(NotFound):
    """No such batch, or one of a department that the caller does not belong to."""

    slug = "batch-not-found"
    title = "批次不存在"


class SpoolMissing(Gone):
    """A body that was kept aside is gone."""

    slug = "batch-body-missing"
    title = "暂存的数据已不在"


class BatchTooLarge(TooLarge):
    """More than is taken in one batch."""

    slug = "batch-too-large"
    title = "批次过大"


class BodyInvalid(Invalid):
    """The body as a whole cannot be read: not a matter of single rows."""

    slug = "batch-body-invalid"
    title = "数据无法读取"


class HeaderInvalid(Invalid):
    """The columns of a CSV are not the entry's items."""

    slug = "batch-columns-invalid"
    title = "列与目录条目的信息项不符"


class RowsRefused(Invalid):
    """Strict handling: one bad row refuses the batch; every bad row is told."""

    slug = "batch-rows-refused"
    title = "部分行不合格,整批未入库"

    def __init__(
        self, batch: str, rows: tuple[int, int], problems: Sequence[RowProblem], total: int
    ) -> None:
        received, refused = rows
        report = f"/v1/batches/{batch}/report"
        super().__init__(
            f"收到 {received} 行,其中 {refused} 行不合格,共 {total} 处",
            next=f"请按全部明细({report})改正后重新推送;或加请求头 Prefer: handling=lenient 只收合格行",
        )
        self.batch = batch
        self.extra = {
            "batch": batch,
            "report": report,
            "received": received,
            "refused": refused,
            "problem_count": total,
            "problems": [problem.model_dump(mode="json") for problem in problems],
        }


class ViewMissing(Forbidden):
    """The internal token carries no view of this dataset."""

    slug = "view-missing"
    title = "缺少本数据集的可见范围"


class VersionGone(Gone):
    """The version is of another epoch, or of a time that is no longer kept."""

    slug = "version-gone"
    title = "该版本已不可用"

    def __init__(self, dataset: str, current: str) -> None:
        super().__init__(
            f"当前版本为 {current}",
            next=f"请改用 GET /v1/datasets/{dataset}/exports 取全量快照,再从其版本继续",
        )


class VersionInvalid(Invalid):
    """Not a version, or one that does not exist yet."""

    slug = "version-invalid"
    title = "版本写法有误或尚不存在"


class CursorInvalid(Gone):
    """The cursor was changed, or belongs to another query or view."""

    slug = "cursor-invalid"
    title = "游标不可用"


class ExportTooLarge(Invalid):
    """More than the format can hold."""

    slug = "export-too-large"
    title = "超出该格式的容量"


class QuotaTooSmall(Forbidden):
    """More rows than the grant's daily quota has left."""

    slug = "quota-too-small"
    title = "超出授权当日剩余的行数"

    def __init__(self, rows: int, most: int) -> None:
        super().__init__(
            f"本次读取共 {rows} 行,授权当日还可读取 {most} 行",
            basis=Basis.DECREE_20.label,
            next="请缩小条件,或用 /rows 分页读取;配额于北京时间次日零时重新计算",
        )


class VerificationInvalid(Invalid):
    """The question cannot be asked of this view."""

    slug = "verification-invalid"
    title = "核验请求有误"


class ParameterInvalid(Invalid):
    """A parameter has no such value."""

    slug = "parameter-invalid"
    title = "参数有误"
