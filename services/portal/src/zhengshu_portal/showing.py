"""What the node answered, in words people read: labelled pairs and tables. Knows contracts, no page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from pydantic import BaseModel
from zhengshu_contracts.beijing import BEIJING

from zhengshu_portal.schemas import LABELS, Schema, schema_of, solid, word_list, wording

HIDDEN = frozenset(
    {"officer", "state", "part", "due_provisional", "due_term", "due_party", "due_basis"}
) | frozenset({"code_label", "kind_label", "applicant_name"})
"""Members that say nothing to people, or say it twice."""
WITHIN = HIDDEN | {"id", "digest", "media"}
"""Members that say nothing within another thing."""
Names: TypeAlias = Mapping[str, str]
"""Organisations' names by code."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one kind."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Link:
    """A way to another page."""

    text: str
    href: str


Value: TypeAlias = "str | Link | Table | list[tuple[str, Value]]"
Pairs: TypeAlias = list[tuple[str, Value]]


class Shown:
    """One answer's reader: the contract it follows and the names of organisations."""

    def __init__(self, model: type[BaseModel] | Schema, names: Names) -> None:
        self.schema = model if isinstance(model, dict) else schema_of(model)
        self.names = names

    def pairs(self, thing: Mapping[str, Any], *, skip: Iterable[str] = ()) -> Pairs:
        """Return every member that says something, in the contract's order."""
        return self._pairs(self.schema, thing, HIDDEN | frozenset(skip))

    def one(self, thing: Mapping[str, Any], name: str) -> Value:
        """Return one member."""
        return self._value(self.schema["properties"].get(name, {}), thing.get(name))

    def label(self, name: str) -> str:
        """Return what a member is called."""
        return _label(name, solid(self.schema, self.schema["properties"].get(name, {})))

    def _pairs(self, node: Schema, thing: Mapping[str, Any], skip: frozenset[str]) -> Pairs:
        told = {**{name: {} for name in thing}, **node.get("properties", {})}
        ordered = [name for name in (*node.get("properties", {}), *thing) if name in thing]
        return [
            (
                _label(name, solid(self.schema, told[name])),
                self._value(told[name], thing[name]),
            )
            for name in dict.fromkeys(ordered)
            if name not in skip and thing[name] not in (None, "", [], {})
        ]

    def _value(self, member: Schema, value: Any) -> Value:
        node = solid(self.schema, member)
        if isinstance(value, Link):
            return value
        if isinstance(value, dict):
            return self._pairs(node, value, WITHIN)
        if isinstance(value, list):
            return self._list(solid(self.schema, node.get("items", {})), value)
        return self._text(node, value)

    def _list(self, node: Schema, values: list[Any]) -> Value:
        if not values or not isinstance(values[0], dict):
            return "、".join(self._text(node, value) for value in values)
        told = node.get("properties", {})
        columns = [
            column
            for column in dict.fromkeys([*told, *(each for value in values for each in value)])
            if column not in WITHIN
            and any(value.get(column) not in (None, "", [], {}) for value in values)
        ]
        heads = [_label(column, solid(self.schema, told.get(column, {}))) for column in columns]
        rows = [
            [self._value(told.get(column, {}), value.get(column)) for column in columns]
            for value in values
        ]
        return Table(heads, rows)

    def _text(self, node: Schema, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "是" if value else "否"
        if node.get("format") == "date-time":
            return datetime.fromisoformat(value).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
        if word := word_list(node.get("word", "")):
            return word(value).label if value in list(word) else str(value)
        return self.names.get(value, str(value)) if isinstance(value, str) else str(value)


def _label(name: str, node: Schema) -> str:
    return wording(name, node.get("description", ""))[0] or LABELS.get(name, name)
