"""The row grammar: PostgREST's URL grammar for reading one table, bounded and typed.

`parse` makes a `Query` of URL text, `render` makes URL text of it again, `Table` makes parameterised SQL of
it for exactly the columns it is given. Casts, aggregates and embeds are refused. Knows no connection.
"""

from zhengshu_chassis.rows.compile import Sql, Table
from zhengshu_chassis.rows.errors import BadQuery
from zhengshu_chassis.rows.parse import BESIDE, LIMITS, RESERVED, Limits, parse, parse_pairs
from zhengshu_chassis.rows.query import Condition, Group, Node, Operator, Order, Query
from zhengshu_chassis.rows.render import render

__all__ = [
    "BESIDE",
    "LIMITS",
    "RESERVED",
    "BadQuery",
    "Condition",
    "Group",
    "Limits",
    "Node",
    "Operator",
    "Order",
    "Query",
    "Sql",
    "Table",
    "parse",
    "parse_pairs",
    "render",
]
