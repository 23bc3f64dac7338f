"""What audit owns: leaves, checkpoints, proofs."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Event, Exact
from zhengshu_contracts.vocabulary import Labelled

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


class AccessSide(Labelled):
    """Whose accesses an organisation asks for."""

    PROVIDER = "provider", "读取本单位数据的"
    READER = "reader", "本单位读取的"


class AccessOut(ApiModel):
    """One access to rows, with the leaves that record it."""

    record: str = Field(description="访问记录标识,与当次应答的 Zhengshu-Record 一致")
    at: datetime = Field(description="判定时间")
    dataset: str = Field(description="数据集")
    provider: str | None = Field(default=None, description="提供单位")
    organization: str | None = Field(default=None, description="读取单位")
    client: str = Field(description="业务系统或客户端")
    action: str = Field(description="操作")
    mode: str | None = Field(default=None, description="共享方式")
    allowed: bool = Field(description="是否放行")
    rule: str = Field(description="所适用的规则")
    basis: str | None = Field(default=None, description="依据")
    columns: list[str] = Field(default=[], description="信息项")
    filtered: bool = Field(default=False, description="是否有行条件")
    grant: str | None = Field(default=None, description="所用授权")
    purpose: str | None = Field(default=None, description="用途")
    outcome: str | None = Field(default=None, description="结果;未结束或不明时为空")
    rows: int | None = Field(default=None, description="行数")
    bytes: int | None = Field(default=None, description="字节数")
    decided: Leaf = Field(description="判定的存证叶,可凭其序号取包含证明")
    ended: Leaf | None = Field(default=None, description="结束的存证叶")


class AccessList(ApiModel):
    """Accesses, the newest first."""

    accesses: list[AccessOut]
    next: int | None = Field(default=None, description="下一页:作为 before 传入")


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


class LedgerRestarted(Event):
    """The ledger goes on from a backup: what was recorded after it is lost, and why is said here."""

    subject: ClassVar[str] = "zhengshu.audit.ledger.restarted.v1"

    reason: str


class AccessClosed(Event):
    """An access without an ending was closed as unknown after its time."""

    subject: ClassVar[str] = "zhengshu.audit.access.closed.v1"

    record: str
