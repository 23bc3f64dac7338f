"""Decision records have one shape, one number each, and name tests that are there."""

import re

import pytest

from architecture.deployables import ROOT

RECORDS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def test_every_number_is_given_once():
    numbers = [path.name[:4] for path in RECORDS]
    assert len(numbers) == len(set(numbers)), numbers


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_has_the_shape(path):
    text = path.read_text(encoding="utf-8")
    title, blank, status, *_ = text.splitlines()
    assert re.match(rf"# {int(path.name[:4])}\. \S", title), title
    assert (blank, bool(re.fullmatch(r"Accepted, \d{4}-\d\d-\d\d\.", status))) == ("", True)
    parts = re.findall(r"^\*\*(Decision|Why|What follows|Alternatives|Enforced by)\b", text, re.M)
    assert parts[0] == "Decision"
    assert {"Why", "What follows", "Enforced by"} <= set(parts)
    assert "## " not in text


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_what_enforces_it_is_there(path):
    text = path.read_text(encoding="utf-8").rpartition("**Enforced by**")[2]
    named = re.findall(r"`(tests/[\w/.]+)`", text)
    assert [each for each in named if not (ROOT / each).exists()] == []
