"""The generated document: Chinese, and problems as what they are."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from zhengshu_contracts.problem import Problem

from zhengshu_chassis.problems import MEDIA_TYPE

_UNUSED = ("HTTPValidationError", "ValidationError")
_WRITES = {"post", "put", "patch", "delete"}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "幂等键:同一键、同一内容的重复请求只生效一次,并得到同样的答复(保留 30 天)",
}
_SUCCESS = {"Successful Response": "成功"}


def install(app: FastAPI) -> None:
    """Let the application describe its errors as problem+json."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way


def _document(app: FastAPI) -> dict[str, Any]:
    told = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        webhooks=app.webhooks.routes,
    )
    schemas = told.setdefault("components", {}).setdefault("schemas", {})
    for name in _UNUSED:
        schemas.pop(name, None)
    schemas |= _problem_schemas()
    for path in [*told["paths"].values(), *told.get("webhooks", {}).values()]:
        for method, operation in path.items():
            _entitle(operation)
            if method in _WRITES:
                operation.setdefault("parameters", []).append(_KEY)
            _mend(operation["responses"])
    return told


def _entitle(operation: dict[str, Any]) -> None:
    """Take the docstring's first line as the summary, instead of the function's English name."""
    if operation.get("summary", "").isascii() and operation.get("description"):
        first, _, rest = operation.pop("description").partition("\n")
        operation["summary"] = first
        if rest.strip():
            operation["description"] = rest.strip()


def _problem_schemas() -> dict[str, Any]:
    template = "#/components/schemas/{model}"
    schema = Problem.model_json_schema(ref_template=template, mode="serialization")
    inner = schema.pop("$defs", {})
    return {"Problem": schema, **inner}


def _mend(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        response["description"] = _SUCCESS.get(response["description"], response["description"])
        if status >= "400":
            reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
            response["content"] = {MEDIA_TYPE: reference}
            if response["description"] == "Validation Error":
                response["description"] = "`invalid`:请求内容有误"
