"""Puts together what an installation without network needs: `python deploy/bundle.py FOLDER [ARCHITECTURE]`.

Wheels by hash, requirements of each deployable, the chart, the context of the images, the guide, checksums.
Needs the package index; what it makes does not.
"""

import hashlib
import importlib.metadata
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
CHART = ROOT / "deploy/k8s/zhengshu"
# Each with everything it needs. `local` runs the whole node on one machine and makes the secrets.
INSTALLED = {
    **{f"zhengshu-{name}": name for name in ("catalog", "sharing", "opening", "audit")},
    **{f"zhengshu-{name}": name for name in ("gateway", "portal", "commission", "local")},
    "zhengshu": "sdk",
}
TOOL = "uv"  # what installs inside the images
# What runs the databases; the guides name its manifest of the same version.
OPERATOR = "ghcr.io/cloudnative-pg/cloudnative-pg:1.29.1"
PYTHON = "3.11"
# Where a guide of the repository finds things in the bundle.
MOVED = {
    "](../deploy/k8s/zhengshu/UPGRADING.md)": "](UPGRADING.md)",
    "deploy/k8s/zhengshu/values": "chart/values",
    "deploy/k8s/zhengshu": "chart/zhengshu-*.tgz",
    ".venv/bin/": "/opt/zhengshu/bin/",
}
PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux_2_5", "manylinux1")


def main(folder: Path, architecture: str) -> None:
    """Make the folder anew, and the archive beside it."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "wheels").mkdir(parents=True)
    (folder / "requirements").mkdir()
    locked = read_lock()
    ours = build(folder / "wheels")
    needed = {TOOL: ""}
    for distribution, name in INSTALLED.items():
        wanted = closure(distribution)
        needed |= dict.fromkeys(wanted - set(ours), "")
        lines = [ours.get(each) or locked[each] for each in sorted(wanted)]
        (folder / "requirements" / f"{name}.txt").write_text("\n".join(lines) + "\n")
    download([locked[each] for each in sorted(needed)], folder, architecture)
    copy(folder)
    checksums(folder)
    archive(folder, architecture)


def read_lock() -> dict[str, str]:
    """Return the pinned requirements with their hashes, by name."""
    text = (ROOT / "requirements.lock").read_text()
    pinned = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    return {canonicalize_name(re.split(r"[=\[]", each, maxsplit=1)[0]): each for each in pinned}


def build(wheels: Path) -> dict[str, str]:
    """Build our own wheels; return their requirement lines with hashes."""
    workspace = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]
    members = [path for glob in workspace["members"] for path in sorted(ROOT.glob(glob))]
    uv = Path(sys.executable).with_name("uv")
    for member in members:
        run(uv, "build", "--quiet", "--wheel", "--no-build-isolation", "--out-dir", wheels, member)
    (wheels / ".gitignore").unlink(missing_ok=True)
    lines: dict[str, str] = {}
    for wheel in wheels.glob("*.whl"):
        name, version = wheel.name.split("-")[:2]
        line = f"{canonicalize_name(name)}=={version} --hash=sha256:{digest(wheel)}"
        lines[canonicalize_name(name)] = line
    return lines


def closure(distribution: str) -> set[str]:
    """Return everything that a distribution needs, itself included, as installed here."""
    found: set[str] = set()
    waiting = [(canonicalize_name(distribution), frozenset[str]())]
    seen = set(waiting)
    while waiting:
        name, extras = waiting.pop()
        found.add(name)
        for requirement in wanted_by(name, extras):
            step = (canonicalize_name(requirement.name), frozenset(requirement.extras))
            if step not in seen:
                seen.add(step)
                waiting.append(step)
    return found


def wanted_by(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    """Yield what a distribution with these extras asks for on the images' platform."""
    environment = {**default_environment(), "python_version": PYTHON, "sys_platform": "linux"}
    for text in importlib.metadata.requires(name) or []:
        requirement = Requirement(text)
        marker = requirement.marker
        cases = [{**environment, "extra": extra} for extra in ("", *extras)]
        if marker is None or any(marker.evaluate(case) for case in cases):
            yield requirement


def download(lines: list[str], folder: Path, architecture: str) -> None:
    """Fetch wheels for the images' Python, checking each against the lock."""
    wanted = folder / "wanted.txt"
    wanted.write_text("\n".join(lines) + "\n")
    platforms = [part for one in PLATFORMS for part in ("--platform", f"{one}_{architecture}")]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    options = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--python-version", PYTHON]
    run(*command, *options, *platforms, "-d", folder / "wheels", "-r", wanted)
    wanted.unlink()


def copy(folder: Path) -> None:
    """Add Dockerfile, chart, guides, and the list of images that others publish."""
    shutil.copy(ROOT / "deploy/Dockerfile", folder)
    shutil.copy(ROOT / "deploy/offline.md", folder / "安装指南.md")
    shutil.copytree(ROOT / "docs/runbooks", folder / "docs/runbooks")
    shutil.copy(CHART / "UPGRADING.md", folder / "docs")
    guide = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    for here, there in MOVED.items():
        guide = guide.replace(here, there)
    (folder / "docs/operations.md").write_text(guide, encoding="utf-8")
    version = re.search(r"^version: (.+)$", (CHART / "Chart.yaml").read_text(), re.M)
    assert version is not None
    (folder / "chart").mkdir()
    with tarfile.open(folder / "chart" / f"zhengshu-{version[1]}.tgz", "w:gz") as tar:
        tar.add(CHART, "zhengshu")
    for path in CHART.glob("values*.yaml"):
        shutil.copy(path, folder / "chart")
    values = (CHART / "values.yaml").read_text()
    images = re.findall(r"^\s+image(?:Name)?: (\S+:\S+)$", values, re.M)
    base = re.search(r"^ARG BASE=(\S+)$", (ROOT / "deploy/Dockerfile").read_text(), re.M)
    assert base is not None
    (folder / "images.txt").write_text("\n".join([base[1], *images, OPERATOR]) + "\n")


def checksums(folder: Path) -> None:
    """Write what `sha256sum --check` reads."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{digest(path)}  {path.relative_to(folder)}" for path in files]
    (folder / "SHA256SUMS").write_text("\n".join(lines) + "\n")


def archive(folder: Path, architecture: str) -> None:
    """Pack the folder into one file beside it; wheels are compressed already."""
    target = folder.with_name(f"{folder.name}-{architecture}.tar")
    with tarfile.open(target, "w") as tar:
        tar.add(folder, folder.name)
    Path(f"{target}.sha256").write_text(f"{digest(target)}  {target.name}\n")


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def run(*command: str | Path) -> None:
    """Run a command, or stop here."""
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), sys.argv[2] if sys.argv[2:] else platform.machine())
