"""Imports every module of each distribution with nothing installed but what it declares.

The shared environment hides a missing declaration; here each distribution gets a folder of its own that
links to exactly its declared dependencies, and theirs, from the environment that is already installed.
"""

import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from tempfile import TemporaryDirectory

NAME = re.compile(r"^[A-Za-z0-9._-]+")
IMPORT_ALL = """
import importlib, pkgutil, sys
name = sys.argv[1]
package = importlib.import_module(name)
for found in pkgutil.walk_packages(package.__path__, name + "."):
    if not found.name.endswith("__main__") and ".migrations" not in found.name:
        importlib.import_module(found.name)
"""


def needed(name: str, extras: frozenset[str], seen: dict[str, Distribution]) -> None:
    """Gather a distribution and all it requires, by normalised name."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    try:
        found = distribution(key)
    except PackageNotFoundError:
        return
    if key in seen and not extras:
        return
    seen[key] = found
    for requirement in found.requires or []:
        text, _, marker = requirement.partition(";")
        wanted = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", marker)
        if wanted and wanted.group(1) not in extras:
            continue
        match = NAME.match(text.strip())
        inner = re.search(r"\[([^\]]*)\]", text)
        more = frozenset(inner.group(1).replace(" ", "").split(",")) if inner else frozenset()
        if match and match.group().lower() != key:
            needed(match.group(), more, seen)


def link(folder: Path, packages: dict[str, Distribution]) -> None:
    """Link the top-level files of distributions into one folder; editable ones by a path file."""
    for found in packages.values():
        for file in found.files or []:
            source = Path(str(found.locate_file(file)))
            top = file.parts[0]
            if top in {"..", "__pycache__"} or not source.exists():
                continue
            if top.endswith(".pth"):
                (folder / top).write_text(source.read_text())
                continue
            target = folder / top
            if not target.exists():
                target.symlink_to(
                    source.parents[len(file.parts) - 2] if len(file.parts) > 1 else source
                )


def check(member: Path) -> str | None:
    """Return what is wrong with one distribution, or nothing."""
    project = tomllib.loads((member / "pyproject.toml").read_text())
    name, module = project["project"]["name"], project["tool"]["uv"]["build-backend"]["module-name"]
    packages: dict[str, Distribution] = {}
    needed(name, frozenset(), packages)
    with TemporaryDirectory() as folder:
        link(Path(folder), packages)
        program = f"import site; site.addsitedir({folder!r})\n{IMPORT_ALL}"
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", program, module],
            capture_output=True,
            text=True,
            check=False,
        )
    last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "failed"
    return f"{name}: {last}" if done.returncode else None


def main() -> int:
    """Check every distribution named."""
    members = [Path(each) for each in sys.argv[1:]]
    with ThreadPoolExecutor(2) as pool:
        wrong = [each for each in pool.map(check, members) if each]
    for each in wrong:
        print(each)
    print(f"{len(members)} distributions import alone" if not wrong else f"{len(wrong)} do not")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
