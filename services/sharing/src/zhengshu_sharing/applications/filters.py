"""Row filters of applications: conditions of the row grammar, and nothing else of it."""

from zhengshu_chassis.rows import BadQuery, Query, parse


def columns_of(text: str) -> frozenset[str]:
    """Return the columns a filter names; raise ValueError when it is no filter."""
    try:
        query = parse(text)
    except BadQuery as error:
        raise ValueError(error.detail) from error
    if not query.where or query != Query(where=query.where):
        raise ValueError("只能包含行条件,不能包含 select、order、limit、offset")
    return query.columns()
