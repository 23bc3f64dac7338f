"""What a dataset is: typed columns made of an entry's items, and versions. Knows no SQL session, no HTTP."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from zhengshu_chassis.rows.compile import identifier
from zhengshu_contracts.base import Record
from zhengshu_contracts.catalog import Item
from zhengshu_contracts.vocabulary import SQL_TYPES, Audience, SharingClass

from zhengshu_catalog.aggregation.errors import VersionInvalid

_VERSION = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """(epoch, number): no two contents of a dataset ever share one."""

    epoch: int
    number: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Read `epoch.n`."""
        found = _VERSION.fullmatch(text)
        if found is None:
            raise VersionInvalid("版本应写作 epoch.n,例如 1.12")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.epoch}.{self.number}"


class JoinedMember(Record):
    """A member of a joined dataset; `on` pairs its key items with (alias, item) of earlier members."""

    dataset: str
    alias: str
    on: tuple[tuple[str, str, str], ...] = ()


class Joined(Record):
    """Where the rows of a dataset without a table come from: members, and the columns shown of them."""

    members: tuple[JoinedMember, ...]
    columns: tuple[tuple[str, str, str], ...]
    """Name, and the (alias, item) that it shows."""

    @property
    def datasets(self) -> frozenset[str]:
        """The members' ids."""
        return frozenset(member.dataset for member in self.members)

    def table(self) -> str:
        """Return the join in the place of a table: a row for each of the first member's."""
        first, *others = self.members
        lead = ", ".join(f"{identifier(first.alias)}.{n}" for n in ("_id", "_born", "_changed"))
        shown = [
            f"{_column(alias, item)} AS {identifier(name)}" for name, alias, item in self.columns
        ]
        joins = "".join(map(_join, others))
        source = f"{_rows(first.dataset)} {identifier(first.alias)}{joins}"
        return f"(SELECT {lead}, {', '.join(shown)} FROM {source})"  # noqa: S608 - names are items'


def _rows(dataset: str) -> str:
    return f'rows."d_{suffix(dataset)}"'


def _column(alias: str, item: str) -> str:
    return f"{identifier(alias)}.{identifier(item)}"


def _join(member: JoinedMember) -> str:
    on = " AND ".join(f"{_column(member.alias, key)} = {_column(*to)}" for key, *to in member.on)
    return f" LEFT JOIN {_rows(member.dataset)} {identifier(member.alias)} ON {on}"


@dataclass(frozen=True)
class Structure:
    """A dataset's tables: names, columns and key, as of one published revision."""

    dataset: str
    revision: int
    items: tuple[Item, ...]
    joined: Joined | None = None
    """Instead of a table of its own."""

    @cached_property
    def types(self) -> dict[str, str]:
        """SQL type of each column."""
        return {item.name: SQL_TYPES[item.type] for item in self.items}

    @cached_property
    def key(self) -> tuple[str, ...]:
        """The key items' names."""
        return tuple(item.name for item in self.items if item.key)

    @cached_property
    def rest(self) -> tuple[str, ...]:
        """The other items' names."""
        return tuple(item.name for item in self.items if not item.key)

    @property
    def table(self) -> str:
        """The table of current rows, or the join that stands for it."""
        return self.joined.table() if self.joined else _rows(self.dataset)

    @property
    def rows_of(self) -> str:
        """The dataset whose rows these are one for one."""
        return self.joined.members[0].dataset if self.joined else self.dataset

    @property
    def history(self) -> str:
        """The append-only table of what rows were before."""
        return f'rows."h_{suffix(self.dataset)}"'

    @property
    def audience(self) -> Audience:
        """Who may hear of its events: by the loosest class of its items."""
        classes = {item.sharing for item in self.items}
        if SharingClass.UNCONDITIONAL in classes:
            return Audience.DEPARTMENTS
        return Audience.GRANTED if SharingClass.CONDITIONAL in classes else Audience.WITHHELD


@dataclass(frozen=True, slots=True)
class Migration:
    """What must change in a table for a new revision; `reasons` why it cannot."""

    added: tuple[Item, ...]
    relaxed: tuple[Item, ...]
    tightened: tuple[Item, ...]
    reasons: tuple[str, ...]


def suffix(dataset: str) -> str:
    """Return the part of table names that a dataset's id gives; refuse what is no id."""
    if not re.fullmatch(r"[0-9]{6,28}-[0-9]{6}", dataset):
        raise ValueError("not a dataset id")
    return dataset.replace("-", "_")


def migration(old: Structure, new: Structure) -> Migration:
    """Compare two revisions of a dataset that has rows."""
    before = {item.name: item for item in old.items}
    kept = [(before[item.name], item) for item in new.items if item.name in before]
    added = tuple(item for item in new.items if item.name not in before)
    return Migration(
        added=added,
        relaxed=tuple(now for was, now in kept if now.nullable and not was.nullable),
        tightened=tuple(now for was, now in kept if was.nullable and not now.nullable),
        reasons=(*_missing(old, new), *_changed(kept), *_required(added), *_rekeyed(old, new)),
    )


def _missing(old: Structure, new: Structure) -> list[str]:
    gone = [name for name in old.types if name not in new.types]
    return [f"不能去掉已有数据的信息项 {name}" for name in gone]


def _changed(kept: Sequence[tuple[Item, Item]]) -> list[str]:
    return [
        f"信息项 {now.name} 的类型不能由{was.type.label}改为{now.type.label}"
        for was, now in kept
        if SQL_TYPES[was.type] != SQL_TYPES[now.type]
    ]


def _required(added: Sequence[Item]) -> list[str]:
    return [
        f"新增信息项 {item.name} 须可为空,因为已有的行没有它的值"
        for item in added
        if not item.nullable and not item.key
    ]


def _rekeyed(old: Structure, new: Structure) -> list[str]:
    if set(old.key) == set(new.key):
        return []
    was, now = "、".join(old.key) or "无", "、".join(new.key) or "无"
    return [f"主键项不能由({was})改为({now})"]
