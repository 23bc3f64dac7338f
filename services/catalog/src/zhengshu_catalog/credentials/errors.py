"""Why a client's credentials are not changed."""

from zhengshu_chassis.errors import Conflict, Invalid, NotFound


class ClientNotFound(NotFound):
    """No such client, or none of the caller's department."""

    slug = "client-not-found"
    title = "客户端未登记"

    def __init__(self, client: str) -> None:
        super().__init__(f"本单位没有客户端 {client}", next="可通过 GET /v1/clients 查看")


class KeyUnfit(Invalid):
    """A key that is secret, weak, or of a kind nobody verifies."""

    slug = "key-unfit"
    title = "公钥不符合要求"

    def __init__(self, index: int, why: str) -> None:
        super().__init__(
            why,
            next="请登记 Ed25519、P-256 或 2048 位以上 RSA 公钥(JWK),不要提交私钥",
            pointers=[(f"/keys/{index}", self.slug, why)],
        )


class SubjectTaken(Conflict):
    """Somebody outside is one client here."""

    slug = "subject-taken"
    title = "该统一身份认证账号已登记给其他客户端"


class NotASystem(Conflict):
    """People do not sign requests with shared keys."""

    slug = "not-a-system"
    title = "只有业务系统可以使用这种凭证"
