"""What the gateway itself refuses with. Refusals of the policy keep the rule's slug."""

from typing import ClassVar

from zhengshu_chassis.errors import (
    DomainError,
    Forbidden,
    Invalid,
    PreconditionFailed,
    TooMany,
    Unauthorized,
    Unavailable,
)
from zhengshu_contracts.basis import Basis

from zhengshu_gateway.case import Decision
from zhengshu_gateway.quotas import until_midnight


class TokenMissing(Unauthorized):
    """Somebody must say who they are."""

    slug = "token-missing"
    title = "缺少访问令牌"

    def __init__(self) -> None:
        super().__init__(
            "此操作须携带访问令牌",
            next="请先取得令牌(POST /oauth2/token),放入请求头 Authorization: Bearer …",
            headers={"WWW-Authenticate": "Bearer"},
        )


class TokenInvalid(Unauthorized):
    """Expired, forged, for somebody else, or not a token at all."""

    slug = "token-invalid"
    title = "访问令牌无效"

    def __init__(self, why: str = "令牌已过期或不是本节点签发") -> None:
        super().__init__(
            why,
            next="请重新取得令牌(POST /oauth2/token)",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )


class IssuerAway(Unavailable):
    """The issuer outside does not answer, and its keys are too old to trust."""

    slug = "issuer-away"
    title = "统一身份认证暂不可用"


class SubjectUnknown(Unauthorized):
    """A genuine token of the issuer outside, of somebody nobody registered."""

    slug = "subject-unknown"
    title = "外部身份未登记"

    def __init__(self, subject: str) -> None:
        super().__init__(
            f"没有客户端登记了外部身份 {subject}",
            next="请单位管理员登记对应关系(PUT /v1/clients/{client}/subject)",
        )


class SignatureInvalid(Unauthorized):
    """Not signed by whom it says, not for this, not now, or not for the first time."""

    slug = "signature-invalid"
    title = "请求头签名无效"


class ClientUnknown(Unauthorized):
    """No record of the client that the token names."""

    slug = "client-unknown"
    title = "客户端未登记"


class ClientLocked(Forbidden):
    """The client was locked."""

    slug = "client-locked"
    title = "客户端已停用"


class RoleNotAdmitted(Forbidden):
    """The role matrix does not admit the caller."""

    slug = "role-not-admitted"
    title = "所持角色不能进行此操作"


class SystemNotOwn(Forbidden):
    """The system that is asked about is not one of the asker's organisation."""

    slug = "system-not-own"
    title = "不是本单位的业务系统"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} 不是本单位登记的业务系统", next="本单位的业务系统见 GET /v1/systems"
        )


class TlsRequired(Forbidden):
    """Who subscribes from outside connects by TLS."""

    slug = "tls-required"
    title = "须以 TLS 连接"


class NotProvider(Forbidden):
    """Only the provider pushes a dataset."""

    slug = "not-provider"
    title = "只有提供单位可以上报这项数据"

    def __init__(self) -> None:
        super().__init__("您或该业务系统不属于数据的提供单位", basis=Basis.MEASURES_REGISTER.label)


class PolicyStale(Unavailable):
    """What the decision rests on is too old to trust."""

    slug = "policy-stale"
    title = "授权信息未更新,暂停提供"


class LeaseLost(Unavailable):
    """This replica cannot prove that it hears of revocations."""

    slug = "lease-lost"
    title = "网关副本未持有租约,暂停提供"


class RecordUnavailable(Unavailable):
    """No record, no row."""

    slug = "record-unavailable"
    title = "访问记录无法写入,暂停提供"


class DecisionChanged(Unavailable):
    """What was decided no longer stood when the answer came."""

    slug = "decision-changed"
    title = "授权信息已变更,请重试"


class UpstreamAway(Unavailable):
    """The service behind a route does not answer."""

    slug = "upstream-away"
    title = "后端服务暂不可用"


class UpstreamBroken(DomainError):
    """The service answered with something that is no answer."""

    status = 502
    slug = "upstream-broken"
    title = "后端服务应答有误"


class BadCallback(Unauthorized):
    """A call-back that the Commission did not send, or not now, or not like this."""

    slug = "callback-signature"
    title = "回调签名无效"


class CallbackMalformed(Invalid):
    """A genuine call-back that says nothing known."""

    slug = "callback-malformed"
    title = "回调内容有误"


class NotBrokered(Forbidden):
    """The municipal service cannot express the view that was decided."""

    slug = "municipal-inexpressible"
    title = "市级数据服务不支持这种读取方式"


class RateExceeded(TooMany):
    """Too many requests from one address or client."""

    slug = "rate-exceeded"
    title = "访问过于频繁"


class TooManyAtOnce(TooMany):
    """A client has too many requests of a class running."""

    slug = "concurrency-exceeded"
    title = "同时进行的请求过多"


class BodyTooSlow(DomainError):
    """The caller sends its body too slowly."""

    status = 408
    slug = "body-too-slow"
    title = "请求内容传输过慢"


class HeadersTooLarge(DomainError):
    """The caller sends more headers than anybody needs."""

    status = 431
    slug = "headers-too-large"
    title = "请求头过大"


class MinVersionInvalid(Invalid):
    """The header `Min-Version` cannot be read."""

    slug = "min-version-invalid"
    title = "Min-Version 无法读取"


class VersionNotReached(PreconditionFailed):
    """The caller asks for a version that is not there yet."""

    slug = "version-not-reached"
    title = "数据尚未达到所要求的版本"


class RequestMalformed(Invalid):
    """A request to the gateway itself that cannot be read."""

    slug = "invalid"
    title = "请求内容有误"


class PolicyRefused(DomainError):
    """The policy's answer, as a problem: its rule is the slug."""

    _NOT_FOUND: ClassVar = frozenset({"dataset-unknown", "listing-unknown"})
    _TITLES: ClassVar = {
        "role-not-admitted": "所持角色不能进行此操作",
        "dataset-unknown": "没有这项数据",
        "listing-unknown": "没有开放这项数据",
        "entry-not-published": "目录条目未发布",
        "no-service-registration": "数据未挂接",
        "dataset-suspended": "数据已暂停提供",
        "items-conditional": "有条件共享,须先申请",
        "items-withheld": "不予共享",
        "items-unknown": "没有这些信息项",
        "mode-not-granted": "未获授权的共享方式",
        "mode-not-offered": "提供单位不提供该共享方式",
        "grant-not-named": "须写明所用授权",
        "purpose-not-granted": "用途未获授权",
        "quota-exhausted": "当日配额已用完",
        "competent-reads-no-rows": "主管部门不读取数据",
        "enterprise-does-not-read": "公共服务企业不读取数据",
        "authorization-required": "授权开放,须先申请",
        "upload": "不能上报",
    }

    def __init__(self, decision: Decision, record: str | None = None) -> None:
        super().__init__(
            decision.detail,
            basis=decision.citation,
            next=decision.next or None,
            headers={"Zhengshu-Record": record} if record else None,
        )
        spent = decision.rule == "quota-exhausted"
        if spent:
            self.headers["Retry-After"] = str(until_midnight())
        # Each instance has its own slug, so these shadow the class's.
        self.__dict__.update(
            status=429 if spent else 404 if decision.rule in self._NOT_FOUND else 403,
            slug=decision.rule,
            title=self._TITLES.get(decision.rule, "不予提供"),
        )
