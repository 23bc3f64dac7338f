"""Codes into what people call them: items and providers by name, masks in words, ids as links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhengshu_portal.fields import mask_label
from zhengshu_portal.kinds import KINDS
from zhengshu_portal.office import Officer
from zhengshu_portal.showing import Link

PLACES = {
    "a": "applications",
    "o": "opinions",
    "g": "grants",
    "j": "corrections",
    "b": "objections",
    "y": "disputes",
    "x": "demands",
    "c": "basis-changes",
    "r": "annual-reports",
    "k": "clocks",
}
"""Where a thing is shown, by what its id begins with."""
CALLED = {
    "applications": "查看共享申请",
    "opinions": "查看征求意见",
    "grants": "查看授权",
    "corrections": "查看数据校核",
    "objections": "查看共享属性异议",
    "disputes": "查看争议",
    "demands": "查看数据需求",
    "basis-changes": "查看目录依据变化",
    "annual-reports": "查看年度报告",
    "clocks": "查看办理时限",
    "catalogue": "查看目录条目",
}
LINKED = frozenset({"grant", "renews", "matter", "about"})
"""Members that hold another thing's id."""
NAMED = frozenset({"items", "item", "key"})
"""Members that hold items' names."""


@dataclass(frozen=True, slots=True)
class Naming:
    """Puts names into what the node answered, for one officer."""

    by: Officer

    def thing(self, one: Mapping[str, Any]) -> dict[str, Any]:
        """Return a thing as people read it; what is not known stays as it is."""
        told = {
            name: self._member(name, value, self._titles(one, {})) for name, value in one.items()
        }
        if len(parts := one.get("parts") or []) > 1:
            titles = {part["id"]: part["title"] for part in parts}
            told["timeline"] = [_about_part(step, titles) for step in told["timeline"]]
        if isinstance(one.get("dataset"), str):
            told["dataset"] = self._dataset(one["dataset"])
        if "application" in one:  # a provider judges its part; the case itself it may not read
            told["application"] = self._link(one["application"]) if self.by.oversees else None
        return told

    def cells(self, one: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
        """Return those cells of a list's line that name another thing."""
        told: dict[str, Any] = {}
        if "dataset" in columns and one.get("dataset"):
            told["dataset"] = self.by.entry(one["dataset"]).get("title") or one["dataset"]
        if "matter" in columns:
            told["matter"] = self._link(one["matter"])
        return told

    def names(self, *things: Mapping[str, Any]) -> dict[str, str]:
        """Return organisations' names, those of municipal providers included."""
        names = self.by.names()
        parts = [part for one in things for part in (one, *(one.get("parts") or []))]
        for part in parts:
            if part.get("dataset") and part.get("provider") and part["provider"] not in names:
                entry = self.by.entry(part["dataset"])
                names = names | {part["provider"]: entry.get("provider_name", part["provider"])}
        return names

    def _titles(self, one: Mapping[str, Any], outer: Mapping[str, str]) -> Mapping[str, str]:
        dataset = one.get("dataset")
        if not isinstance(dataset, str) or not NAMED & one.keys():
            return outer
        return {item["name"]: item["title"] for item in self.by.entry(dataset).get("items", [])}

    def _member(self, name: str, value: Any, titles: Mapping[str, str]) -> Any:
        if name == "mask":
            return mask_label(value)
        if name in NAMED:
            return _titled(value, titles)
        if isinstance(value, dict):
            within = self._titles(value, titles)
            return {key: self._member(key, each, within) for key, each in value.items()}
        if isinstance(value, list):
            return [self._each(name, each, titles) for each in value]
        return self._link(value) if name in LINKED else value

    def _each(self, name: str, value: Any, titles: Mapping[str, str]) -> Any:
        shown = self._member("", value, titles)
        if name == "attachments" and isinstance(value, dict):
            file = Link(value["name"], f"/my/prints/attachments/{value['id']}")
            return shown | {"name": file, "size": f"{-(-value['size'] // 1024)} KB"}
        if name == "parts" and isinstance(value, dict):
            entry = Link(value["title"], f"/my/catalogue/{value['dataset']}")
            return shown | {"title": entry, "dataset": None}
        return shown

    def _link(self, value: Any) -> Any:
        place = _place(str(value or ""))
        if place is None:
            return value
        kind = KINDS.get(place)
        readable = kind is None or self.by.may(kind.read)
        return Link(CALLED[place], f"/my/{place}/{value}") if readable else None

    def _dataset(self, dataset: str) -> Any:
        title = self.by.entry(dataset).get("title")
        return Link(title, f"/my/catalogue/{dataset}") if title else dataset


def place_of(matter: str) -> str | None:
    """Return the page of a thing by its id."""
    place = _place(matter)
    return f"/my/{place}/{matter}" if place else None


def _place(thing: str) -> str | None:
    return "catalogue" if thing[:1].isdigit() else PLACES.get(thing.partition("-")[0])


def _titled(value: Any, titles: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [titles.get(each, each) if isinstance(each, str) else each for each in value]
    if isinstance(value, dict):
        return {titles.get(name, name): each for name, each in value.items()}
    return titles.get(value, value)


def _about_part(step: dict[str, Any], titles: Mapping[str, str]) -> dict[str, Any]:
    part = titles.get(step.get("part") or "")
    return step | {"what": f"{step['what']}({part})"} if part else step
