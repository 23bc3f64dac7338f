"""What a query is, once read: values are still text, columns are still names."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Operator(StrEnum):
    """How a column is compared."""

    EQ = "eq"
    NEQ = "neq"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    LIKE = "like"
    ILIKE = "ilike"
    IN = "in"
    IS = "is"


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; `values` has one member, or any number for IN."""

    column: str
    operator: Operator
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Several conditions, all or any of which must hold."""

    any: bool
    members: tuple["Node", ...]
    negated: bool = False


Node: TypeAlias = Condition | Group


@dataclass(frozen=True, slots=True)
class Order:
    """One column of the order; nulls as PostgreSQL has them unless said."""

    column: str
    descending: bool = False
    nulls_first: bool | None = None

    @property
    def nulls_lead(self) -> bool:
        """Whether nulls come first."""
        return self.descending if self.nulls_first is None else self.nulls_first


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query: no selected columns means all."""

    select: tuple[str, ...] = ()
    where: tuple[Node, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None

    def columns(self) -> frozenset[str]:
        """Return every column named anywhere."""
        tested = {leaf.column for leaf in leaves(self.where)}
        return frozenset({*self.select, *tested, *(order.column for order in self.order)})


def leaves(nodes: tuple[Node, ...]) -> Iterator[Condition]:
    """Yield the conditions of a tree."""
    for node in nodes:
        if isinstance(node, Group):
            yield from leaves(node.members)
        else:
            yield node
