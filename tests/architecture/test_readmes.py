"""The two READMEs tell the same things, and name nothing that is not there."""

import re
from collections.abc import Iterator
from itertools import product

import pytest
from zhengshu_chassis.consumers import filter_of
from zhengshu_contracts.base import Event

from architecture.deployables import ROOT, build

ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
MADE = {"dist"}
"""Folders that commands make."""
EVERY = [ENGLISH, CHINESE, *sorted(ROOT.glob("*/README.md")), *sorted(ROOT.glob("*/*/README.md"))]


def shape(text: str) -> list[str]:
    """What a page is made of: headings, tables by size, pictures by arrows, code by language."""
    found: list[str] = []
    rows = 0
    for line, fence in lines(text):
        if rows and not line.startswith("|"):
            found.append(f"table of {rows} rows")
        rows = rows + 1 if line.startswith("|") and not fence else 0
        if line.startswith("```") or (line.startswith("#") and not fence):
            found.append(line.split()[0])
        elif fence == "mermaid":
            found.append(" ".join(re.findall(r"&|<?-+>|\b[a-z]+\b", bare(line))))
    return found


def lines(text: str) -> Iterator[tuple[str, str]]:
    """Each line with the language of the fenced block it is in."""
    fence = ""
    for line in text.splitlines():
        if line.startswith("```"):
            fence = "" if fence else (line[3:] or "text")
        yield line, fence


def bare(line: str) -> str:
    """A picture's arrow without what is written on it and on its ends."""
    return re.sub(r"-- .* -->", "-->", re.sub(r"[(\[]+[^)\]]*[)\]]+", "", line))


def named(text: str) -> set[str]:
    """Paths of this repository that a text names: relative links, and what is set in code."""
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."}
    codes = [
        path
        for path in re.findall(r"`([\w.-]+/[\w./-]*)`", text)
        if path.split("/")[0] in folders - MADE
    ]
    return {path for path in (*links, *codes) if "://" not in path}


def test_both_have_the_same_sections_tables_and_pictures():
    english, chinese = (shape(each.read_text(encoding="utf-8")) for each in (ENGLISH, CHINESE))
    assert english == chinese
    assert english.count("##") >= 5


@pytest.mark.parametrize("readme", EVERY, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_it_names_is_there(readme):
    found = named(readme.read_text(encoding="utf-8"))
    missing = [
        path for path in found if not any((base / path).exists() for base in (ROOT, readme.parent))
    ]
    assert missing == []


def subjects(text: str) -> set[str]:
    """The subjects a page sets in code, `a|b` taken apart and `<places>` as `*`."""
    codes = re.findall(r"`(zhengshu\.[^`]+)`", text)
    parts = [[part.split("|") for part in code.split(".")] for code in codes]
    told = {".".join(each) for one in parts for each in product(*one)}
    return {re.sub(r"<\w+>", "*", each) for each in told}


def events(kind: type[Event] = Event) -> Iterator[str]:
    """The filter of every event of the contracts."""
    for event in kind.__subclasses__():
        if "subject" in vars(event) and event.__module__.startswith("zhengshu_contracts"):
            yield filter_of(event.subject)
        yield from events(event)


@pytest.mark.parametrize("service", ["catalog", "sharing", "opening", "audit"])
def test_a_service_names_every_event_it_reads_and_none_that_is_not_there(service):
    read = {subject for subject, _ in build(f"zhengshu_{service}").state.consumers._handlers}
    told = subjects((ROOT / "services" / service / "README.md").read_text(encoding="utf-8"))
    assert {each for each in read if not each.endswith(">")} - told == set()
    assert {each for each in told - set(events()) if "*" not in each} == set()
