"""The difference between two versions, as one caller sees it, in one statement.

A row at version V is its earliest history entry after V, else the current row; it is absent where it was
born after V. Filters are judged on before and after: a row that leaves the view arrives as a delete, and a
change in hidden columns alone does not arrive. Deletes come first, so that a key that was deleted and
inserted anew ends as inserted.

Aliases of whole rows begin with an underscore, as no item does; OFFSET 0 keeps a row's former state from
being unpacked once for each of its columns.
"""

from dataclasses import dataclass

from zhengshu_chassis.rows import Sql

from zhengshu_catalog.aggregation.reading import Statement, json_object
from zhengshu_catalog.aggregation.views import Sight


@dataclass(frozen=True, slots=True)
class Span:
    """From which version to which, and after which change, at most how many."""

    since: int
    until: int
    after: tuple[int, int] | None = None
    limit: int | None = None


def difference(sight: Sight, span: Span) -> Statement:
    """Return lines of changes with their place (0 delete, 1 upsert; internal id)."""
    sql = Sql()
    since, until = f"{sql.bind(span.since)}::integer", f"{sql.bind(span.until)}::integer"
    was, now = sight.admits(sql, "(s.o)."), sight.admits(sql, "(s.n).")
    shown = tuple(sight.types)
    after, before = (
        ", ".join(sight.value(n, sql, row) for n in shown) for row in ("(x.n).", "(x.o).")
    )
    differs = f"ROW({after}) IS DISTINCT FROM ROW({before})"
    name = sight.name_of("x.id", sql)
    upsert = _upsert(sight.listed(shown, sql, "(x.n)."), name)
    text = f"""
        WITH f AS ({_earliest(sight, since)}), l AS ({_earliest(sight, until)}),
        touched AS (
            SELECT id FROM f UNION SELECT _id FROM {sight.structure.table} WHERE _born > {since}
        ), states AS (
            SELECT c.id, {_state("f", since)}, {_state("l", until, "n")}
            FROM touched c LEFT JOIN {sight.structure.table} _row ON _row._id = c.id
            LEFT JOIN f ON f.id = c.id LEFT JOIN l ON l.id = c.id OFFSET 0
        ), judged AS (
            SELECT s.id, s.o, s.n, s.o_there AND coalesce({was}, false) AS seen,
                s.n_there AND coalesce({now}, false) AS sees FROM states s
        ), changed AS (
            SELECT x.id, x.sees::int AS phase, CASE WHEN x.sees THEN {upsert}
                ELSE {_delete(sight, name)} END AS line
            FROM judged x WHERE x.sees AND (NOT x.seen OR {differs}) OR x.seen AND NOT x.sees
        )
        SELECT c.line, c.phase, c.id FROM changed c WHERE {_following(span, sql)}
        ORDER BY c.phase, c.id {f"LIMIT {span.limit}" if span.limit is not None else ""}
    """  # noqa: S608 - names are items', values are bound
    return Statement(text, tuple(sql.arguments))


def _state(entry: str, version: str, column: str = "o") -> str:
    """Return what a row was at a version, and whether it was there."""
    return (
        f"CASE WHEN {entry}.id IS NOT NULL THEN {entry}.before ELSE _row END AS {column},"
        f" CASE WHEN {entry}.id IS NOT NULL THEN {entry}.born <= {version}"
        f" ELSE coalesce(_row._born <= {version}, false) END AS {column}_there"
    )


def _earliest(sight: Sight, version: str) -> str:
    """Return each row's first history entry after a version; updates and deletes all have one."""
    return (
        f"SELECT DISTINCT ON (h.id) h.id, h.born, h.before FROM {sight.structure.history} h"  # noqa: S608
        f" WHERE h.version > {version} ORDER BY h.id, h.version"
    )


def _upsert(columns: str, name: str) -> str:
    row = f"(SELECT row_to_json(_v) FROM (SELECT {columns}) _v)"  # noqa: S608 - names are items'
    return f"json_build_object('op', 'upsert', 'id', {name}, 'row', {row})::text"


def _delete(sight: Sight, name: str) -> str:
    row = f", 'row', {json_object(sight.structure.key, '(x.o).')}" if sight.keyed else ""
    return f"json_build_object('op', 'delete', 'id', {name}{row})::text"


def _following(span: Span, sql: Sql) -> str:
    if span.after is None:
        return "true"
    phase, row = (sql.bind(place) for place in span.after)
    return f"(c.phase, c.id) > ({phase}::integer, {row}::bigint)"
