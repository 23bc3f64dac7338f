"""`Query` → parameterised SQL for exactly the columns of one `Table`.

Column names reach the SQL only if the table has them; values only as parameters, as text that was checked
against the column's type and is cast by the server. Parameters are numbered `$1`, `$2` … in order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from zhengshu_chassis.rows.errors import no_column, no_operator
from zhengshu_chassis.rows.query import Condition, Group, Node, Operator, Order
from zhengshu_chassis.rows.values import base, check

Argument: TypeAlias = str | int | bytes | list[str] | None

_COMPARISONS = {
    Operator.EQ: "=",
    Operator.NEQ: "<>",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
}
_IS = {
    "null": "IS NULL",
    "not_null": "IS NOT NULL",
    "true": "IS TRUE",
    "false": "IS FALSE",
    "unknown": "IS UNKNOWN",
}


@dataclass(slots=True)
class Sql:
    """Arguments of one statement, gathered while its text is made."""

    arguments: list[Argument] = field(default_factory=list)

    def bind(self, value: Argument) -> str:
        """Add an argument and return its place."""
        self.arguments.append(value)
        return f"${len(self.arguments)}"


@dataclass(frozen=True, slots=True)
class Table:
    """The columns a reader has, with their SQL types; `row` is what they are read from (`t.`)."""

    columns: Mapping[str, str]
    row: str = ""

    def column(self, name: str) -> str:
        """Return a column's SQL, or refuse it."""
        if name not in self.columns:
            raise no_column(name)
        return f"{self.row}{identifier(name)}"

    def selected(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the names to select, all in the table's order when none are named."""
        for name in names:
            self.column(name)
        return tuple(names) or tuple(self.columns)

    def where(self, nodes: Sequence[Node], sql: Sql) -> str:
        """Return the condition that all nodes hold, `true` if there are none."""
        return " AND ".join(self._node(node, sql) for node in nodes) or "true"

    def order(self, orders: Sequence[Order]) -> str:
        """Return what follows ORDER BY."""
        return ", ".join(f"{self.column(order.column)} {direction(order)}" for order in orders)

    def after(self, orders: Sequence[Order], last: Sequence[str | None], sql: Sql) -> str:
        """Return the condition that a row follows the one whose values of these columns are `last`.

        MUST be used with an order whose last column is unique and not null.
        """
        steps = []
        for place, (order, value) in enumerate(zip(orders, last, strict=True)):
            if (beyond := self._beyond(order, value, sql)) is None:
                continue
            same = zip(orders[:place], last[:place], strict=True)
            equal = [self._equal(before.column, known, sql) for before, known in same]
            steps.append(" AND ".join([*equal, beyond]))
        return f"({' OR '.join(f'({step})' for step in steps) or 'false'})"

    def _beyond(self, order: Order, value: str | None, sql: Sql) -> str | None:
        column = self.column(order.column)
        if value is None:
            return f"{column} IS NOT NULL" if order.nulls_lead else None
        further = (
            f"{column} {'<' if order.descending else '>'} {self._cast(order.column, value, sql)}"
        )
        return further if order.nulls_lead else f"({further} OR {column} IS NULL)"

    def _equal(self, name: str, value: str | None, sql: Sql) -> str:
        if value is None:
            return f"{self.column(name)} IS NULL"
        return f"{self.column(name)} = {self._cast(name, value, sql)}"

    def _node(self, node: Node, sql: Sql) -> str:
        text = self._group(node, sql) if isinstance(node, Group) else self._condition(node, sql)
        return f"NOT ({text})" if node.negated else text

    def _group(self, group: Group, sql: Sql) -> str:
        joined = (" OR " if group.any else " AND ").join(self._node(m, sql) for m in group.members)
        return f"({joined})"

    def _condition(self, condition: Condition, sql: Sql) -> str:
        column = self.column(condition.column)
        kind = base(self.columns[condition.column])
        operator = condition.operator
        if operator is Operator.IS:
            return f"{column} {self._is(condition, kind)}"
        if operator in (Operator.LIKE, Operator.ILIKE):
            return f"{column} {operator.upper()} {self._pattern(condition, kind, sql)}"
        values = [check(condition.column, kind, value) for value in condition.values]
        if operator is Operator.IN:
            return f"{column} = ANY({sql.bind(values)}::text[]::{kind}[])"
        return f"{column} {_COMPARISONS[operator]} {sql.bind(values[0])}::text::{kind}"

    def _is(self, condition: Condition, kind: str) -> str:
        value = condition.values[0]
        if kind != "boolean" and value not in {"null", "not_null"}:
            raise no_operator(condition.column, f"is.{value}")
        return _IS[value]

    def _pattern(self, condition: Condition, kind: str, sql: Sql) -> str:
        if kind != "text":
            raise no_operator(condition.column, condition.operator)
        value = check(condition.column, kind, condition.values[0]).replace("*", "%")
        # A pattern that ends in a lone escape is an error to the server.
        trailing = len(value) - len(value.rstrip("\\"))
        return f"{sql.bind(value + chr(92) if trailing % 2 else value)}::text"

    def _cast(self, name: str, value: str, sql: Sql) -> str:
        kind = base(self.columns[name])
        return f"{sql.bind(value)}::text::{kind}"


def direction(order: Order) -> str:
    """Return a column's direction, nulls included."""
    return (
        f"{'DESC' if order.descending else 'ASC'} NULLS {'FIRST' if order.nulls_lead else 'LAST'}"
    )


@lru_cache(4096)
def identifier(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'
