"""What became of a push, and the receipt for it."""

from datetime import datetime

from pydantic import Field

from zhengshu_contracts.base import ApiModel
from zhengshu_contracts.vocabulary import (
    BatchMode,
    DatasetId,
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
    encoding: str | None = Field(default=None, description="识别出的字符编码")
    dry_run: bool = False
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
