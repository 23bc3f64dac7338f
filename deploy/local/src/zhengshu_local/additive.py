"""Holds today's events against what was published of them before: within a version they only grow.

What was published is kept as one document: by subject, each member's schema without its words.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from zhengshu_contracts.base import Event

WORDS = {"title", "description", "default", "examples", "format"}
Schema = dict[str, Any]


def schemas(events: Mapping[str, type[Event]], kept: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the document as it should be: today's schemas, but for those that take something away."""
    today = {subject: bare(event) for subject, event in events.items()}
    grown = {
        subject: schema
        for subject, schema in today.items()
        if not list(taken_away(kept.get(subject, {}), schema))
    }
    return dict(sorted((dict(kept) | grown).items()))


def differences(events: Mapping[str, type[Event]], kept: Mapping[str, Schema]) -> Iterator[str]:
    """Yield what today's events take away from those that were published."""
    for subject, schema in kept.items():
        if subject not in events:
            yield f"{subject} was published and is gone"
        else:
            yield from (f"{subject}: {each}" for each in taken_away(schema, bare(events[subject])))


def taken_away(before: Schema, now: Schema) -> Iterator[str]:
    """Yield what a reader or a writer of the earlier schema would miss or trip over."""
    old, new = before.get("properties", {}), now.get("properties", {})
    always, still = set(before.get("required", ())), set(now.get("required", ()))
    yield from (f"{name} is gone" for name in sorted(old.keys() - new.keys()))
    yield from (f"{name} may be missing now" for name in sorted((always - still) & new.keys()))
    if before:
        yield from (f"{name} must be given now" for name in sorted(still - always))
    for name in sorted(old.keys() & new.keys()):
        if not covers(new[name], old[name]):
            yield f"{name} is another thing now: {json.dumps(new[name], ensure_ascii=False)}"


def covers(new: Any, old: Any) -> bool:
    """Whether whatever fitted the old schema fits the new one; closed lists may have grown."""
    if isinstance(new, dict) and isinstance(old, dict):
        if "enum" in new and "enum" in old:
            return set(old["enum"]) <= set(new["enum"])
        if "properties" in old:
            return not list(taken_away(old, new))
        return old.keys() == new.keys() and all(covers(new[key], old[key]) for key in old)
    if isinstance(new, list) and isinstance(old, list):
        return all(any(covers(one, other) for one in new) for other in old)
    return bool(new == old)


def bare(event: type[Event]) -> Schema:
    """Return an event's schema without words, with what it refers to put in its place."""
    whole = event.model_json_schema()
    found: Schema = _bare(whole, whole.get("$defs", {}))
    return {key: found[key] for key in ("properties", "required") if key in found}


def _bare(node: Any, definitions: Schema) -> Any:
    if isinstance(node, list):
        return [_bare(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _bare(definitions[node["$ref"].rpartition("/")[2]], definitions)
    return {
        key: {name: _bare(each, definitions) for name, each in value.items()}
        if key == "properties"
        else _bare(value, definitions)
        for key, value in node.items()
        if key not in WORDS and key != "$defs"
    }
