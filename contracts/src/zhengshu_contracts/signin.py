"""Officers' sign-in: who am I, and what the gateway asks of the sessions' owner."""

from typing import Literal

from pydantic import Field

from zhengshu_contracts.base import ApiModel
from zhengshu_contracts.vocabulary import OrganizationKind, Role


class Me(ApiModel):
    """Who is signed in."""

    id: str = Field(description="客户端标识")
    name: str = Field(description="姓名")
    account: str | None = Field(description="登录账号")
    organization: str = Field(description="单位代码")
    organization_name: str = Field(description="单位名称")
    organization_kind: OrganizationKind = Field(description="单位类型")
    roles: list[Role] = Field(description="角色")
    role_labels: list[str] = Field(description="角色名称")
    standing_in_for: list[str] = Field(default=[], description="所代理或接替的人员姓名")


class PasswordSet(ApiModel):
    """Gateway → catalog, once the client's secret was proven: this is how the officer signs in."""

    client_id: str = Field(max_length=80)
    account: str = Field(pattern=r"^[a-z][a-z0-9._-]{2,31}$")
    password: str = Field(min_length=10, max_length=200)


class SignIn(ApiModel):
    """Gateway → catalog: is this the officer's password?"""

    account: str = Field(max_length=100)
    password: str = Field(max_length=200)
    challenge: str = Field(min_length=43, max_length=43)


class OutsideSignIn(ApiModel):
    """Gateway → catalog: an officer has signed in at the issuer outside; the state counts once."""

    issuer: str = Field(max_length=300)
    subject: str = Field(max_length=255)
    challenge: str = Field(min_length=43, max_length=43)
    state: str = Field(max_length=80)


class SignedIn(ApiModel):
    """What became of it; a code when it was."""

    outcome: Literal["accepted", "wrong", "barred", "unregistered", "repeated"]
    code: str | None = None


class CodeExchange(ApiModel):
    """Gateway → catalog: begin a session."""

    code: str = Field(max_length=100)
    verifier: str = Field(max_length=128)


class SessionBegun(ApiModel):
    """A session and whose it is."""

    client_id: str
    session: str


class SessionCheck(ApiModel):
    """Gateway → catalog: whose session is this?"""

    session: str = Field(max_length=100)
