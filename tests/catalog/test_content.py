"""What a compiled content is refused for, and what follows from its items."""

import pytest
from catalog.samples import ASSESSED, CITATION, CONDITION, content, item
from zhengshu_catalog.entries.content import (
    check,
    check_assessed,
    grade,
    secret,
    sharing_class,
)
from zhengshu_catalog.entries.errors import (
    AssessmentRequired,
    CitationRequired,
    ClassContradicted,
    ConditionRequired,
    ConsentRequired,
    ItemNameRepeated,
    ItemNameReserved,
    OpeningNotAllowed,
    PatternInvalid,
)
from zhengshu_contracts.vocabulary import Grade, OpeningClass, SharingClass

UNCONDITIONAL, CONDITIONAL, WITHHELD = SharingClass
GENERAL, AUTHORIZED, CLOSED = OpeningClass


@pytest.mark.parametrize(
    ("broken", "refusal"),
    [
        ({"sharing": WITHHELD}, CitationRequired),
        (
            {"sharing": WITHHELD, "citation": CITATION.model_copy(update={"reason": " "})},
            CitationRequired,
        ),
        (
            {"sharing": WITHHELD, "citation": CITATION.model_copy(update={"article": ""})},
            CitationRequired,
        ),
        ({"sharing": CONDITIONAL}, ConditionRequired),
        (
            {"sharing": CONDITIONAL, "condition": CONDITION.model_copy(update={"scope": ""})},
            ConditionRequired,
        ),
        (
            {"sharing": CONDITIONAL, "condition": CONDITION.model_copy(update={"purpose": " "})},
            ConditionRequired,
        ),
        ({"sharing": UNCONDITIONAL, "condition": CONDITION}, ClassContradicted),
        ({"sharing": UNCONDITIONAL, "citation": CITATION}, ClassContradicted),
        (
            {"sharing": WITHHELD, "citation": CITATION, "condition": CONDITION},
            ClassContradicted,
        ),
        ({"sharing": WITHHELD, "citation": CITATION, "opening": GENERAL}, OpeningNotAllowed),
        ({"sharing": WITHHELD, "citation": CITATION, "opening": AUTHORIZED}, OpeningNotAllowed),
        ({"grade": Grade.CORE, "opening": AUTHORIZED}, OpeningNotAllowed),
        ({"pattern": "("}, PatternInvalid),
    ],
)
def test_an_item_that_breaks_a_rule_is_named(broken, refusal):
    with pytest.raises(refusal) as raised:
        check(content(items=[item("fine"), item("bad", **broken)]))
    assert "bad" in raised.value.detail
    assert "fine" not in raised.value.detail
    assert raised.value.basis
    assert raised.value.next
    assert [pointer for pointer, _, _ in raised.value.pointers] == ["/items/1"]


@pytest.mark.parametrize(
    "name",
    ["select", "order", "limit", "offset", "and", "or", "not", "columns", "on_conflict", "xmin"],
)
def test_a_word_of_the_grammar_is_no_item_name(name):
    with pytest.raises(ItemNameReserved):
        check(content(items=[item(name)]))


def test_an_underscore_never_begins_an_item_name():
    with pytest.raises(ValueError, match="string_pattern_mismatch"):
        item("_id")


def test_two_items_of_one_name_are_refused():
    with pytest.raises(ItemNameRepeated) as raised:
        check(content(items=[item("a"), item("b"), item("a")]))
    assert [pointer for pointer, _, _ in raised.value.pointers] == ["/items/0", "/items/2"]


def test_every_class_passes_with_what_it_needs():
    items = [
        item("a", opening=GENERAL),
        item("b", sharing=CONDITIONAL, condition=CONDITION, opening=AUTHORIZED),
        item("c", sharing=WITHHELD, citation=CITATION),
    ]
    check(content(items=items))


def test_no_class_has_a_default():
    for field in ("sharing", "opening"):
        with pytest.raises(ValueError, match=field):
            item("a").model_validate(item("a").model_dump(exclude={field}))


@pytest.mark.parametrize(
    ("classes", "derived"),
    [
        ([UNCONDITIONAL, UNCONDITIONAL], UNCONDITIONAL),
        ([WITHHELD, WITHHELD], WITHHELD),
        ([CONDITIONAL], CONDITIONAL),
        ([UNCONDITIONAL, CONDITIONAL], CONDITIONAL),
        ([UNCONDITIONAL, WITHHELD], CONDITIONAL),
        ([WITHHELD, CONDITIONAL], CONDITIONAL),
    ],
)
def test_the_class_is_derived_from_the_items(classes, derived):
    assert sharing_class([item(f"i{n}", sharing=each) for n, each in enumerate(classes)]) is derived


def test_the_grade_is_the_highest_items():
    assert grade([item("a"), item("b", grade=Grade.IMPORTANT)]) is Grade.IMPORTANT
    assert grade([item("a", grade=Grade.CORE), item("b", grade=Grade.IMPORTANT)]) is Grade.CORE


@pytest.mark.parametrize(
    ("flags", "rule"),
    [
        ({"state_secret": True}, "state-secret"),
        ({"work_secret": True}, "work-secret"),
        ({"state_secret": True, "work_secret": True}, "state-secret"),
    ],
)
def test_secrets_are_refused_without_a_word_of_their_content(flags, rule):
    refusal = secret(content(title="绝密标题", **flags))
    assert refusal.rule == rule
    assert refusal.basis == "《政务数据共享条例》第三条"
    assert "绝密标题" not in f"{refusal} {refusal.detail} {refusal.next}"


def test_what_is_no_secret_is_not_refused():
    assert secret(content()) is None


@pytest.mark.parametrize(
    ("without", "refusal"),
    [
        ({"secrecy_assessment": None}, AssessmentRequired),
        ({"privacy_assessment": None}, AssessmentRequired),
        ({"head_consent": None}, ConsentRequired),
    ],
)
def test_submission_needs_assessments_and_consent(without, refusal):
    check_assessed(content())
    with pytest.raises(refusal):
        check_assessed(content(**without))


def test_every_missing_assessment_is_told_at_once():
    with pytest.raises(AssessmentRequired) as raised:
        check_assessed(content(secrecy_assessment=None, privacy_assessment=None))
    assert "保密风险评估" in raised.value.detail
    assert "个人信息保护影响评估" in raised.value.detail
    assert ASSESSED["by"] not in raised.value.detail
