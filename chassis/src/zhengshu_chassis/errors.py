"""Kinds of refusal a service can answer with. Standard library only; rendered by `problems`.

A service subclasses a kind and gives it a slug and a Chinese title; the constructor formats `detail`.
"""

from collections.abc import Iterable


class DomainError(Exception):
    """A refusal with a stable slug; the kind decides the status."""

    status: int = 400
    slug: str = "bad-request"
    title: str = "请求无法处理"

    def __init__(
        self,
        detail: str = "",
        *,
        basis: str | None = None,
        next: str | None = None,  # noqa: A002 - the member's name on the wire
        pointers: Iterable[tuple[str, str, str]] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.basis = basis
        self.next = next
        self.pointers = tuple(pointers)
        """Wrong places as (JSON pointer, code, message)."""
        self.headers = headers or {}
        self.extra: dict[str, object] = {}
        """Further members of the problem document."""


class Unauthorized(DomainError):
    """The caller is not known."""

    status = 401
    slug = "unauthorized"
    title = "未通过身份验证"


class Forbidden(DomainError):
    """The caller is known, sees the thing, and may not."""

    status = 403
    slug = "forbidden"
    title = "无权进行此操作"


class NotFound(DomainError):
    """There is no such thing, or none that this caller may see."""

    status = 404
    slug = "not-found"
    title = "未找到"


class Conflict(DomainError):
    """The thing's state does not allow it."""

    status = 409
    slug = "conflict"
    title = "当前状态不允许此操作"


class Gone(DomainError):
    """It was there once."""

    status = 410
    slug = "gone"
    title = "已不再提供"


class PreconditionFailed(DomainError):
    """The version the caller named is not the current one."""

    status = 412
    slug = "precondition-failed"
    title = "版本不符"


class TooLarge(DomainError):
    """More than is taken at once."""

    status = 413
    slug = "too-large"
    title = "内容过大"


class Unsupported(DomainError):
    """A format that is not read."""

    status = 415
    slug = "unsupported-media-type"
    title = "不支持的格式"


class Invalid(DomainError):
    """The payload is malformed."""

    status = 422
    slug = "invalid"
    title = "请求内容有误"


class TooMany(DomainError):
    """Asked too often."""

    status = 429
    slug = "too-many-requests"
    title = "请求过于频繁"


class Unavailable(DomainError):
    """Something this answer needs is away; ask again."""

    status = 503
    slug = "unavailable"
    title = "服务暂不可用"

    def __init__(self, detail: str = "", *, retry_after: int = 5, **members: str | None) -> None:
        super().__init__(
            detail,
            basis=members.get("basis"),
            next=members.get("next") or f"请在 {retry_after} 秒后重试",
            headers={"Retry-After": str(retry_after)},
        )
