"""Refusals of the ledger."""

from zhengshu_chassis.errors import Invalid, NotFound


class CheckpointNotFound(NotFound):
    """There is no such checkpoint yet."""

    slug = "checkpoint-not-found"
    title = "尚无符合条件的检查点"


class BeyondLedger(NotFound):
    """A proof was asked for that no signed checkpoint covers."""

    slug = "beyond-ledger"
    title = "所求证明超出已签名的存证范围"


class CountersignatureRefused(Invalid):
    """A countersignature that the witness's key did not make over that checkpoint."""

    slug = "countersignature-refused"
    title = "见证签名无效"
