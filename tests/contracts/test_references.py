"""The pages that are generated from code leave nothing out."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
import zhengshu_gateway.errors  # noqa: F401 - so that its refusals are known here
from zhengshu_chassis.errors import DomainError
from zhengshu_contracts.basis import Basis
from zhengshu_contracts.subjects import EVENTS
from zhengshu_local import references
from zhengshu_local.deployables import DEPLOYABLES
from zhengshu_local.references import settings_of
from zhengshu_local.sources import Sources

DOCS = Path(__file__).parents[2] / "docs"
SERVICES = ("catalog", "sharing", "opening", "audit", "commission")


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def refusals() -> set[type[DomainError]]:
    """Every refusal of every service, as Python knows them."""
    for service in SERVICES:
        package = importlib.import_module(f"zhengshu_{service}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith(".errors"):
                importlib.import_module(module.name)
    found, rest = set(), [DomainError]
    while rest:
        kind = rest.pop()
        rest += kind.__subclasses__()
        if kind.__module__.startswith(("zhengshu_chassis", "zhengshu_gateway")) or any(
            kind.__module__.startswith(f"zhengshu_{service}") for service in SERVICES
        ):
            found.add(kind)
    return found


def test_every_refusal_is_in_the_catalogue_of_errors_with_its_status_and_name():
    rows = set(re.findall(r"^\| `([\w-]+)` \| (\d+) \| (.*?) \|", text("errors.md"), re.MULTILINE))
    known = {
        (each.slug, str(each.status), each.title) for each in refusals() if "slug" in vars(each)
    }
    assert len(known) > 150
    assert known - rows == set()


def test_no_refusal_leaves_its_reader_without_a_next_step():
    rows = re.findall(
        r"^\| `([\w-]+)` \| \d+ \| (.*?) \| (.*?) \|", text("errors.md"), re.MULTILINE
    )
    assert [slug for slug, title, told in rows if not title.strip() or not told.strip()] == []


@pytest.mark.parametrize("one", DEPLOYABLES, ids=lambda one: one.name)
def test_every_setting_is_listed(one):
    page = text("settings.md")
    names = [
        f"`ZHENGSHU_{one.name.upper()}_{name.upper()}`"
        for name in settings_of(one.module).model_fields
    ]
    assert [name for name in names if name not in page] == []


def test_every_subject_is_listed():
    page = text("subjects.md")
    assert [subject for subject in EVENTS if f"| `{subject}` |" not in page] == []


def test_every_article_is_named_and_whoever_enforces_it():
    page = text("regulation.md")
    assert [article for article in Basis if f"## {article.label}\n" not in page] == []
    assert "| `gateway` | `policy.py` | `granted` |" in page


def test_what_is_missing_from_the_sources_is_missing_from_the_pages(tmp_path):
    """The pages come from the sources that are read, not from what happens to be installed."""
    errors = tmp_path / "gateway/src/zhengshu_gateway"
    errors.mkdir(parents=True)
    (errors / "refusals.py").write_text("")
    (errors / "errors.py").write_text(
        "class Base:\n    status = 409\n    title = '甲'\n\n\n"
        "class PolicyRefused(Base):\n    _TITLES = {'a': 'b'}\n\n\n"
        "class Planted(Base):\n    slug = 'planted'\n\n"
        "    def __init__(self, n):\n        super().__init__(next=f'请看 {n} 处', basis=Basis.DECREE_3)\n"
    )
    (only,) = Sources(tmp_path).refusals()
    assert (only.slug, only.status, only.title, only.next, only.articles) == (
        "planted",
        409,
        "甲",
        "请看 … 处",
        ("DECREE_3",),
    )
    page = references.errors([only])
    assert "| `planted` | 409 | 甲 | 请看 … 处 | 《政务数据共享条例》第三条 | gateway |" in page
