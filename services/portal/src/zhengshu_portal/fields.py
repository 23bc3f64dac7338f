"""Forms from a contract's JSON schema, and the body that was answered. Knows neither pages nor the node."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from pydantic import BaseModel, TypeAdapter
from zhengshu_contracts.vocabulary import OrganizationCode

from zhengshu_portal.forms import Form
from zhengshu_portal.schemas import Schema, schema_of, solid, wording, words

Choices: TypeAlias = Sequence[tuple[str, str]]

ORGANIZATION = TypeAdapter(OrganizationCode).json_schema()["pattern"]
LONG = 160
"""A text that may be longer than this is asked for in several lines."""
SPECIAL = {"attachments": "files", "scan": "file"}
"""Members that are files: they are handed over first, then named; a form keeps them as `id/name`."""
SIMPLE = {"object": "group", "boolean": "flag", "integer": "number", "number": "number"}
SPARE = 3
"""Empty rows offered below those that are filled."""
MASKS: dict[str, dict[str, Any]] = {
    json.dumps(mask, separators=(",", ":")): mask
    for mask in (
        {"kind": "keep", "first": 1, "last": 0},
        {"kind": "keep", "first": 1, "last": 1},
        {"kind": "keep", "first": 3, "last": 4},
        {"kind": "keep", "first": 6, "last": 4},
        {"kind": "keep", "first": 0, "last": 0},
        {"kind": "truncate", "length": 6},
        {"kind": "hash"},
        {"kind": "period", "unit": "month"},
        {"kind": "period", "unit": "year"},
        {"kind": "step", "width": 100},
        {"kind": "step", "width": 1000},
    )
}
"""The masks that a form offers, by the value that is sent."""
MASK_WORDS = {
    "truncate": "只给前 {length} 位",
    "hash": "以密钥散列代替",
    "period": "日期概化到{unit}",
    "step": "数值按 {width} 分段概化",
}
UNITS = {"month": "月", "year": "年"}


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a form asks for. `kind` says how: see the macro `field`."""

    name: str
    label: str
    hint: str
    kind: str
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    most: int | None = None
    least: int | None = None
    pattern: str | None = None
    value: Any = None
    members: tuple["Field", ...] = ()

    @property
    def id(self) -> str:
        """Return a name that an element may bear."""
        return self.name.replace(".", "-")


