"""Everything a stranger sends has a limit: the longest text, the largest number, the longest list.

Read from the documents the services publish, so that a new member without one fails.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DOCUMENTS = Path(__file__).parents[2] / "contracts" / "openapi"
LIMITS = {
    "string": {"maxLength", "pattern", "enum", "const"},
    "integer": {"maximum", "exclusiveMaximum"},
    "array": {"maxItems"},
}
FORMS = {"date", "date-time", "uuid"}
GRAMMAR = {
    "bom",
    "cursor",
    "format",
    "limit",
    "offset",
    "order",
    "select",
    "since",
    "until",
    "version",
}
FILES = {"/v1/datasets/{dataset}/batches", "/v1/imports", "/v1/item-drafts"}
RECORDS = {f"Citation.{name}" for name in ("title", "article", "reason")} | {
    "Condition.scope",
    "Condition.purpose",
}
ELSEWHERE = GRAMMAR | FILES | RECORDS
"""What the row grammar counts itself, what streams, and what the policy reads tolerantly."""

Schema = dict[str, Any]


def unbounded(
    models: Schema, schema: Schema, place: str, within: tuple[str, ...] = ()
) -> Iterator[str]:
    """The places of a schema that have no limit, models as `Model.member`."""
    if name := schema.get("$ref", "").rpartition("/")[2]:
        inside = () if name in within else unbounded(models, models[name], place, (*within, name))
        yield from inside
    limits = LIMITS.get(schema.get("type", ""))
    if limits and limits.isdisjoint(schema) and schema.get("format") not in FORMS:
        yield place
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), schema.get("items", {})):
        yield from unbounded(models, each, place, within) if each else ()
    for member, inner in schema.get("properties", {}).items():
        yield from unbounded(models, inner, f"{within[-1] if within else place}.{member}", within)


def asked(document: Schema) -> Iterator[tuple[str, Schema]]:
    """What is sent to the external routes: bodies by their path, parameters by their name."""
    for path, methods in document["paths"].items():
        for told in methods.values() if not path.startswith("/internal") else ():
            for each in told.get("parameters", ()):
                if each["in"] == "query":
                    yield each["name"], each["schema"]
            for content in told.get("requestBody", {}).get("content", {}).values():
                yield path, content.get("schema", {})


@pytest.mark.parametrize("service", ["audit", "catalog", "opening", "sharing"])
def test_every_text_number_and_list_has_its_limit(service: str) -> None:
    document = json.loads((DOCUMENTS / f"{service}.json").read_text("utf-8"))
    models = document["components"]["schemas"]
    found = {place for name, schema in asked(document) for place in unbounded(models, schema, name)}
    assert found - ELSEWHERE == set()
