"""Why somebody cannot sign in, or an account is not made."""

from zhengshu_chassis.errors import Conflict, Invalid, Unauthorized


class AccountTaken(Conflict):
    """Another officer's account has this name."""

    slug = "account-taken"
    title = "账号名已被使用"


class PasswordWeak(Invalid):
    """The password is easily guessed."""

    slug = "password-weak"
    title = "口令过于简单"

    def __init__(self) -> None:
        super().__init__(
            "口令至少 10 位,含字母和数字,不含账号名",
            pointers=[("/password", self.slug, "过于简单")],
        )


class NotAnOfficer(Conflict):
    """Systems do not sign in."""

    slug = "not-an-officer"
    title = "只有工作人员可以登录门户"


class SessionOver(Unauthorized):
    """The code or the session is unknown, used or over: the answer does not tell which."""

    slug = "session-over"
    title = "登录已失效,请重新登录"
