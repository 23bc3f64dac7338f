"""Queries become SQL in which nothing a caller wrote stands as text."""

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from zhengshu_chassis.rows import BadQuery, Condition, Operator, Order, Query, Sql, Table, parse

TABLE = Table(
    {
        "name": "text",
        "level": "bigint",
        "area": "numeric",
        "day": "date",
        "at": "timestamptz",
        "on": "boolean",
        "share": "double precision",
    },
    "t.",
)


def where(text: str, table: Table = TABLE) -> tuple[str, list[object]]:
    sql = Sql()
    return table.where(parse(text).where, sql), sql.arguments


@pytest.mark.parametrize(
    ("text", "expected", "arguments"),
    [
        ("", "true", []),
        ("name=eq.x", 't."name" = $1::text::text', ["x"]),
        ("level=not.gte.3", 'NOT (t."level" >= $1::text::bigint)', ["3"]),
        ("level=in.(1,2)", 't."level" = ANY($1::text[]::bigint[])', [["1", "2"]]),
        ("name=ilike.*a", 't."name" ILIKE $1::text', ["%a"]),
        ("name=like.a\\", 't."name" LIKE $1::text', ["a\\\\"]),
        ("area=is.null", 't."area" IS NULL', []),
        ("on=is.unknown", 't."on" IS UNKNOWN', []),
        (
            "or=(name.eq.x,not.and(level.lt.1,on.is.true))",
            '(t."name" = $1::text::text OR NOT ((t."level" < $2::text::bigint AND t."on" IS TRUE)))',
            ["x", "1"],
        ),
        (
            "at=eq.2026-01-01T00:00:00",
            't."at" = $1::text::timestamptz',
            ["2026-01-01T00:00:00+08:00"],
        ),
        (
            "at=eq.2026-01-01T00:00:00+08:00",
            't."at" = $1::text::timestamptz',
            ["2026-01-01T00:00:00+08:00"],
        ),
        ("on=eq.T", 't."on" = $1::text::boolean', ["true"]),
    ],
)
def test_compiles(text, expected, arguments):
    assert where(text) == (expected, arguments)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("secret=eq.1", "42703"),
        ("_id=eq.1", "42703"),
        ("or=(name.eq.1,secret.is.null)", "42703"),
        ("level=eq.abc", "22P02"),
        ("level=eq.9223372036854775808", "22P02"),
        ("level=eq.0x1F", "22P02"),
        ("level=in.(1,x)", "22P02"),
        ("area=eq.NaN", "22P02"),
        ("area=eq.infinity", "22P02"),
        ("share=eq.1e999", "22P02"),
        ("day=eq.now", "22P02"),
        ("day=eq.2026-02-30", "22P02"),
        ("day=eq.01/02/2026", "22P02"),
        ("at=eq.tomorrow", "22P02"),
        ("at=eq.0001-01-01T00:00:00%2B23:59", "22P02"),
        ("on=eq.yes%00", "22P02"),
        ("name=eq.a%00b", "22P02"),
        ("level=like.1*", "42883"),
        ("level=is.true", "42883"),
    ],
)
def test_refuses(text, code):
    with pytest.raises(BadQuery) as refused:
        where(text)
    assert refused.value.code == code


def test_says_the_same_of_a_hidden_and_an_absent_column():
    told = []
    for name in ("hidden", "absent"):
        with pytest.raises(BadQuery) as refused:
            where(f"{name}=eq.1")
        told.append(str(refused.value.extra).replace(name, "…"))
    assert told[0] == told[1]
    for text in ("hidden", "absent"):
        with pytest.raises(BadQuery):
            TABLE.selected((text,))
        with pytest.raises(BadQuery):
            TABLE.order([Order(text)])


@given(st.text(max_size=40), st.sampled_from(["eq", "neq", "gt", "like", "ilike"]))
def test_no_value_reaches_the_text(value, operator):
    condition = Condition("name", Operator(operator), (value,))
    sql, harmless = Sql(), Sql()
    try:
        text = TABLE.where([condition], sql)
    except BadQuery:
        assert "\0" in value or not value.isprintable()
        return
    other = TABLE.where([Condition("name", Operator(operator), ("x",))], harmless)
    assert text == other
    assert len(sql.arguments) == 1


@given(st.text(max_size=40))
def test_no_name_but_a_columns_reaches_the_text(name):
    for ask in (
        lambda: TABLE.where([Condition(name, Operator.EQ, ("1",))], Sql()),
        lambda: TABLE.order([Order(name)]),
        lambda: TABLE.selected((name,)),
        lambda: TABLE.after([Order(name)], ["1"], Sql()),
    ):
        if name not in TABLE.columns:
            with pytest.raises(BadQuery):
                ask()


VALUES = [
    ("a", 1), ("b", None), (None, 2), ("a'; DROP TABLE t; --", 3), ("%", 4), ("_", 5), ("\\", 6),
    (None, None), ("A", 1),
]  # fmt: skip


@pytest.fixture(scope="module")
async def server(postgres):
    connection = await asyncpg.connect(postgres.url())
    await connection.execute(
        "CREATE TEMP TABLE t (_id bigint GENERATED ALWAYS AS IDENTITY, name text, level bigint)"
    )
    await connection.executemany("INSERT INTO t (name, level) VALUES ($1, $2)", VALUES)
    yield connection
    await connection.close()


SMALL = Table({"name": "text", "level": "bigint", "_id": "bigint"}, "t.")


async def found(server, query: Query) -> set[int]:
    sql = Sql()
    text = SMALL.where(query.where, sql)
    return {r["_id"] for r in await server.fetch(f"SELECT _id FROM t WHERE {text}", *sql.arguments)}


@pytest.mark.parametrize(
    "value", [name for name, _ in VALUES if name] + ["'", '"', "$1", "x" * 2000]
)
async def test_a_value_means_itself(server, value):
    expected = {i for i, (name, _) in enumerate(VALUES, 1) if name == value}
    for operator, values in ((Operator.EQ, (value,)), (Operator.IN, (value, "no such"))):
        query = Query(where=(Condition("name", operator, values),))
        assert await found(server, query) == expected


async def test_patterns_and_nulls(server):
    assert await found(server, parse("name=ilike.A")) == {1, 9}
    assert await found(server, parse("name=like.a*")) == {1, 4}
    assert await found(server, parse("name=is.null&level=is.not_null")) == {3}
    assert await found(server, parse("level=in.()")) == set()
    assert await found(server, parse("not.or=(level.eq.1,level.is.null)")) == {3, 4, 5, 6, 7}


ORDERS = [
    (Order("name", d, n), *rest, Order("_id"))
    for d in (False, True)
    for n in (None, True, False)
    for rest in ((), (Order("level", not d),))
]


@pytest.mark.parametrize("orders", ORDERS, ids=str)
async def test_paging_by_place_visits_every_row_once_in_order(server, orders):
    columns = ", ".join(f"t.{one.column}::text" for one in orders)
    order = SMALL.order(orders)
    whole = [r["_id"] for r in await server.fetch(f"SELECT _id FROM t ORDER BY {order}")]
    seen, after = [], None
    while True:
        sql = Sql()
        beyond = SMALL.after(orders, after, sql) if after else "true"
        page = await server.fetch(
            f"SELECT _id, ARRAY[{columns}] AS place FROM t WHERE {beyond} ORDER BY {order} LIMIT 2",
            *sql.arguments,
        )
        if not page:
            break
        seen += [row["_id"] for row in page]
        after = page[-1]["place"]
    assert seen == whole
