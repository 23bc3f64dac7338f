"""Every service's migrations are one chain: two of a number, or two ends, would leave one of them out."""

import re
from pathlib import Path

import pytest

FOLDERS = sorted(Path("services").glob("*/src/*/migrations/versions"))
NUMBER = re.compile(r'^(revision|down_revision)\b.*?=\s*(?:"(\w+)"|None)', re.MULTILINE)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parents[1].name)
def test_migrations_are_one_chain(folder: Path) -> None:
    links = [dict(NUMBER.findall(file.read_text())) for file in sorted(folder.glob("*.py"))]
    numbers = [link["revision"] for link in links]
    before = [link["down_revision"] for link in links]
    assert len(set(numbers)) == len(numbers), "two of a number"
    assert before == ["", *numbers[:-1]], "not one chain in the order of the files"
