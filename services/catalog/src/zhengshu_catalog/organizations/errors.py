"""Why an organisation, a system or an officer is not registered, or a credential not believed."""

from zhengshu_chassis.errors import Conflict, Forbidden, Invalid, NotFound, Unauthorized
from zhengshu_contracts.basis import Basis


class CodeInvalid(Invalid):
    """The unified social credit code does not check."""

    slug = "organization-code-invalid"
    title = "统一社会信用代码校验不通过"

    def __init__(self, code: str) -> None:
        super().__init__(
            f"“{code}”不符合 GB 32100-2015 的编码规则",
            next="请核对登记证书上的 18 位代码",
            pointers=[("/code", self.slug, "校验码不符")],
        )


class OrganizationExists(Conflict):
    """The code is registered already."""

    slug = "organization-registered"
    title = "单位已登记"

    def __init__(self, code: str) -> None:
        super().__init__(f"{code} 已登记", next="可通过 GET /v1/organizations 查看")


class CompetentDepartmentExists(Conflict):
    """A node has one competent department."""

    slug = "competent-department-exists"
    title = "政务数据主管部门已登记"

    def __init__(self) -> None:
        super().__init__(
            "一个节点只有一个政务数据主管部门",
            basis=Basis.MEASURES_SCOPE.label,
            next="请将该单位登记为其他类型",
        )


class OrganizationNotFound(NotFound):
    """No such organisation."""

    slug = "organization-not-found"
    title = "单位未登记"

    def __init__(self, code: str) -> None:
        super().__init__(f"{code} 尚未登记", next="请先通过 POST /v1/organizations 登记该单位")


class RolesNotAssignable(Invalid):
    """These roles may not meet in one person, or not in such an organisation."""

    slug = "roles-not-assignable"
    title = "角色不能这样授予"

    def __init__(self) -> None:
        super().__init__(
            "管理、运维、审计三类角色不得由同一人兼任;系统管理员与主管部门审核员只能设在主管部门,"
            "监督员与审计员只能设在主管部门、县政府和网络信息安全监管部门",
            basis=Basis.MEASURES_SECURITY.label,
            next="请将角色分别授予不同的人员",
            pointers=[("/roles", self.slug, "角色组合不允许")],
        )


class RolesNotYours(Forbidden):
    """Somebody gives roles that are not theirs to give, or manages an account that holds them."""

    slug = "roles-not-yours"
    title = "无权授予或管理这些角色"

    def __init__(self) -> None:
        super().__init__(
            "系统管理员、主管部门审核员、监督员、审计员、运维员由系统管理员授予和管理",
            basis=Basis.MEASURES_SECURITY.label,
            next="请联系系统管理员",
        )


class CredentialsWrong(Unauthorized):
    """Unknown client, wrong secret or locked client: the answer does not tell which."""

    slug = "credentials-wrong"
    title = "客户端标识或密钥不正确"


class ClientNotFound(NotFound):
    """No such client."""

    slug = "client-not-found"
    title = "没有这个客户端"

    def __init__(self, client: str) -> None:
        super().__init__(f"{client} 没有登记", next="请核对客户端标识")


class OwnLock(Conflict):
    """Nobody locks themselves out."""

    slug = "own-lock"
    title = "不能停用自己的账号"

    def __init__(self) -> None:
        super().__init__(next="请由另一位系统管理员操作")


class SystemRetired(Conflict):
    """A retired system's client stays locked."""

    slug = "system-retired"
    title = "业务系统已停用"

    def __init__(self, system: str) -> None:
        super().__init__(
            f"{system} 已停用,不能恢复或换发密钥",
            basis=Basis.MEASURES_REGISTER.label,
            next="需要继续使用的,请重新登记业务系统",
        )
