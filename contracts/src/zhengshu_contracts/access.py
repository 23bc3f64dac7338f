"""Records of accesses: what the gateway puts on the stream before the first byte leaves, and after.

No record, no row (design rule 4). A record names client, dataset and columns, never a value.

On the stream ACCESS every message, whatever it holds, is published on `MESSAGE` and its payload is a
JSON array of one to `GROUP` CloudEvents envelopes: the records that gathered while the last message was
on its way, in the order of their decisions, of all three kinds below mixed. `type` tells them apart.
`Nats-Msg-Id` names the message; a consumer that takes effect once does so by the id of each envelope.
"""

from datetime import datetime
from typing import ClassVar

from zhengshu_contracts.base import Event
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import Labelled, Mode, PrincipalKind

MESSAGE = "zhengshu.access.records.v1"
"""The one subject of ACCESS: its payload is always an array of envelopes."""
GROUP = 500
"""Most envelopes in one message; together they stay under 512 KiB."""


class AccessOutcome(Labelled):
    """How an access ended."""

    COMPLETE = "complete", "完成"
    FAILED = "failed", "失败"
    CUT = "cut", "中断"
    UNKNOWN = "unknown", "不明"


class AccessDecided(Event):
    """The gateway decided a data access; accepted by JetStream before anything is sent."""

    subject: ClassVar[str] = "zhengshu.access.decided.v1"

    record: str
    at: datetime
    client: str
    client_kind: PrincipalKind
    organization: str | None = None
    action: Action
    mode: Mode | None = None
    dataset: str
    provider: str | None = None
    """Whose data it is; None for a dataset that nobody knows."""
    allowed: bool
    rule: str
    """The policy rule that decided (its slug)."""
    basis: str | None = None
    columns: tuple[str, ...] = ()
    filtered: bool = False
    grant: str | None = None
    purpose: str | None = None
    """What the rows were read for: as the caller stated, otherwise as it was granted."""
    authorization: str | None = None
    trace: str | None = None


class AccessEnded(Event):
    """How a recorded access ended."""

    subject: ClassVar[str] = "zhengshu.access.ended.v1"

    record: str
    at: datetime
    outcome: AccessOutcome
    status: int
    bytes: int
    rows: int | None = None
    version: str | None = None
    """`epoch.n` the rows came with."""


class RefusalsCounted(Event):
    """Anonymous refusals of one minute and address group, counted so that nobody can fill the ledger."""

    subject: ClassVar[str] = "zhengshu.access.refused.v1"

    minute: datetime
    group: str
    rule: str
    count: int
