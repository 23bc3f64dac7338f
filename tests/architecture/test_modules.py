"""The house style that a program can check: modules that say what they are for, and stay small."""

import ast
import re
from pathlib import Path

import pytest

from architecture.deployables import ROOT, modules

LONGEST_MODULE = 400
LONGEST_FUNCTION = 50
FRAMEWORK_EXCEPTION = re.compile(r"(fastapi|starlette)[\w.]* import .*HTTPException")
SOURCES = sorted(modules())
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "crud", "core"}
SHIPPED = [each for each in SOURCES if "migrations" not in each.parts]


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=label)
def test_a_module_says_what_it_is_for(path: Path):
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert len(text.splitlines()) <= LONGEST_MODULE
    assert path.stem not in FORBIDDEN_NAMES


@pytest.mark.parametrize("path", SHIPPED, ids=label)
def test_functions_stay_small(path: Path):
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= LONGEST_FUNCTION]
    assert long == []


@pytest.mark.parametrize("path", SHIPPED, ids=label)
def test_every_dependency_is_annotated(path: Path):
    """`= Depends()` as a default hides a dependency from the type checker."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.arguments):
            defaults = [*node.defaults, *(each for each in node.kw_defaults if each)]
            called = [d.func for d in defaults if isinstance(d, ast.Call)]
            assert not [f for f in called if isinstance(f, ast.Name) and f.id == "Depends"]


@pytest.mark.parametrize("path", SHIPPED, ids=label)
def test_only_the_chassis_knows_framework_exceptions(path: Path):
    if "zhengshu_chassis" not in path.parts:
        assert not FRAMEWORK_EXCEPTION.search(path.read_text())
