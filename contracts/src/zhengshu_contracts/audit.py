"""What audit owns: leaves, checkpoints, proofs."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Event, Exact

LEDGER_ORIGIN = "zhengshu/ledger"
"""Name under which a node signs checkpoints, unless its settings say otherwise."""
WITNESS_NAME = "zhengshu/commission"
"""Name under which the Commission countersigns them, unless settings say otherwise."""


class Leaf(ApiModel):
    """One leaf of the ledger: an event or an access record, exactly as hashed."""

    index: int = Field(description="序号,从 0 起")
    kind: str = Field(description="event 事件;access 访问记录")
    payload: Exact | None = Field(
        description="JSON 原文,叶哈希即对其 UTF-8 字节计算;内容已依法清除时为空,哈希仍在"
    )
    hash: str = Field(description="叶哈希(RFC 6962),十六进制")


class LeafList(ApiModel):
    """Consecutive leaves."""

    leaves: list[Leaf]
    next: int | None = Field(default=None, description="下一页起始序号")


class CheckpointOut(ApiModel):
    """A signed checkpoint (C2SP tlog-checkpoint) with the Commission's countersignature, if there."""

    size: int
    root: str = Field(description="根哈希,Base64")
    at: datetime
    note: Exact = Field(description="签名文本(C2SP signed-note)")
    countersigned: bool = Field(description="市大数据委是否已见证签名")


class InclusionProof(ApiModel):
    """Proof that a leaf is in a tree of this size."""

    index: int
    size: int
    hashes: list[str] = Field(description="证明哈希,Base64,顺序同 RFC 9162")


class ConsistencyProof(ApiModel):
    """Proof that a tree only grew."""

    start: int
    end: int
    hashes: list[str] = Field(description="证明哈希,Base64,顺序同 RFC 9162")


class CheckpointCountersigned(Event):
    """The Commission witnessed a checkpoint."""

    subject: ClassVar[str] = "zhengshu.audit.checkpoint.countersigned.v1"

    size: int
    root: str


class AccessClosed(Event):
    """An access without an ending was closed as unknown after its time."""

    subject: ClassVar[str] = "zhengshu.audit.access.closed.v1"

    record: str
