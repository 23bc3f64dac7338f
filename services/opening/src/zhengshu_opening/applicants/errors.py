"""Refusals about applicants and their applications."""

from zhengshu_chassis.errors import Conflict, Forbidden, Invalid, NotFound, Unauthorized


class CodeInvalid(Invalid):
    """The unified social credit code's check digit is wrong."""

    slug = "code-invalid"
    title = "统一社会信用代码校验不通过"


class CredentialsWrong(Unauthorized):
    """The client or its secret is unknown."""

    slug = "credentials-wrong"
    title = "客户端标识或密钥不正确"


class ApplicantNotFound(NotFound):
    """The caller is not registered as an applicant."""

    slug = "applicant-unknown"
    title = "未登记的申请人"


class NotEligible(Forbidden):
    """Only domestic-controlled enterprises and research institutions may apply."""

    slug = "applicant-not-eligible"
    title = "不属于授权开放的申请主体"


class OpenApplicationNotFound(NotFound):
    """No such application, or somebody else's."""

    slug = "open-application-unknown"
    title = "未找到该申请"


class OpenToAll(Conflict):
    """General opening needs no application."""

    slug = "generally-open"
    title = "该数据集为普遍开放,无需申请"


class NotListedYet(Conflict):
    """The listing is not served at present."""

    slug = "listing-not-ready"
    title = "该数据集尚未就绪"


class AlreadyApplied(Conflict):
    """An application is under way, or an authorisation is live."""

    slug = "already-applied"
    title = "已有在办的申请或有效的授权"


class PeriodNotAllowed(Conflict):
    """The period is over before it begins, or too long."""

    slug = "period-not-allowed"
    title = "使用时限不符合要求"
