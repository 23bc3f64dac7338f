"""What the municipal side refuses."""

from zhengshu_chassis.errors import Conflict, Invalid, NotFound, Unauthorized, Unavailable


class SignatureRefused(Unauthorized):
    """The national header signature does not fit."""

    slug = "signature-refused"
    title = "签名未通过验证"


class DeskClosed(Unauthorized):
    """The desk's token is missing or wrong."""

    slug = "desk-closed"
    title = "办理台未授权"


class FilingUnknown(NotFound):
    """No filing has this reference."""

    slug = "filing-unknown"
    title = "没有此报件"


class RefTaken(Conflict):
    """Something else was filed under this reference."""

    slug = "ref-taken"
    title = "此标识已用于另一报件"


class UploadGap(Conflict):
    """The upload does not follow what is held."""

    slug = "upload-gap"
    title = "上报版本不连续"


class UploadBroken(Invalid):
    """The upload's body is not the one that was announced."""

    slug = "upload-broken"
    title = "上报内容与摘要不符"


class NotDecidable(Conflict):
    """The filing waits for nothing that the desk could decide."""

    slug = "not-decidable"
    title = "此报件当前不可办理"


class CheckpointRefused(Conflict):
    """The checkpoint is not signed by the county's ledger, or does not extend the last one."""

    slug = "checkpoint-refused"
    title = "检查点未通过见证"


class CheckpointBroken(CheckpointRefused):
    """The checkpoint is the ledger's, and does not continue the last one."""


class ServiceUnknown(NotFound):
    """No municipal service has this code."""

    slug = "service-unknown"
    title = "没有此数据服务"


class Outage(Unavailable):
    """The outage switch is on."""

    slug = "outage"
    title = "市级平台停机中"
