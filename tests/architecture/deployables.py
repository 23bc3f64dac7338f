"""Finds the applications there are, without knowing them."""

import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from zhengshu_chassis.settings import ProcessSettings, for_documents

ROOT = Path(__file__).parents[2]
MEMBERS = ["contracts", "verify", "chassis", "gateway", "sdk", "deploy/local"]


def packages() -> Iterator[Path]:
    """Yield the source folder of each package."""
    for member in [*MEMBERS, *(str(each) for each in (ROOT / "services").iterdir())]:
        yield from (ROOT / member / "src").glob("zhengshu*")


def modules() -> Iterator[Path]:
    """Yield every module that is shipped."""
    for package in packages():
        yield from package.rglob("*.py")


def applications() -> dict[str, FastAPI]:
    """Build every application that a `main.build` makes, with settings that reach nothing."""
    return {name: app for name in names() if isinstance(app := build(name), FastAPI)}


def names() -> list[str]:
    """Return the packages that have a composition root."""
    return sorted(package.name for package in packages() if (package / "main.py").exists())


def build(name: str) -> Any:
    """Build one application."""
    return importlib.import_module(f"{name}.main").build(for_documents(settings_of(name)))


def settings_of(name: str) -> type[ProcessSettings]:
    """Return what a deployable is told from outside."""
    settings = importlib.import_module(f"{name}.settings")
    [kind] = [
        value
        for value in vars(settings).values()
        if isinstance(value, type)
        and issubclass(value, ProcessSettings)
        and value.__module__ == settings.__name__
    ]
    return kind
