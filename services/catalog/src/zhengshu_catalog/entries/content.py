"""What a compiled entry's content must satisfy, and what follows from its items. Pure functions.

Content is the contract's own model; who compiles it and how far it came is not known here.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeAlias

from zhengshu_chassis.rows import RESERVED
from zhengshu_contracts.catalog import EntryIn, Item
from zhengshu_contracts.vocabulary import Grade, OpeningClass, SharingClass

from zhengshu_catalog.entries.errors import (
    AssessmentRequired,
    CategoryNotNational,
    CitationRequired,
    ClassContradicted,
    ConditionRequired,
    ConsentRequired,
    ItemNameRepeated,
    ItemNameReserved,
    ItemRefused,
    ModesRequired,
    OpeningNotAllowed,
    PatternInvalid,
    SecretRefused,
)

SYSTEM_COLUMNS = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})
"""Columns every PostgreSQL table has already."""

Rules: TypeAlias = tuple[tuple[type[ItemRefused], Callable[[Item], bool]], ...]
"""Each refusal with what it refuses."""

GRADES = tuple(Grade)
"""From general to core."""


def secret(content: EntryIn) -> SecretRefused | None:
    """Return the refusal of a state or work secret (Decree 809 Art. 3), before anything else is said.

    A value and not a raise: the refusal is recorded, so the transaction that refuses is committed.
    """
    if content.state_secret:
        return SecretRefused("state-secret")
    return SecretRefused("work-secret") if content.work_secret else None


def check(content: EntryIn) -> None:
    """Refuse what breaks a rule: the first broken one, naming every item that breaks it."""
    check_stock(content)
    _check_each(
        content.items, ((CitationRequired, _lacks_citation), (ConditionRequired, _lacks_condition))
    )


def check_stock(content: EntryIn) -> None:
    """Refuse of an entry taken over as it stood what could not be served; the rest is to be mended."""
    if not content.category.isdigit():
        raise CategoryNotNational(content.category)
    names = Counter(item.name for item in content.items)
    rules: Rules = (
        (ItemNameReserved, lambda item: item.name in RESERVED | SYSTEM_COLUMNS),
        (ItemNameRepeated, lambda item: names[item.name] > 1),
        (PatternInvalid, _has_bad_pattern),
        (ClassContradicted, _contradicts_its_class),
        (OpeningNotAllowed, _opens_too_far),
    )
    _check_each(content.items, rules)


def missing(content: EntryIn) -> list[str]:
    """Name what an entry taken over as it stood lacks before it could be submitted."""
    due = {
        "保密风险评估": content.secrecy_assessment,
        "个人信息保护影响评估": content.privacy_assessment,
        "部门负责人审核同意": content.head_consent,
    }
    lacking = [name for name, given in due.items() if given is None]
    lacking += ["共享方式"] if _lacks_modes(content) else []
    uncited = [f"“{item.title}”不予共享的依据" for item in content.items if _lacks_citation(item)]
    loose = [
        f"“{item.title}”的共享范围与使用用途" for item in content.items if _lacks_condition(item)
    ]
    return lacking + uncited + loose


def _check_each(items: Iterable[Item], rules: Rules) -> None:
    numbered = list(enumerate(items))
    for refusal, broken in rules:
        wrong = [(index, item.name) for index, item in numbered if broken(item)]
        if wrong:
            raise refusal(wrong)


def _has_bad_pattern(item: Item) -> bool:
    try:
        re.compile(item.pattern or "")
    except re.error:
        return True
    return False


def _lacks_citation(item: Item) -> bool:
    given = item.citation
    complete = given and all(map(str.strip, (given.title, given.article, given.reason)))
    return item.sharing is SharingClass.WITHHELD and not complete


def _lacks_condition(item: Item) -> bool:
    given = item.condition
    complete = given and all(map(str.strip, (given.scope, given.purpose)))
    return item.sharing is SharingClass.CONDITIONAL and not complete


def _contradicts_its_class(item: Item) -> bool:
    conditioned = item.condition and item.sharing is not SharingClass.CONDITIONAL
    cited = item.citation and item.sharing is not SharingClass.WITHHELD
    return bool(conditioned or cited)


def _opens_too_far(item: Item) -> bool:
    closed = item.sharing is SharingClass.WITHHELD or item.grade is Grade.CORE
    return closed and item.opening is not OpeningClass.CLOSED


def sharing_class(items: Iterable[Item]) -> SharingClass:
    """Derive an entry's class: pure only if every item is of it, else conditional."""
    classes = {item.sharing for item in items}
    return classes.pop() if len(classes) == 1 else SharingClass.CONDITIONAL


def grade(items: Iterable[Item]) -> Grade:
    """Derive an entry's grade: its highest item's."""
    return max((item.grade for item in items), key=GRADES.index)


def check_assessed(content: EntryIn) -> None:
    """Refuse content without both assessments, the head's consent and a mode to share in (Art. 13)."""
    due = {
        "保密风险评估": content.secrecy_assessment,
        "个人信息保护影响评估": content.privacy_assessment,
    }
    missing = [name for name, assessment in due.items() if assessment is None]
    if missing:
        raise AssessmentRequired(missing)
    if content.head_consent is None:
        raise ConsentRequired
    if _lacks_modes(content):
        raise ModesRequired


def _lacks_modes(content: EntryIn) -> bool:
    return not content.modes and sharing_class(content.items) is not SharingClass.WITHHELD
