"""What differs between two contents of an entry, in words people read. Pure functions."""

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

from pydantic import BaseModel
from zhengshu_contracts.catalog import Change, EntryIn, Item
from zhengshu_contracts.vocabulary import Labelled


def difference(before: EntryIn, after: EntryIn) -> list[Change]:
    """Return every change: of the entry itself first, then of its items in their order."""
    return [*_changed(before, after, None), *_items(before.items, after.items)]


def _items(before: Iterable[Item], after: Iterable[Item]) -> Iterator[Change]:
    known, wanted = ({item.name: item for item in items} for items in (before, after))
    for name, item in wanted.items():
        if name not in known:
            yield Change(item=name, label="新增信息项", after=item.title)
        else:
            yield from _changed(known[name], item, name)
    for name, item in known.items():
        if name not in wanted:
            yield Change(item=name, label="删除信息项", before=item.title)


def _changed(before: BaseModel, after: BaseModel, item: str | None) -> Iterator[Change]:
    for name, field in type(after).model_fields.items():
        old, new = getattr(before, name), getattr(after, name)
        if name != "items" and old != new:
            label = field.description or name
            yield Change(item=item, label=label, before=_shown(old), after=_shown(new))


def _shown(value: Any) -> Any:
    if isinstance(value, Labelled):
        return value.label
    if isinstance(value, BaseModel):
        return {name: _shown(each) for name, each in value}
    return value.value if isinstance(value, Enum) else value
