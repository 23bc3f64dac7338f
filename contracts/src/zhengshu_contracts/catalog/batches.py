"""What became of a push, and the receipt for it."""

from datetime import datetime

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Page
from zhengshu_contracts.problem import Problem
from zhengshu_contracts.vocabulary import (
    BatchMode,
    DatasetId,
    Labelled,
)


class RowProblem(ApiModel):
    """One bad value in a batch."""

    row: int = Field(description="行号,从 1 起,不计表头")
    item: str | None = Field(description="信息项")
    code: str = Field(description="错误代码")
    message: str = Field(description="说明")
    value: str | None = Field(default=None, description="出错的值;敏感信息项不回显")


class BatchOut(ApiModel):
    """What became of a push."""

    id: str = Field(description="批次标识")
    dataset: DatasetId
    mode: BatchMode
    received: int = Field(description="收到行数")
    inserted: int = Field(description="新增行数")
    updated: int = Field(description="更新行数")
    deleted: int = Field(description="删除行数")
    unchanged: int = Field(description="无变化行数")
    refused: int = Field(description="不合格行数")
    version: str | None = Field(description="形成的版本 epoch.n;没有变化时为空")
    digest: str = Field(description="请求体 SHA-256")
    problems: list[RowProblem] = Field(default=[], description="不合格明细(最多 1000 条)")
    problem_count: int | None = Field(
        default=None, description="不合格处总数;全部明细见 /v1/batches/{id}/report"
    )
    encoding: str | None = Field(default=None, description="识别出的字符编码")
    dry_run: bool = False
    by: str | None = Field(default=None, description="推送者:业务系统或数据专员的客户端标识")
    receipt: str | None = Field(default=None, description="签名回执(JWS),可离线验证")


class Receipt(ApiModel):
    """What a receipt's signature covers."""

    batch: str
    dataset: DatasetId
    system: str
    mode: BatchMode
    version: str | None
    received: int
    inserted: int
    updated: int
    deleted: int
    digest: str
    at: datetime


class BatchState(Labelled):
    """How far a pushed batch is."""

    WAITING = "waiting", "等待处理"
    DONE = "done", "已入库"
    REFUSED = "refused", "未入库"


class BatchProgress(ApiModel):
    """A batch on its way, or what became of it."""

    id: str = Field(description="批次标识")
    dataset: DatasetId
    mode: BatchMode
    state: BatchState = Field(description="处理状态")
    size: int | None = Field(default=None, description="请求体字节数(异步推送)")
    read: int | None = Field(default=None, description="已处理的字节数(异步推送)")
    at: datetime = Field(description="接收时间")
    batch: BatchOut | None = Field(default=None, description="结果;已入库时给出")
    problem: Problem | None = Field(default=None, description="未入库的原因")


class BatchList(Page):
    """A dataset's batches, newest first; the reports of single rows stay with each batch."""

    batches: list[BatchOut]
    untaken: list[BatchProgress] = Field(
        default=[], description="等待处理与未入库的批次,最新的在前,至多 100 条,只在第一页给出"
    )


class Quality(ApiModel):
    """Quality of one version of a dataset; each share is between 0 and 1."""

    version: str = Field(description="所测版本 epoch.n")
    measured_at: datetime = Field(description="测量时间")
    rows: int = Field(description="行数")
    completeness: float = Field(description="完整性:有值的单元格占比")
    validity: float = Field(description="有效性:符合现行信息项规则的值占比")
    uniqueness: float = Field(description="唯一性:不重复的行占比")
    consistency: float = Field(
        description="一致性:与现行代码表、格式相符的值占比;与市级平台对账不一致为 0"
    )
    timely: bool = Field(description="及时性:是否在更新周期内更新")
    due: datetime | None = Field(description="按更新周期应再次更新的时间;不定期为空")


class Reconciliation(ApiModel):
    """A dataset compared with what the municipal platform holds of it."""

    id: str = Field(description="对账标识")
    dataset: DatasetId
    asked_at: datetime = Field(description="发起时间")
    version: str | None = Field(default=None, description="所对的版本:市级已确认到的版本")
    rows: int | None = Field(default=None, description="本节点行数")
    digest: str | None = Field(default=None, description="本节点内容摘要")
    held_version: str | None = Field(default=None, description="市级持有的版本")
    held_rows: int | None = Field(default=None, description="市级行数")
    held_digest: str | None = Field(default=None, description="市级内容摘要")
    outcome: str | None = Field(
        default=None,
        description="agree 一致;differ 不一致;moved 期间有新的上报,请重新对账;空为进行中",
    )


class ReconciliationList(Page):
    """A dataset's reconciliations, newest first."""

    reconciliations: list[Reconciliation]
