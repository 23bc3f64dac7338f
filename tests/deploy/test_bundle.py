"""The bundle installs where no network reaches, and holds what its own checksums say."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from support.chart import CHART, ROOT, named, rendered, run_helm

pytestmark = [pytest.mark.ship, pytest.mark.timeout(600)]
# A pip that tried to reach an index, by whatever name, would fail here.
NOWHERE = {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}


def run(*command, **environment) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"} | environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    """The bundle as an operator unpacks it."""
    made = tmp_path_factory.mktemp("made") / "zhengshu"
    subprocess.run(
        [sys.executable, str(ROOT / "deploy/bundle.py"), str(made)], check=True, capture_output=True
    )
    (archive,) = made.parent.glob("*.tar")
    kept = Path(f"{archive}.sha256").read_text().split()[0]
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == kept
    with tarfile.open(archive) as tar:
        tar.extractall(made.parent / "unpacked", filter="data")
    return made.parent / "unpacked" / "zhengshu"


@pytest.fixture(scope="module")
def installed(bundle, tmp_path_factory) -> Path:
    """A Python that was given the bundle and nothing else."""
    home = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", home)
    options = ["--isolated", "--no-index", "--find-links", bundle / "wheels", "--require-hashes"]
    wanted = ["-r", bundle / "requirements/local.txt"]
    run(home / "bin/pip", "install", "--quiet", *options, *wanted, **NOWHERE)
    return home / "bin"


def test_every_file_is_in_the_checksums(bundle):
    lines = (bundle / "SHA256SUMS").read_text().splitlines()
    told = {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
    there = {str(path.relative_to(bundle)) for path in bundle.rglob("*") if path.is_file()}
    assert set(told) == there - {"SHA256SUMS"}
    for path, digest in told.items():
        assert hashlib.sha256((bundle / path).read_bytes()).hexdigest() == digest, path


def test_each_image_finds_its_wheels(bundle):
    wheels = {path.name.split("-")[0].replace("_", "-").lower() for path in bundle.glob("wheels/*")}
    assert "uv" in wheels
    for path in bundle.glob("requirements/*.txt"):
        needed = re.findall(r"^([a-z0-9.-]+)(?:\[.*\])?==", path.read_text(), re.M)
        assert needed
        assert {name.replace(".", "-") for name in needed} <= wheels, path.name


def test_the_packed_chart_is_the_chart(bundle):
    (chart,) = bundle.glob("chart/*.tgz")
    packed = run_helm("template", "county", str(chart), "--namespace", "gov").stdout
    plain = run_helm("template", "county", str(CHART), "--namespace", "gov").stdout
    assert packed == plain != ""


def test_names_every_image_that_others_publish(bundle):
    images = (bundle / "images.txt").read_text().split()
    objects = rendered()
    (nats,) = named(objects, "StatefulSet").values()
    assert nats["spec"]["template"]["spec"]["containers"][0]["image"] in images
    assert {one["spec"]["imageName"] for one in named(objects, "Cluster").values()} <= set(images)
    assert any(image.startswith("ghcr.io/cloudnative-pg/cloudnative-pg:") for image in images)


def test_guides_in_the_bundle_name_what_is_in_the_bundle(bundle):
    for guide in bundle.rglob("*.md"):
        text = guide.read_text()
        assert not re.search(r"deploy/(k8s|local)|\.venv", text), guide.name
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
            assert (guide.parent / link).exists(), (guide.name, link)


def test_installs_with_the_index_switched_off_and_makes_secrets(installed, tmp_path):
    options = ["--keep", tmp_path, "--department", "113501230036150002=罗源县发展和改革局"]
    said = run(installed / "zhengshu-local", "secrets", *options, **NOWHERE)
    assert {item["kind"] for item in json.loads(said)["items"]} == {"Secret"}
    for name in ("catalog", "gateway", "portal"):
        assert json.loads(run(installed / "python", "-m", f"zhengshu_{name}", "openapi"))["paths"]
