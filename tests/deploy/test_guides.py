"""What the guides tell an operator to copy is run here, in bash, in a folder like the reader's.

`helm` renders instead of installing and `kubectl` writes down what it is given: no cluster is at hand.
Everything else, `zhengshu-local` before all, is the real program.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from support.chart import CHART, ROOT, Object, helm, pods

# Guide -> the headings whose commands are run, one after the other.
GUIDES = {
    "README.md": ["Installing it"],
    "README.zh-CN.md": ["安装"],
    "docs/operations.md": ["3. 安装", "13. 升级"],
    "deploy/offline.md": ["3. Kubernetes"],
}
OPERATOR = re.search(r'^OPERATOR = ".+:(.+)"$', (ROOT / "deploy/bundle.py").read_text(), re.M)
NOTED = """#!/bin/bash
echo "{name} $*" >> "$SAID/log"
if [ "${{@: -1}}" = - ]; then cat > "$SAID/applied-$(ls "$SAID" | wc -l)"; fi
"""
RENDERS = """#!/bin/bash
echo "helm $*" >> "$SAID/log"
case $1 in
  install) shift; exec {helm} template "$@" > "$SAID/rendered.yaml";;
  upgrade) shift; exec {helm} template --is-upgrade "$@" > "$SAID/upgraded.yaml";;
esac
"""


@dataclass(frozen=True)
class Said:
    """What the commands of a guide came to."""

    log: list[str]
    objects: list[Object]
    applied: list[str]

    def at(self, start: str) -> int:
        """The place of the one command that begins so."""
        return next(i for i, line in enumerate(self.log) if line.startswith(start))

    @property
    def made(self) -> dict[str, set[str]]:
        """The Secrets in the cluster, with their keys."""
        listed = next(text for text in self.applied if text.startswith("{"))
        made = {
            item["metadata"]["name"]: set(item["stringData"])
            for item in json.loads(listed)["items"]
        }
        for line in self.log:
            if tls := re.search(r"kubectl -n zhengshu create secret tls (\S+)", line):
                made[tls[1]] = {"tls.crt", "tls.key"}
        return made


def commands(guide: str) -> str:
    """Everything between ```sh and ``` under the headings that tell how to install."""
    text = (ROOT / guide).read_text()
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.M | re.S))
    told = [sections[heading] for heading in GUIDES[guide]]
    return "\n".join(block for one in told for block in re.findall(r"```sh\n(.*?)```", one, re.S))


def folder_of_a_reader(home: Path) -> Path:
    """A repository and an unpacked bundle at once, and the programs that are not here."""
    (home / "deploy").symlink_to(ROOT / "deploy")
    (home / ".venv/bin").mkdir(parents=True)
    (home / ".venv/bin/zhengshu-local").symlink_to(Path(sys.executable).parent / "zhengshu-local")
    (home / "chart").mkdir()
    for values in CHART.glob("values-*.yaml"):
        shutil.copy(values, home / "chart")
    with tarfile.open(home / "chart/zhengshu-0.1.0.tgz", "w:gz") as tar:
        tar.add(CHART, "zhengshu")
    for name in ("images.txt", "tls.crt", "tls.key", f"cnpg-{OPERATOR[1]}.yaml"):
        (home / name).write_text("image: ghcr.io/cloudnative-pg/cloudnative-pg\n")
    programs = home / "programs"
    programs.mkdir()
    texts = dict.fromkeys(["kubectl", "make", "docker", "curl"], NOTED)
    for name, text in {**texts, "helm": RENDERS}.items():
        (programs / name).write_text(text.format(name=name, helm=helm()))
        (programs / name).chmod(0o755)
    return programs


@pytest.fixture(scope="module", params=GUIDES)
def said(request, tmp_path_factory) -> Said:
    """Copy the guide's commands into a shell that stops at the first that fails."""
    home, kept = tmp_path_factory.mktemp("reader"), tmp_path_factory.mktemp("said")
    programs = folder_of_a_reader(home)
    # The guides install where root alone may write.
    told = commands(request.param).replace("/opt/zhengshu/bin/", ".venv/bin/")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", told],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(home), "SAID": str(kept)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Said(
        (kept / "log").read_text().splitlines(),
        [one for one in yaml.safe_load_all((kept / "rendered.yaml").read_text()) if one],
        [path.read_text() for path in sorted(kept.glob("applied-*"))],
    )


def test_each_thing_is_there_before_what_needs_it(said):
    order = [
        *("kubectl -n cnpg-system rollout status", "kubectl create namespace zhengshu"),
        *("kubectl -n zhengshu create secret tls", "helm install zhengshu", "helm test zhengshu"),
    ]
    places = [said.at(start) for start in order]
    assert places == sorted(places)
    applied = [i for i, line in enumerate(said.log) if "apply --server-side -f" in line]
    assert applied[0] < places[0]  # the operator, before it is waited for
    assert places[1] < applied[1] < places[3]  # the Secrets, in their namespace
    assert "--wait" in said.log[places[3]]


def test_every_secret_that_is_rendered_was_made(said):
    made = said.made
    for pod in pods(said.objects):
        for box in pod.containers:
            for one in box["env"]:
                if reference := one.get("valueFrom", {}).get("secretKeyRef"):
                    assert reference["key"] in made[reference["name"]], reference
    ingress = next(one for one in said.objects if one["kind"] == "Ingress")
    assert {one["secretName"] for one in ingress["spec"]["tls"]} <= set(made)


def test_the_county_is_what_its_values_say(said):
    (ingress,) = [one for one in said.objects if one["kind"] == "Ingress"]
    hosts = {rule["host"] for rule in ingress["spec"]["rules"]}
    assert not [host for host in hosts if host.endswith("zhengshu.example")]  # the defaults
    ours = {box["image"] for pod in pods(said.objects) if pod.process for box in pod.containers}
    assert {image.rsplit("/", 1)[0] for image in ours} == {"registry.county.example/zhengshu"}


@pytest.mark.parametrize("guide", GUIDES)
def test_guides_name_the_operator_that_the_bundle_lists(guide):
    assert set(re.findall(r"cnpg-([0-9.]+)\.yaml", (ROOT / guide).read_text())) == {OPERATOR[1]}
