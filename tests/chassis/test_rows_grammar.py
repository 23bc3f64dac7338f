"""The row grammar reads PostgREST's URLs, writes them again, and refuses everything else."""

from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zhengshu_chassis.rows import (
    BESIDE,
    RESERVED,
    BadQuery,
    Condition,
    Group,
    Limits,
    Operator,
    Order,
    Query,
    parse,
    render,
)

EQ, IN, GT = Operator.EQ, Operator.IN, Operator.GT

READ = [
    ("", Query()),
    ("select=*", Query()),
    ("select=a,b", Query(select=("a", "b"))),
    ("town=eq.凤山镇&level=gte.2", Query(where=(
        Condition("town", EQ, ("凤山镇",)), Condition("level", Operator.GTE, ("2",)),
    ))),
    ("a=eq.1.5", Query(where=(Condition("a", EQ, ("1.5",)),))),
    ('a=eq."x,y"', Query(where=(Condition("a", EQ, ('"x,y"',)),))),
    ("a=eq.", Query(where=(Condition("a", EQ, ("",)),))),
    ("a=not.eq.1", Query(where=(Condition("a", EQ, ("1",), negated=True),))),
    ("a=in.(1,2)", Query(where=(Condition("a", IN, ("1", "2")),))),
    ('a=in.("x,y",z)', Query(where=(Condition("a", IN, ("x,y", "z")),))),
    ("a=in.()", Query(where=(Condition("a", IN, ()),))),
    ('a=in.("")', Query(where=(Condition("a", IN, ("",)),))),
    ("a=is.NULL", Query(where=(Condition("a", Operator.IS, ("null",)),))),
    ("a=like.*镇", Query(where=(Condition("a", Operator.LIKE, ("*镇",)),))),
    ("or=(a.eq.1,b.gt.2)", Query(where=(Group(True, (
        Condition("a", EQ, ("1",)), Condition("b", GT, ("2",)),
    )),))),
    ("not.and=(a.not.eq.1,or(b.gt.2,c.in.(1,2)))", Query(where=(Group(False, (
        Condition("a", EQ, ("1",), negated=True),
        Group(True, (Condition("b", GT, ("2",)), Condition("c", IN, ("1", "2")))),
    ), negated=True),))),
    ('and=(a.eq."x)y\\"z",b.eq.2)', Query(where=(Group(False, (
        Condition("a", EQ, ('x)y"z',)), Condition("b", EQ, ("2",)),
    )),))),
    ("order=a.desc.nullslast,b", Query(order=(Order("a", True, False), Order("b")))),
    ("order=a.nullsfirst", Query(order=(Order("a", False, True),))),
    ("limit=10&offset=20", Query(limit=10, offset=20)),
    ("a=gt.1&a=lt.5", Query(where=(
        Condition("a", GT, ("1",)), Condition("a", Operator.LT, ("5",)),
    ))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "query"), READ, ids=[text for text, _ in READ])
def test_reads(text, query):
    assert parse(text) == query


