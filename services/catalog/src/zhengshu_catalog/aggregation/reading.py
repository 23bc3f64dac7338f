"""SQL of reading: a page as JSON text with its version, a snapshot, a verification. Runs nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from zhengshu_chassis.rows import Condition, Operator, Order, Query, Sql, Table
from zhengshu_chassis.rows.compile import Argument, identifier

from zhengshu_catalog.aggregation.views import Sight

PAGE = 100
LARGEST_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and its arguments."""

    text: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One page asked for: the query, where it continues, whether all rows are counted."""

    query: Query
    after: Sequence[str | None] | None = None
    counted: bool = False
    most: int | None = None

    @property
    def limit(self) -> int:
        """Rows of the page."""
        asked = min(PAGE if self.query.limit is None else self.query.limit, LARGEST_PAGE)
        return asked if self.most is None else min(asked, self.most)

    @property
    def orders(self) -> tuple[Order, ...]:
        """The order, made total by the internal id."""
        return (*self.query.order, Order("_id"))


def page(sight: Sight, asked: Asked) -> Statement:
    """Return rows, their number, the place of the last one, and the version, in one statement."""
    sql = Sql()
    rows = _page_rows(sight, asked, sql, line=True)
    total = _total(sight, asked.query, sql) if asked.counted else "NULL::bigint"
    text = (
        "SELECT d.epoch, d.version, d.revision, p.n, p.body, p.last, p.total FROM public.datasets d"  # noqa: S608
        " CROSS JOIN LATERAL (SELECT count(*) AS n, string_agg(q.line, ',') AS body,"
        f" (array_agg(q.place))[count(*)] AS last, {total} AS total FROM ({rows}) q) p"
        f" WHERE d.id = {sql.bind(sight.structure.dataset)}"
    )
    return Statement(text, tuple(sql.arguments))


def csv_page(sight: Sight, asked: Asked) -> Statement:
    """Return a page's rows as columns, for COPY."""
    sql = Sql()
    rows = _page_rows(sight, asked, sql, line=False)
    return Statement(rows, tuple(sql.arguments))


def snapshot(sight: Sight, query: Query, *, lines: bool) -> Statement:
    """Return all rows of a view, as columns or as JSON lines, in the order of their ids."""
    sql = Sql()
    names = sight.table().selected(query.select)
    columns = _line(sight, names, sql) if lines else sight.shown(names, sql)
    text = (
        f"SELECT {columns} FROM {sight.structure.table} t WHERE {sight.where(query, sql)}"  # noqa: S608
        " ORDER BY t._id"
    )
    return Statement(text, tuple(sql.arguments))


def verification(sight: Sight, key: dict[str, str], values: dict[str, str | None]) -> Statement:
    """Return whether a row with this key has these values, with the version."""
    sql = Sql()
    conditions = tuple(
        Condition(name, Operator.IS, ("null",))
        if value is None
        else Condition(name, Operator.EQ, (value,))
        for name, value in (*key.items(), *values.items())
    )
    where = sight.where(Query(where=conditions), sql)
    text = (
        "SELECT d.epoch, d.version, d.revision, EXISTS (SELECT 1 FROM"  # noqa: S608 - names are items'
        f" {sight.structure.table} t WHERE {where}) AS matches FROM public.datasets d"
        f" WHERE d.id = {sql.bind(sight.structure.dataset)}"
    )
    return Statement(text, tuple(sql.arguments))


def _page_rows(sight: Sight, asked: Asked, sql: Sql, *, line: bool) -> str:
    table, query = sight.table(), asked.query
    names = table.selected(query.select)
    tested = sight.tested()
    ordered = Table({**tested.columns, "_id": "bigint"}, "t.")
    order = f"{tested.order(query.order)}, t._id" if query.order else "t._id"
    where = sight.where(query, sql)
    if asked.after is not None:
        where += f" AND {ordered.after(asked.orders, asked.after, sql)}"
    place = ", ".join(f"{ordered.column(one.column)}::text" for one in asked.orders)
    shown = (
        f"{_line(sight, names, sql)} AS line, array_to_json(ARRAY[{place}])::text AS place"
        if line
        else sight.shown(names, sql)
    )
    return (
        f"SELECT {shown} FROM {sight.structure.table} t WHERE {where} ORDER BY {order}"  # noqa: S608
        f" LIMIT {asked.limit} OFFSET {query.offset or 0 if asked.after is None else 0}"
    )


def _line(sight: Sight, names: tuple[str, ...], sql: Sql) -> str:
    return f"(SELECT row_to_json(_v)::text FROM (SELECT {sight.shown(names, sql)}) _v)"  # noqa: S608


def _total(sight: Sight, query: Query, sql: Sql) -> str:
    return f"(SELECT count(*) FROM {sight.structure.table} t WHERE {sight.where(query, sql)})"  # noqa: S608


def columns(sight: Sight, query: Query) -> tuple[str, ...]:
    """Return the names of the columns a page shows."""
    names = sight.table().selected(query.select)
    return names if sight.keyed else ("_id", *names)


def json_object(names: Sequence[str], row: str) -> str:
    """Return the expression of a JSON object of a row's columns."""
    return f"(SELECT row_to_json(_v) FROM (SELECT {', '.join(f'{row}{identifier(n)}' for n in names)}) _v)"  # noqa: S608


def only_lines(statement: Statement) -> Statement:
    """Return only the lines of a statement that yields places too."""
    return Statement(f"SELECT z.line FROM ({statement.text}) z", statement.arguments)  # noqa: S608


def number(statement: Statement) -> Statement:
    """Return how many rows a statement would yield."""
    return Statement(f"SELECT count(*) AS n FROM ({statement.text}) z", statement.arguments)  # noqa: S608
