"""`Query` → URL text: what a stored filter looks like, and what is sent to another server.

`parse(render(query)) == query` for every query that `parse` can yield.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote

from zhengshu_chassis.rows.query import Condition, Group, Node, Operator, Order, Query

_PLAIN = re.compile(r'[^,()"\\\s][^,()"\\]*(?<!\s)')


def render(query: Query) -> str:
    """Return percent-encoded URL text."""
    return "&".join(f"{quote(name)}={quote(value, safe='*,().:')}" for name, value in pairs(query))


def pairs(query: Query) -> Iterator[tuple[str, str]]:
    """Yield the query's parameters, not yet encoded."""
    if query.select:
        yield "select", ",".join(query.select)
    for node in query.where:
        yield _top(node)
    if query.order:
        yield "order", ",".join(map(_order, query.order))
    if query.limit is not None:
        yield "limit", str(query.limit)
    if query.offset is not None:
        yield "offset", str(query.offset)


def _top(node: Node) -> tuple[str, str]:
    negation = "not." if node.negated else ""
    if isinstance(node, Group):
        return f"{negation}{_kind(node)}", _members(node)
    value = _list(node.values) if node.operator is Operator.IN else node.values[0]
    return node.column, f"{negation}{node.operator}.{value}"


def _inner(node: Node) -> str:
    negation = "not." if node.negated else ""
    if isinstance(node, Group):
        return f"{negation}{_kind(node)}{_members(node)}"
    return f"{node.column}.{negation}{node.operator}.{_operand(node)}"


def _operand(node: Condition) -> str:
    return _list(node.values) if node.operator is Operator.IN else _quoted(node.values[0])


def _kind(group: Group) -> str:
    return "or" if group.any else "and"


def _members(group: Group) -> str:
    return f"({','.join(map(_inner, group.members))})"


def _list(values: tuple[str, ...]) -> str:
    return f"({','.join(map(_quoted, values))})"


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _order(order: Order) -> str:
    nulls = {None: "", True: ".nullsfirst", False: ".nullslast"}[order.nulls_first]
    return f"{order.column}{'.desc' if order.descending else ''}{nulls}"