class Asked:
    """What a contract asks for: `choices` narrows members, by name; `skip` leaves them out."""

    def __init__(
        self,
        model: type[BaseModel] | Schema,
        *,
        choices: Mapping[str, Choices] | None = None,
        skip: Sequence[str] = (),
    ) -> None:
        self.schema = model if isinstance(model, dict) else schema_of(model)
        self.choices = choices or {}
        self.skip = frozenset(skip)

    def offering(self, **choices: Choices) -> "Asked":
        """Return the same with these members narrowed."""
        return Asked(self.schema, choices={**self.choices, **choices}, skip=tuple(self.skip))

    def fields(self, values: Mapping[str, Any] | None = None, at: str = "") -> list[Field]:
        """Return the fields with the values that are known."""
        return self._members(self.schema, dict(values or {}), at, needed=True)

    def label(self, pointer: str) -> str:
        """Say which field a JSON pointer means, as the form calls it."""
        node, said = self.schema, []
        for name in pointer.strip("/").split("/"):
            if name.isdigit():
                node = solid(self.schema, node.get("items", {}))
                said.append(f"第 {int(name) + 1} 项")
            elif name in node.get("properties", {}):
                node = solid(self.schema, node["properties"][name])
                said.append(wording(name, node.get("description", ""))[0])
            else:
                return " ".join(said) or pointer
        return " ".join(said)

    def body(self, form: Form, at: str = "") -> dict[str, Any]:
        """Return what a form answers; what cannot be read as its type goes as it was typed."""
        return self._read(self.schema, form, at)

    def _members(
        self, node: Schema, values: dict[str, Any], at: str, *, needed: bool
    ) -> list[Field]:
        required = node.get("required", []) if needed else []
        return [
            self._field(name, member, values.get(name), f"{at}{name}", name in required)
            for name, member in node.get("properties", {}).items()
            if self._asks(name, member)
        ]

    def _asks(self, name: str, member: Schema) -> bool:
        """Tell whether a member is asked for: one that belongs to a move only where that move is open."""
        said = re.match(r"([a-z]+):", solid(self.schema, member).get("description", ""))
        closed = said and "move" in self.choices and said[1] not in dict(self.choices["move"])
        return name not in self.skip and "const" not in member and not closed

    def _field(self, name: str, member: Schema, value: Any, full: str, required: bool) -> Field:
        node = solid(self.schema, member)
        label, hint = wording(name, node.get("description", ""))
        made = Field(full, label, hint, self._kind(name, node, full), required)
        if made.kind == "mask" and isinstance(value, dict):
            value = json.dumps(value, separators=(",", ":"))
        made = replace(
            made,
            choices=tuple(self._choices(name, node, full)),
            most=node.get("maxLength", node.get("maximum")),
            least=node.get("minLength", node.get("minimum")),
            pattern=node.get("pattern"),
            value=node.get("default") if value is None else value,
        )
        if made.kind == "keyed":
            held = value if isinstance(value, dict) else {}
            keyed = tuple(
                Field(f"{full}.{key}", title, "", "text", value=held.get(key))
                for key, title in made.choices
            )
            return replace(made, kind="group", members=keyed)
        if made.kind == "group":
            inner = value if isinstance(value, dict) else {}
            members = self._members(node, inner, f"{full}.", needed=required)
            return replace(made, members=tuple(members))
        return replace(made, members=tuple(self._rows(made, node))) if made.kind == "rows" else made

    def _rows(self, made: Field, node: Schema) -> list[Field]:
        given = list(made.value or [])
        entry = solid(self.schema, node["items"])
        return [
            Field(
                f"{made.name}.{at}",
                f"第 {at + 1} 项",
                "",
                "group",
                members=tuple(
                    self._members(
                        entry,
                        given[at] if at < len(given) else {},
                        f"{made.name}.{at}.",
                        needed=False,
                    )
                ),
            )
            for at in range(len(given) + SPARE)
        ]

    def _read(self, node: Schema, form: Form, at: str) -> dict[str, Any]:
        answered = {}
        for name, member in node.get("properties", {}).items():
            full = f"{at}{name}"
            if not self._asks(name, member):
                continue
            value = self._value(name, solid(self.schema, member), form, full)
            if value is not None:
                answered[name] = value
            elif name in node.get("required", []):
                answered[name] = [] if "items" in solid(self.schema, member) else ""
        return answered

    def _value(self, name: str, node: Schema, form: Form, full: str) -> Any:
        kind = self._kind(name, node, full)
        if kind == "group":
            inner = self._read(node, form, f"{full}.")
            return inner if any(_said(value) for value in inner.values()) else None
        if kind == "rows":
            return self._answered_rows(node, form, full)
        if kind in {"ticks", "files"}:
            return form.all(full) or None
        if kind == "flag":
            return form.get(full) == "true"
        if kind in {"lines", "pairs", "keyed"}:
            return self._listed(kind, name, form, full)
        return _scalar(kind, form.get(full, "").strip())

    def _listed(self, kind: str, name: str, form: Form, full: str) -> Any:
        if kind != "keyed":
            return _lines(form.get(full, ""), pairs=kind == "pairs")
        said = {key: form.get(f"{full}.{key}", "").strip() for key, _ in self.choices[name]}
        return {key: text for key, text in said.items() if text} or None

    def _answered_rows(self, node: Schema, form: Form, full: str) -> list[dict[str, Any]]:
        entry = solid(self.schema, node["items"])
        places = {
            int(found.group(1))
            for name in form
            if (found := re.match(rf"{re.escape(full)}\.(\d{{1,4}})\.", name))
        }
        rows = [self._read(entry, form, f"{full}.{at}.") for at in sorted(places)]
        return [row for row in rows if any(_said(value) for value in row.values())]

    def _kind(self, name: str, node: Schema, full: str) -> str:
        if name in SPECIAL or "oneOf" in node:
            return SPECIAL.get(name, "mask")
        inner = solid(self.schema, node.get("items", {}))
        if node.get("type") == "array":
            return self._array(inner, full, name)
        if node.get("type") == "object" and "properties" not in node:
            return "keyed" if name in self.choices else "pairs"
        if node.get("type") == "boolean" and "default" not in node:
            return "yesno"
        return SIMPLE.get(node.get("type", "")) or self._text(name, node, full)

    def _array(self, inner: Schema, full: str, name: str) -> str:
        if "enum" in inner or full in self.choices or name in self.choices:
            return "ticks"
        return "rows" if inner.get("properties") else "lines"

    def _text(self, name: str, node: Schema, full: str) -> str:
        if "enum" in node or full in self.choices or name in self.choices:
            return "choice"
        if node.get("pattern") == ORGANIZATION and "organization" in self.choices:
            return "choice"
        if node.get("format") in {"date", "date-time"}:
            return {"date": "date"}.get(node["format"], "moment")
        return "area" if node.get("maxLength", 0) > LONG else "text"

    def _choices(self, name: str, node: Schema, full: str) -> Choices:
        for known in (full, name):
            if known in self.choices:
                return self.choices[known]
        if node.get("pattern") == ORGANIZATION:
            return self.choices.get("organization", ())
        if "oneOf" in node:
            return [(sent, mask_label(mask)) for sent, mask in MASKS.items()]
        if node.get("type") == "boolean":
            return (("false", "否"), ("true", "是"))
        inner = solid(self.schema, node["items"]) if "items" in node else node
        return words(inner, node.get("description", ""))


def _said(value: object) -> bool:
    return value not in ("", None, [], {}, False)


def _lines(text: str, *, pairs: bool) -> Any:
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if not pairs or not found:
        return found or None
    return {name.strip(): value.strip() for name, _, value in (one.partition("=") for one in found)}


def _scalar(kind: str, text: str) -> Any:
    if not text:
        return None
    if kind == "number" and re.fullmatch(r"-?\d{1,15}", text):
        return int(text)
    if kind == "moment":
        return f"{text}:00+08:00" if re.fullmatch(r"[\d-]{10}T\d\d:\d\d", text) else text
    if kind == "yesno":
        return {"true": True, "false": False}.get(text, text)
    if kind == "mask":
        return dict(MASKS.get(text, {"kind": text[:20]}))
    return text


def handed(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body whose files are named by their ids alone; a form keeps their names beside."""
    told = dict(body)
    for name in SPECIAL.keys() & told.keys():
        kept = told[name]
        bare = [each.partition("/")[0] for each in (kept if isinstance(kept, list) else [kept])]
        told[name] = bare if isinstance(kept, list) else bare[0]
    return told


def mask_label(mask: Mapping[str, Any]) -> str:
    """Say what a mask does."""
    if mask.get("kind") == "keep":
        ends = (("前", mask.get("first")), ("后", mask.get("last")))
        kept = "、".join(f"{end} {count} 位" for end, count in ends if count)
        return f"只保留{kept},其余以 * 代替" if kept else "全部以 * 代替"
    unit = UNITS.get(str(mask.get("unit")), "")
    return MASK_WORDS.get(str(mask.get("kind")), "").format(**{**mask, "unit": unit})
