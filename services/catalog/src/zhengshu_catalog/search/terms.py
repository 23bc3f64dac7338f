"""How texts become terms of the index, and how what somebody typed becomes a query. Pure functions.

Texts are indexed by every character and every pair of neighbouring characters, so a part of a word is
found and no dictionary decides what may be found. Only what is typed is cut into words: a word then
means all its pairs. Knows no SQL beyond the text form of tsvector and tsquery. See decision 0020.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|[a-z0-9]+")
TITLE = "#"
"""Marks a term of the title: an index entry of its own, so that title hits are found without a recheck."""
EMPTY = frozenset("的和与及或了在等之")
"""Words that say nothing beside others."""
LONGEST = 80


def runs(text: str) -> list[str]:
    """Return the runs of Chinese characters and of letters and digits, in one width and case."""
    return RUN.findall(unicodedata.normalize("NFKC", text).casefold())


def terms(text: str) -> Iterator[str]:
    """Return what a text is found by."""
    for run in runs(text):
        if run.isascii():
            yield run[:LONGEST]
        else:
            yield from run
            yield from map("".join, pairwise(run))


def vector(title: str, others: Mapping[str, Iterable[str]]) -> str:
    """Return the text form of a tsvector; `others` are texts by weight, B to D. Terms need no quoting."""
    found = dict.fromkeys(terms(title), "A")
    marked = [f"'{TITLE}{term}':1" for term in found]
    for weight, texts in sorted(others.items()):
        for text in texts:
            for term in terms(text):
                found.setdefault(term, weight)
    return " ".join([*marked, *(f"'{term}':1{weight}" for term, weight in found.items())])


@dataclass(frozen=True, slots=True)
class Query:
    """The words that somebody typed, each as the terms that must all be there."""

    words: tuple[tuple[str, ...], ...]

    def every(self, mark: str = "") -> str:
        """Return the tsquery that wants every word."""
        return " & ".join(_word(word, mark) for word in self.words)

    def some(self, mark: str = "") -> str:
        """Return the tsquery that is content with one word."""
        return " | ".join(_word(word, mark) for word in self.words)


def query(typed: str) -> Query | None:
    """Read what somebody typed; None when it has neither a character nor a digit."""
    words = [word for run in runs(typed[: 2 * LONGEST]) for word in _cut(run)]
    telling = [word for word in words if word not in EMPTY] or words
    return Query(tuple(map(_terms_of, dict.fromkeys(telling)))) if telling else None


def _cut(run: str) -> Iterable[str]:
    """Cut a run into words; a long word of the dictionary into the shorter ones it is made of."""
    if run.isascii() or len(run) <= 2:
        return [run]
    import rjieba  # noqa: PLC0415 - its dictionary is 60 MB of memory: for those alone who search

    return [part for word in rjieba.cut(run, hmm=False) for part in _parts(word)]


def _parts(word: str) -> list[str]:
    import rjieba  # noqa: PLC0415 - see above

    parts = [part for part in rjieba.cut_for_search(word, hmm=False) if part != word]
    return parts if "".join(parts) == word else [word]


def _terms_of(word: str) -> tuple[str, ...]:
    if word.isascii():
        return (f"{word[:LONGEST]}:*",)
    return tuple(map("".join, pairwise(word))) if len(word) > 1 else (word,)


def _word(word: tuple[str, ...], mark: str) -> str:
    quoted = [
        f"'{mark}{term[:-2]}':*" if term.endswith(":*") else f"'{mark}{term}'" for term in word
    ]
    return f"({' & '.join(quoted)})"