REFUSED = [
    "select=a::text", "select=count()", "select=a.sum()", "select=other(a)", "select=x:a",
    "select=a->b", "select=*,a", "select=a;drop table x", "order=a.up", "order=a.desc.desc",
    "order=a->b", "limit=-1", "limit=x", "offset=1e3", "limit=1&limit=2", "a=1", "a=eq",
    "a=fts.x", "a=eq(any).{1}", "a=is.maybe", "a=in.1", "a=in.(1", 'a=in.("1)', "a=in.(1)x",
    "or=a.eq.1", "or=()", "or=(a.eq.1", "or=(a.eq.1))", "or=(a)", "or=(a.eq)", "and=(a.xx.1)",
    'or=(a.eq."1)', 'or=(a.eq."1"2)', "a b=eq.1", 'a"=eq.1', "a.b=eq.1", "列=eq.1", "%ff=eq.1",
    "not.a=eq.1", "or=(" * 9 + "a.eq.1" + ")" * 9,
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_refuses(text):
    with pytest.raises(BadQuery) as refused:
        parse(text)
    assert refused.value.status == 400
    assert set(refused.value.extra) == {"code", "message", "details", "hint"}


@pytest.mark.parametrize(
    "text",
    [
        "&".join(f"a=eq.{n}" for n in range(10_000)),
        "&".join(f"a=eq.{n}" for n in range(110)),
        f"or=({','.join(['a.eq.1'] * 101)})",
        "&".join(["or=(a.eq.1,b.eq.2,c.eq.3)"] * 40),
        f"a=in.({','.join(map(str, range(1001)))})",
        f"a=eq.{'x' * 2001}",
        "or=" + "(or" * 4000 + "(a.eq.1" + ")" * 4000,
        f"select={','.join(f'c{n}' for n in range(501))}",
        f"order={','.join(f'c{n}' for n in range(11))}",
        "offset=10000001",
        "a=eq." + "%41" * 20_000,
    ],
    ids=lambda text: f"{text[:20]}… {len(text)}",
)
def test_refuses_what_is_too_large(text):
    with pytest.raises(BadQuery) as refused:
        parse(text)
    assert len(refused.value.detail) < 200


def test_leaves_others_parameters_alone():
    assert parse("since=1.2&a=eq.1", foreign={"since"}) == parse("a=eq.1")
    with pytest.raises(BadQuery):
        parse("since=1.2")


def test_bounds_are_arguments():
    with pytest.raises(BadQuery):
        parse("a=eq.1&b=eq.2", limits=Limits(conditions=1))


names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name not in {"select", "order", "limit", "offset", "and", "or", "not"}
)
text = st.text(st.characters(codec="utf-8"), max_size=12)
simple = st.builds(
    Condition,
    names,
    st.sampled_from([o for o in Operator if o not in (Operator.IN, Operator.IS)]),
    st.tuples(text),
    st.booleans(),
)
listed = st.builds(
    Condition, names, st.just(IN), st.lists(text, max_size=4).map(tuple), st.booleans()
)
tested = st.builds(
    Condition,
    names,
    st.just(Operator.IS),
    st.tuples(st.sampled_from(["null", "not_null", "true", "false", "unknown"])),
    st.booleans(),
)
conditions = simple | listed | tested
nodes = st.recursive(
    conditions,
    lambda inner: st.builds(
        Group, st.booleans(), st.lists(inner, min_size=1, max_size=3).map(tuple), st.booleans()
    ),
    max_leaves=6,
)
queries = st.builds(
    Query,
    st.lists(names, max_size=3, unique=True).map(tuple),
    st.lists(nodes, max_size=3).map(tuple),
    st.lists(
        st.builds(Order, names, st.booleans(), st.none() | st.booleans()), max_size=3
    ).map(tuple),
    st.none() | st.integers(0, 10**9 - 1),
    st.none() | st.integers(0, 10**7),
)  # fmt: skip


@given(queries)
def test_what_is_written_reads_the_same(query):
    generous = Limits(depth=20)
    assert parse(render(query), limits=generous) == query


@given(queries)
def test_what_is_written_is_a_url(query):
    written = render(query)
    assert written.isascii()
    assert " " not in written
    assert "#" not in written


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(value):
    for text in (value, f"a={quote(value)}", f"or=({quote(value)})", f"select={quote(value)}"):
        try:
            parse(text)
        except BadQuery:
            continue


def test_written_parameters_are_standard_form_encoding():
    query = parse("a=eq.1%2B1 &b=in.(x,%22y,z%22)")
    assert parse_qsl(render(query)) == [("a", "eq.1+1 "), ("b", 'in.(x,"y,z")')]


def test_whatever_stands_beside_the_grammar_is_no_column():
    assert {"format", "bom", "cursor"} <= BESIDE <= RESERVED
    for word in BESIDE:
        assert parse(f"{word}=1", foreign={word}) == Query()
    with pytest.raises(ValueError, match="not kept free"):
        parse("mine=1", foreign={"mine"})
