"""The chassis is plumbing: no word of the field may enter it."""

import re
import sys

import pytest

from architecture.deployables import ROOT

CHASSIS = ROOT / "chassis" / "src" / "zhengshu_chassis"
WORDS = re.compile(
    r"\b(entry|entries|dataset|datasets|catalogue|catalog|department|organi[sz]ation|provider|"
    r"applicant|applications?_|opinion|objection|listing|ledger|grantee|grant\.|sharing|county|"
    r"municipal|personal information|目录|数据集|部门|共享|开放|授权)\b",
    re.IGNORECASE,
)
PURE = ["errors.py", "paging.py", "ids.py", "failpoints.py", "signature.py"]


@pytest.mark.parametrize("path", sorted(CHASSIS.rglob("*.py")), ids=lambda path: path.name)
def test_no_word_of_the_field(path):
    lines = path.read_text().splitlines()
    told = [line for line in lines if not line.startswith("from zhengshu_contracts")]
    assert [line for line in told if WORDS.search(line)] == []


def test_the_words_are_found_where_they_are():
    for planted in ("dataset_id = dataset", "# the department's rows", "Catalog(", "目录"):
        assert WORDS.search(planted)


@pytest.mark.parametrize("name", PURE)
def test_what_the_domain_imports_is_standard_library_only(name):
    imports = re.findall(r"^(?:from|import) (\w+)", (CHASSIS / name).read_text(), re.MULTILINE)
    assert set(imports) <= sys.stdlib_module_names


def test_the_chassis_knows_no_deployable():
    for path in CHASSIS.rglob("*.py"):
        found = re.findall(r"^\s*(?:from|import) (zhengshu\w*)", path.read_text(), re.MULTILINE)
        assert set(found) <= {"zhengshu_chassis", "zhengshu_contracts"}, path.name
