"""The scan finds numbers of persons, and not what only looks like one. All numbers are made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zhengshu_opening.listings import scan
from zhengshu_opening.listings.scan import PersonalKind, kinds

IDENTITY, MOBILE, CARD = PersonalKind.IDENTITY_CARD, PersonalKind.MOBILE, PersonalKind.BANK_CARD


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("350123199001010018", {IDENTITY}),
        ("户主:11010519491231002x。", {IDENTITY}),
        ("350123 19900101 0018", {IDENTITY}),
        ("３５０１２３１９９００１０１００１８", {IDENTITY}),
        (350123199001010018, {IDENTITY}),
        ("13800138000", {MOBILE}),
        (13800138000, {MOBILE}),
        ("电话138-0013-8000转", {MOBILE}),
        ("+86 138 0013 8000", {MOBILE}),
        ("6217001850001234567", {CARD}),
        ("6217 0018 5000 1234 567", {CARD}),
        ("4512345678901234", {CARD}),
        ("张三 350123199001010018 13800138000", {IDENTITY, MOBILE}),
        ({"phones": ["13800138000"]}, {MOBILE}),
    ],
)
def test_finds(value, found):
    assert kinds(value) == found


@pytest.mark.parametrize(
    "value",
    [
        "350123199001010019",  # wrong check digit
        "350123199013010010",  # no such month
        "990123199001010018",  # no such province
        "0591-26831234",
        "23800138000",
        "138001380001",
        "119.13800138000",
        "2024-01-01 12:30:45",
        "6217001850001234568",  # Luhn fails
        "0000000000000000",
        "350123102201",  # an administrative division
        "303084122704-000001",
        "91350123MA2XN0TY3A",
        1.38001380001,
        True,
        None,
        "",
        "乡镇级行政区划",
    ],
)
def test_leaves_alone(value):
    assert kinds(value) == frozenset()


def test_an_organisation_of_digits_alone_is_no_bank_card():
    from stdnum import luhn
    from stdnum.cn import uscc

    stem = next(
        text
        for text in (f"9135012305{n:07d}" for n in range(100_000))
        if uscc.calc_check_digit(text) == luhn.calc_check_digit(text)
        and uscc.is_valid(text + uscc.calc_check_digit(text))
    )
    code = stem + uscc.calc_check_digit(stem)
    assert luhn.is_valid(code)
    assert CARD not in kinds(code)


def test_counts_by_item_and_never_tells_a_value():
    hits: scan.Hits = scan.Hits()
    for _ in range(3):
        scan.count({"phone": "13800138000", "note": "无"}, ("phone", "note"), hits)
    told = scan.report(hits, {"phone": "联系电话"})
    assert told == "个人信息扫描未通过:信息项“联系电话”(phone)疑似手机号码 3 处"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_takes_any_value(value):
    assert kinds(value) <= set(PersonalKind)
