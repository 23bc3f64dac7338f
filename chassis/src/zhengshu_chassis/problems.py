"""The one place where something that went wrong becomes `application/problem+json`.

Four sources: the service's own refusals, a malformed request, the framework's own errors, and the
unforeseen. None carries SQL, a stack, or what the caller had sent.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from zhengshu_contracts.problem import FieldProblem, Problem

from zhengshu_chassis.errors import DomainError, Invalid, NotFound
from zhengshu_chassis.tracing import trace_id

MEDIA_TYPE = "application/problem+json"


class NoSuchPath(NotFound):
    """No route has this path."""

    slug = "no-such-path"
    title = "没有这个地址"


class MethodNotAllowed(DomainError):
    """The path exists, not with this method."""

    status = 405
    slug = "method-not-allowed"
    title = "不支持的请求方法"


class Internal(DomainError):
    """A fault of ours; the trace id leads to the log."""

    status = 500
    slug = "internal"
    title = "系统内部错误"


_FRAMEWORK: dict[int, type[DomainError]] = {404: NoSuchPath, 405: MethodNotAllowed}

_MESSAGES = {
    "missing": "缺少必填项",
    "extra_forbidden": "不认识的项",
    "string_type": "应为字符串",
    "string_too_short": "长度不足(至少 {min_length} 个字符)",
    "string_too_long": "超出长度(至多 {max_length} 个字符)",
    "string_pattern_mismatch": "格式不符",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "list_type": "应为数组",
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "too_short": "项数不足(至少 {min_length} 项)",
    "too_long": "项数过多(至多 {max_length} 项)",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "应不小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "应不大于 {le}",
    "enum": "不在可选值之内:{expected}",
    "literal_error": "不在可选值之内:{expected}",
    "date_type": "应为日期(YYYY-MM-DD)",
    "date_parsing": "应为日期(YYYY-MM-DD)",
    "date_from_datetime_parsing": "应为日期(YYYY-MM-DD)",
    "datetime_type": "应为时间(RFC 3339)",
    "datetime_parsing": "应为时间(RFC 3339)",
    "datetime_from_date_parsing": "应为时间(RFC 3339)",
    "uuid_parsing": "应为 UUID",
    "json_invalid": "不是合法的 JSON",
    "union_tag_invalid": "不在可选值之内:{expected_tags}",
    "union_tag_not_found": "缺少区分项 {discriminator}",
}


def render(error: DomainError, instance: str) -> Response:
    """Return the problem document of a refusal."""
    problem = Problem(
        type=f"/problems/{error.slug}",
        title=error.title,
        status=error.status,
        detail=error.detail,
        instance=instance,
        basis=error.basis,
        next=error.next,
        trace_id=trace_id() or None,
        errors=[FieldProblem(pointer=p, code=c, message=m) for p, c, m in error.pointers] or None,
        **error.extra,
    )
    body = orjson.dumps(problem.model_dump(mode="json", exclude_none=True))
    return Response(body, status_code=error.status, headers=error.headers, media_type=MEDIA_TYPE)


def internal(instance: str) -> Response:
    """Return the answer to the unforeseen."""
    return render(Internal("请求未能完成,请凭追踪号报障"), instance)


def problems(*errors: type[DomainError]) -> dict[int | str, dict[str, Any]]:
    """Return `responses=` for a route: what it may refuse with, by status."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        told = by_status.setdefault(error.status, {"model": Problem, "description": ""})
        line = f"`{error.slug}`:{error.title}"
        told["description"] = "\n\n".join(filter(None, [told["description"], line]))
    return by_status


def install(
    app: FastAPI,
    constraints: Mapping[str, type[DomainError]],
    database: tuple[type[Exception], ...] = (),
) -> None:
    """Register the handlers; `database` are the exceptions that `database_errors` can read."""

    async def handle(request: Request, error: Exception) -> Response:
        return render(refusal(error, constraints), request.url.path)

    for kind in (DomainError, RequestValidationError, HTTPException, *database):
        app.add_exception_handler(kind, handle)


def refusal(error: Exception, constraints: Mapping[str, type[DomainError]]) -> DomainError:
    """Return the refusal that tells of an error."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        return _from_framework(error)
    from zhengshu_chassis.database_errors import named  # noqa: PLC0415 - only who has a database

    return named(error, constraints)


def _invalid(error: RequestValidationError) -> Invalid:
    pointers = [(_pointer(e["loc"]), e["type"], _message(e)) for e in error.errors()]
    return Invalid("请求内容不符合要求,逐项说明如下", pointers=pointers)


def _pointer(location: tuple[int | str, ...]) -> str:
    """Return a JSON pointer into the body, or `#/query/…` and the like for other places."""
    place, *rest = location
    parts = rest if place == "body" else [place, *rest]
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def _message(error: Mapping[str, Any]) -> str:
    template = _MESSAGES.get(error["type"])
    if template is None:
        # Our own validators speak Chinese; the libraries' other messages do not.
        told = (error.get("ctx") or {}).get("error")
        return str(told) if isinstance(told, ValueError) else "不符合要求"
    return template.format(**(error.get("ctx") or {}))


def _from_framework(error: HTTPException) -> DomainError:
    headers = dict(error.headers or {})
    if kind := _FRAMEWORK.get(error.status_code):
        return kind(headers=headers)
    told = DomainError(headers=headers)
    alike = {kind.status: kind for kind in DomainError.__subclasses__()}.get(error.status_code)
    told.status = error.status_code
    told.slug = alike.slug if alike else _slug(error.status_code)
    told.title = alike.title if alike else DomainError.title
    return told


def _slug(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "-")
