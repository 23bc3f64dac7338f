"""Personal information in values about to be published: identity cards, mobile numbers, bank cards.

Pure. It counts hits by item and kind and never keeps a value, so that its report cannot leak one.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from stdnum import luhn
from stdnum.cn import uscc
from zhengshu_contracts.vocabulary import Labelled

_ALONE = r"(?<![0-9A-Za-z.]){}(?![0-9A-Za-z])"
# Separators stand only where people write them: free ones would join the numbers of a date.
_IDENTITY = re.compile(_ALONE.format(r"(\d{6})[ -]?(\d{8})[ -]?(\d{3}[\dXx])"))
_MOBILE = re.compile(_ALONE.format(r"(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}"))
_CARD = re.compile(_ALONE.format(r"[3-69]\d{3}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?"))
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_SHORTEST = 11
_REGIONS = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")


class PersonalKind(Labelled):
    """What a value looks like."""

    IDENTITY_CARD = "identity_card", "居民身份证号码"
    MOBILE = "mobile", "手机号码"
    BANK_CARD = "bank_card", "银行卡号"


Hits = Counter[tuple[str, PersonalKind]]


def kinds(value: object) -> frozenset[PersonalKind]:
    """Tell what personal information one value holds."""
    text = _text(value)
    if len(text) < _SHORTEST:
        return frozenset()
    return frozenset(kind for kind, found in _TESTS.items() if found(text))


def count(row: Mapping[str, object], items: Iterable[str], hits: Hits) -> None:
    """Add the hits of one row's items."""
    for item in items:
        for kind in kinds(row[item]):
            hits[item, kind] += 1


def report(hits: Hits, titles: Mapping[str, str]) -> str:
    """Say in which items how many values were found; never a value."""
    found = [
        f"信息项“{titles.get(item, item)}”({item})疑似{kind.label} {number} 处"
        for (item, kind), number in sorted(hits.items())
    ]
    return "个人信息扫描未通过:" + ";".join(found)


def _text(value: object) -> str:
    """Return what is scanned: strings and whole numbers, full-width digits made plain."""
    if isinstance(value, str):
        return value if value.isascii() else unicodedata.normalize("NFKC", value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return " ".join(_text(one) for one in value)
    if isinstance(value, dict):
        return " ".join(_text(one) for one in value.values())
    return ""


def _has_identity(text: str) -> bool:
    return any(_is_identity("".join(m.groups())) for m in _IDENTITY.finditer(text))


def _is_identity(number: str) -> bool:
    """Check province, date of birth and check digit (GB 11643)."""
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    if not _REGIONS.match(number) or number[-1].upper() != _CHECK[total % 11]:
        return False
    try:
        born = date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    except ValueError:
        return False
    return born.year >= 1850  # nobody alive is older; many other codes are excluded


def _has_mobile(text: str) -> bool:
    return _MOBILE.search(text) is not None


def _has_card(text: str) -> bool:
    return any(_is_card(re.sub("[ -]", "", m.group())) for m in _CARD.finditer(text))


def _is_card(number: str) -> bool:
    """Check by Luhn; an organisation's code of digits alone is none."""
    return luhn.is_valid(number) and not (uscc.is_valid(number) or len(set(number)) == 1)


_TESTS = {
    PersonalKind.IDENTITY_CARD: _has_identity,
    PersonalKind.MOBILE: _has_mobile,
    PersonalKind.BANK_CARD: _has_card,
}
