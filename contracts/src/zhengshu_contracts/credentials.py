"""How a client proves who it is, and what its department may change about that."""

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Event, Page
from zhengshu_contracts.vocabulary import PrincipalKind, Role


class Subject(ApiModel):
    """Who a client is at an OIDC issuer outside."""

    issuer: str = Field(description="签发者")
    subject: str = Field(description="该签发者给出的唯一标识")


class SubjectIn(ApiModel):
    """Who a client is at an OIDC issuer outside; replaces what was registered for this issuer before."""

    issuer: str = Field(
        max_length=300, pattern=r"^https?://\S+$", description="签发者,与其令牌中的 iss 逐字相同"
    )
    subject: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="该签发者给出的唯一标识(约定的声明的值);不填则解除对应关系",
    )


class ClientOut(ApiModel):
    """A system or an officer as its administrator sees it."""

    id: str = Field(description="客户端标识")
    kind: PrincipalKind = Field(description="业务系统或工作人员")
    organization: str = Field(description="所属单位")
    name: str = Field(description="名称或姓名")
    roles: list[Role] = Field(description="角色")
    locked: bool = Field(description="是否已停用")
    departed_at: datetime | None = Field(default=None, description="离岗时间")
    keys: list[str] = Field(default=[], description="已登记公钥的 kid")
    signs: bool = Field(description="是否启用了国家平台请求头签名")
    subjects: list[Subject] = Field(default=[], description="统一身份认证账号,每个签发者一个")


class ClientList(Page):
    """A page of clients."""

    clients: list[ClientOut]


class KeySetIn(ApiModel):
    """The public keys (JWK) with which a client signs its assertions (RFC 7523); replaces the ones before."""

    keys: list[dict[str, Any]] = Field(
        max_length=5,
        description="公钥:Ed25519(EdDSA)、P-256(ES256)或 2048 位以上 RSA(RS256、PS256)",
    )


class SigningKeyIssued(ApiModel):
    """The key of the national header signature, shown once."""

    requester: str = Field(description="请求头 gjgxjhpt_rid 的值")
    key: str = Field(description="签名密钥,只显示这一次;以其 UTF-8 字节作 HMAC-SHA256 的密钥")
    previous_until: datetime | None = Field(default=None, description="原密钥有效至;首次启用的没有")


class AssertionCheck(ApiModel):
    """Gateway → catalog: whose live, unused assertion is this?"""

    assertion: str = Field(max_length=8000)
    audiences: list[str]


class SubjectCheck(ApiModel):
    """Gateway → catalog: whose identity at the issuer outside is this?"""

    issuer: str = Field(max_length=300)
    subject: str = Field(min_length=1, max_length=255)


class SignatureCheck(ApiModel):
    """Gateway → catalog: is this the signature of that client, and not used before?"""

    requester: str = Field(max_length=80)
    service: str = Field(max_length=200)
    moment: str = Field(max_length=20)
    digest: str = Field(default="", max_length=200)
    sign: str = Field(max_length=100)


class ClientKeyChanged(Event):
    """A client proves itself otherwise from now on: by other keys of its assertions or header, or outside."""

    subject: ClassVar[str] = "zhengshu.catalog.client-key.changed.v1"

    client: str
    organization: str
    key: Literal["assertion", "header", "outside"]
    by: str
