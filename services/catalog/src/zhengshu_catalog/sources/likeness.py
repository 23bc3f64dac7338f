"""How alike two items are, between 0 and 1. Pure functions.

Titles weigh most, by the pairs of characters they share (Dice); names and types tell the rest.
"""

from dataclasses import dataclass

from zhengshu_catalog.search.terms import runs, terms

TITLE, NAME, TYPE = 0.7, 0.2, 0.1
LEAST = 0.5
"""Less alike than this is chance."""


@dataclass(frozen=True, slots=True)
class Datum:
    """What an item is compared by."""

    title: str
    name: str = ""
    type: str = ""


def likeness(wanted: Datum, known: Datum) -> float:
    """Return how alike two items are; what is not said of the wanted one counts neither way."""
    parts = [(TITLE, _shared(wanted.title, known.title))]
    if wanted.name:
        parts.append((NAME, _shared_words(wanted.name, known.name)))
    if wanted.type:
        parts.append((TYPE, float(wanted.type == known.type)))
    return round(sum(w * value for w, value in parts) / sum(w for w, _ in parts), 3)


def same_title(title: str) -> str:
    """Return what two titles have in common that differ in width, case and signs alone."""
    return "".join(runs(title))


def _shared(left: str, right: str) -> float:
    if same_title(left) == same_title(right):
        return 1.0
    return _dice(set(terms(left)), set(terms(right)))


def _shared_words(left: str, right: str) -> float:
    return _dice(set(left.split("_")), set(right.split("_")))


def _dice(left: set[str], right: set[str]) -> float:
    return 2 * len(left & right) / (len(left) + len(right)) if left and right else 0.0
