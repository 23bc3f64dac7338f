"""What a theme's items are, and whether they still are: derived from its members' items. Pure functions."""

from collections import Counter
from collections.abc import Iterator, Mapping

from zhengshu_contracts.catalog import EntryIn, Item, ThemeColumn, ThemeIn, ThemeMember
from zhengshu_contracts.vocabulary import (
    SQL_TYPES,
    Mode,
    OpeningClass,
    ResourceFormat,
    SharingClass,
)

from zhengshu_catalog.aggregation.domain import Joined, JoinedMember
from zhengshu_catalog.themes.errors import ThemeInvalid, ThemeItemWithheld

Items = Mapping[str, Mapping[str, Item]]
"""The members' items, by alias and name."""
MODES = [Mode.VERIFY, Mode.QUERY, Mode.EXPORT]
"""A theme is not subscribed to: what changed is told of its members."""
Wrong = Iterator[tuple[str, str]]
"""Places that are wrong, with why."""


def content(given: ThemeIn, members: Mapping[str, list[Item]]) -> EntryIn:
    """Return the entry that a theme is; `members` are the items of each dataset."""
    return EntryIn(
        category=given.category,
        title=given.title,
        abstract=given.abstract,
        format=ResourceFormat.DATABASE,
        update_cycle=given.update_cycle,
        items=derive(given, members),
        modes=MODES,
        related=sorted(members),
        state_secret=False,
        work_secret=False,
        secrecy_assessment=given.secrecy_assessment,
        privacy_assessment=given.privacy_assessment,
        head_consent=given.head_consent,
        security_review=given.security_review,
    )


def derive(given: ThemeIn, members: Mapping[str, list[Item]]) -> list[Item]:
    """Return the columns as items, each of its own item's class; withheld ones are refused."""
    items = {
        member.alias: {item.name: item for item in members[member.dataset]}
        for member in given.members
    }
    if wrong := [*_wrong_members(given.members, items), *_wrong_columns(given.columns, items)]:
        raise ThemeInvalid(wrong)
    shown = [items[column.member][column.item] for column in given.columns]
    withheld = [item for item in shown if item.sharing is SharingClass.WITHHELD]
    if withheld:
        raise ThemeItemWithheld(withheld)
    first = given.members[0].alias
    pairs = zip(given.columns, shown, strict=True)
    keyed = _keys(items[first]) <= {c.item for c in given.columns if c.member == first}
    return [_item(column, item, column.member == first, keyed) for column, item in pairs]


def _item(column: ThemeColumn, item: Item, leads: bool, keyed: bool) -> Item:
    changes = {
        "name": column.name or item.name,
        "title": column.title or item.title,
        "key": leads and keyed and item.key,
        "nullable": item.nullable or not leads,
        "opening": OpeningClass.CLOSED,
        "loose_dates": False,
    }
    return item.model_copy(update=changes)


def joined(given: ThemeIn) -> Joined:
    """Return where the rows come from."""
    return Joined(
        members=tuple(
            JoinedMember(
                dataset=member.dataset,
                alias=member.alias,
                on=tuple((key, *target.split(".", 1)) for key, target in member.join.items()),
            )
            for member in given.members
        ),
        columns=tuple((one.name or one.item, one.member, one.item) for one in given.columns),
    )


def same(was: list[Item], now: list[Item]) -> bool:
    """Tell whether derived items are still of the classes, conditions and types that were agreed to."""
    return [_agreed(item) for item in was] == [_agreed(item) for item in now]


def _agreed(item: Item) -> tuple[object, ...]:
    return (
        item.name, item.type, item.key, item.sharing, item.condition, item.sensitivity, item.grade,
    )  # fmt: skip


def _wrong_members(members: list[ThemeMember], items: Items) -> Wrong:
    aliases = Counter(member.alias for member in members)
    for place, member in enumerate(members):
        path = f"/members/{place}"
        if aliases[member.alias] > 1:
            yield f"{path}/alias", f"别名 {member.alias} 重复"
        if place == 0:
            if member.join:
                yield f"{path}/join", "第一个成员不填关联键"
            continue
        key = _keys(items[member.alias])
        if not key or set(member.join) != key:
            wanted = "、".join(sorted(key)) or "(没有主键项,只能作为第一个成员)"
            yield f"{path}/join", f"{member.alias} 须以全部主键项关联:{wanted}"
            continue
        earlier = {one.alias: items[one.alias] for one in members[:place]}
        yield from _wrong_join(path, member, items[member.alias], earlier)


def _wrong_join(path: str, member: ThemeMember, own: Mapping[str, Item], earlier: Items) -> Wrong:
    for name, target in member.join.items():
        alias, _, item = target.partition(".")
        found = earlier.get(alias, {}).get(item)
        if found is None:
            yield f"{path}/join/{name}", f"前面的成员中没有 {target}"
        elif SQL_TYPES[found.type] != SQL_TYPES[own[name].type]:
            yield f"{path}/join/{name}", f"{target} 与 {member.alias}.{name} 的数据类型不同"


def _wrong_columns(columns: list[ThemeColumn], items: Items) -> Wrong:
    for place, column in enumerate(columns):
        if column.item not in items.get(column.member, {}):
            yield f"/columns/{place}", f"没有信息项 {column.member}.{column.item}"


def _keys(items: Mapping[str, Item]) -> set[str]:
    return {item.name for item in items.values() if item.key}
