"""The OpenAPI document of everything the node answers, made from the table of routes.

Bodies are described by the services' own documents; here are paths, purposes, proofs and refusals.
"""

import re
from typing import Any

from zhengshu_contracts.problem import Problem

from zhengshu_gateway.routes import BARE, Kind, Route, Routes

TAGS = {
    "gateway": "身份与决定",
    "catalog": "目录与数据",
    "sharing": "共享",
    "opening": "开放",
    "audit": "存证",
}


def openapi(table: Routes) -> dict[str, Any]:
    """Return the document."""
    paths: dict[str, dict[str, Any]] = {}
    for route in table.all:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    flow = {"clientCredentials": {"tokenUrl": "/oauth2/token", "scopes": {}}}
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    inner = schema.pop("$defs", {})
    return {
        "openapi": "3.1.0",
        "info": {"title": "政数", "version": "1", "description": "县级政务数据节点对外接口"},
        "paths": paths,
        "components": {
            "schemas": {"Problem": schema, **inner},
            "securitySchemes": {"token": {"type": "oauth2", "flows": flow}},
        },
    }


STATED = (
    ("Zhengshu-Grant", "所用授权;有多项授权可用时须写明授权或用途"),
    (
        "Zhengshu-Purpose",
        "本次使用的用途(UTF-8 百分号编码),须与授权的用途一致;"
        "只有一项授权时可省略,以其用途为准。用途记入访问记录",
    ),
)


def _header(name: str, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "schema": {"type": "string"},
        "description": description,
    }


def _operation(route: Route) -> dict[str, Any]:
    refusal = {"schema": {"$ref": "#/components/schemas/Problem"}}
    told: dict[str, Any] = {
        "operationId": route.action + "." + re.sub(r"\W+", "_", route.route.lower()),
        "summary": route.title,
        "tags": [TAGS[route.to]],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"\{(\w+)\}", route.path)
        ],
        "responses": {
            "2XX": {"description": "成功"},
            "default": {
                "description": "拒绝或失败",
                "content": {"application/problem+json": refusal},
            },
        },
    }
    if route.kind is Kind.DATA:
        told["parameters"] += [_header(*each) for each in STATED]
    if route.kind not in BARE:
        told["security"] = [{"token": []}, {}] if route.anonymous else [{"token": []}]
    return told
