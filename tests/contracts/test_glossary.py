"""The glossary lists every word of every closed list, and no word that is gone."""

import re
from pathlib import Path

from zhengshu_contracts import vocabulary
from zhengshu_contracts.vocabulary import Labelled

GLOSSARY = Path("docs/glossary.md").read_text(encoding="utf-8")


def closed_lists() -> dict[str, type[Labelled]]:
    found = {
        name: member
        for name, member in vars(vocabulary).items()
        if isinstance(member, type) and issubclass(member, Labelled) and member is not Labelled
    }
    assert len(found) > 20
    return found


def test_every_word_is_in_the_glossary_with_its_label() -> None:
    lines = dict(re.findall(r"^\* \*\*(\w+)\*\*: (.+)$", GLOSSARY, re.MULTILINE))
    told = {name: set(re.findall(r"`(\w+)` ([^,]+)", line)) for name, line in lines.items()}
    known = {
        name: {(word.value, word.label) for word in words} for name, words in closed_lists().items()
    }
    assert told == known
