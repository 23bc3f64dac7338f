"""Builds every image from a bundle, on a base of Debian's packages, and starts each as the chart would.

`python tests/images_check.py BUNDLE [COMPONENT …]` as root, with Debian's packages buildah and debootstrap.
Each image must start as its own user on a read-only root, answer its probes as `serve` and as `work`, hold no
compiler, and load what its Job and `helm test` run, which then miss their servers and nothing else.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from support.chart import Object, PodKind, pods, rendered
from support.cluster import Cluster, answers, decoded
from zhengshu_local import seed
from zhengshu_local.credentials import load
from zhengshu_local.kubernetes import manifests
from zhengshu_local.postgres import Postgres

COMPILERS = ("cc", "gcc", "g++", "c++", "clang", "ld", "as", "make", "go", "rustc", "tcc")
USER = "10001:10001"
STATE = Path(".state/images").absolute()
PATIENCE = 60.0
# A mount namespace of its own ends with the process and takes every mount with it.
CONFINE = """
set -e
mount --bind "$ROOT" "$ROOT"
mount -t proc proc "$ROOT/proc"
for folder in $WRITABLE; do mount -t tmpfs -o mode=1777 tmpfs "$ROOT$folder"; done
mount -o remount,ro,bind "$ROOT"
exec chroot --userspec="$AS" "$ROOT" /usr/bin/env -i "$@"
"""
# What a program says that lacks something of its image.
MISSING = (
    "ModuleNotFoundError",
    "ImportError",
    "Read-only file system",
    "PermissionError",
    "ValidationError",
)
CANNOT_WRITE = "import os; assert os.getuid() == 10001; open('/opt/zhengshu/x', 'w')"


def buildah(*arguments: str | Path) -> str:
    """Run buildah on a store of our own that needs neither overlays nor a daemon."""
    stores = ["--root", STATE / "store", "--runroot", STATE / "run", "--storage-driver", "vfs"]
    command = [str(part) for part in ("buildah", *stores, *arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout.strip()


def base() -> str:
    """Make the base image: Debian's smallest system with its Python."""
    system = STATE / "debian"
    if not (STATE / "debian.done").exists():
        shutil.rmtree(system, ignore_errors=True)
        packages = "--include=python3,ca-certificates"
        command = ["debootstrap", "--variant=minbase", packages, "bookworm", str(system)]
        with (STATE / "debootstrap.log").open("w") as log:
            subprocess.run(command, check=True, stdout=log, stderr=log)
        shutil.rmtree(system / "var/cache/apt", ignore_errors=True)
        (STATE / "debian.done").touch()
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, system, "/")
    buildah("commit", "--quiet", "--rm", container, "localhost/base")
    return "localhost/base"


def check(component: str, kinds: list[PodKind], context: Path, on: str, cluster: Cluster) -> str:
    """Build one image, look at it, start it; return what to report."""
    image = f"localhost/zhengshu-{component}"
    given = ["--build-arg", f"BASE={on}", "--build-arg", f"PACKAGE={component}"]
    buildah("bud", "--quiet", "--isolation", "chroot", *given, "--tag", image, context)
    config = json.loads(buildah("inspect", "--type", "image", image))["OCIv1"]["config"]
    assert config["User"] == USER, config
    container = buildah("from", image)
    root = Path(buildah("mount", container))
    try:
        found = [name for name in COMPILERS if list(root.glob(f"usr/*bin/{name}"))]
        assert not found, f"{image} holds {found}"
        files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
        size = sum(path.stat().st_size for path in files) / 1e6
        running = [kind for kind in kinds if kind.process in {"serve", "work"}]
        seconds = max(starts(kind, root, config["Env"], cluster) for kind in running)
        for kind in kinds:
            if kind not in running:
                tries(kind, root, config["Env"], cluster)
    finally:
        buildah("umount", container)
        buildah("rm", container)
        buildah("rmi", "--force", image)
    return f"{component:<12}{size:5.0f} MB，{seconds:.1f} 秒应答探针"


def starts(kind: PodKind, root: Path, image: list[str], cluster: Cluster) -> float:
    """Start the rendered container in the image; return after how many seconds its probe was content."""
    (container,) = kind.spec["containers"]
    pod = cluster.pod(kind, 0)
    told = [f"{name}={value}" for name, value in cluster.environment(pod, container, {}).items()]
    refused = confined(container, root, [*image, *told, "python3", "-c", CANNOT_WRITE])
    assert "Read-only file system" in refused.communicate()[0].decode()
    command = [*container["command"], *container["args"]]
    process = confined(container, root, [*image, *told, *command])
    probe = container["livenessProbe"]["httpGet"]
    began = time.monotonic()
    try:
        while not answers(f"http://127.0.0.1:{pod.ports[probe['port']]}{probe['path']}"):
            if process.poll() is not None or time.monotonic() - began > PATIENCE:
                os.killpg(process.pid, signal.SIGKILL)
                raise AssertionError(process.communicate()[0].decode()[-3000:])
            time.sleep(0.1)
        return time.monotonic() - began
    finally:
        # The whole group: changing the user freed the inner process from dying with the outer one.
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def image_of(kind: PodKind) -> str:
    """Return the image of a pod's containers; it is one."""
    (image,) = {container["image"] for container in kind.containers}
    return str(image)


def tries(kind: PodKind, root: Path, image: list[str], cluster: Cluster) -> None:
    """Let what runs to an end begin: it finds no server here, and must miss nothing of its image."""
    for container in kind.containers:
        pod = cluster.pod(kind, 0)
        known = cluster.environment(pod, container, {}) | {"PATIENCE": "1"}
        told = [f"{name}={value}" for name, value in known.items()]
        command = [*container["command"], *container["args"]]
        process = confined(container, root, [*image, *told, *command])
        try:
            said = process.communicate(timeout=PATIENCE)[0].decode()
        except subprocess.TimeoutExpired:  # it waits for its server
            os.killpg(process.pid, signal.SIGKILL)
            said = process.communicate()[0].decode()
        assert process.returncode, said
        missing = [word for word in MISSING if word in said]
        assert not missing, f"{kind.owner}: {said[-3000:]}"


def confined(container: Object, root: Path, command: list[str]) -> subprocess.Popen[bytes]:
    """Run a command in an image as the cluster would: its user, a read-only root, the mounts to write in."""
    mounts = container.get("volumeMounts", [])
    writable = [mount["mountPath"] for mount in mounts if not mount.get("readOnly")]
    for path in writable:
        (root / path.lstrip("/")).mkdir(parents=True, exist_ok=True)
    known = {"ROOT": str(root), "WRITABLE": " ".join(writable), "AS": USER}
    unshared = ["unshare", "--mount", "--pid", "--fork", "bash", "-c", CONFINE]
    return subprocess.Popen(
        [*unshared, "confine", *command],
        env={"PATH": os.environ["PATH"]} | known,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def main(context: Path, wanted: list[str]) -> None:
    """Check every image, or those that are named, one after the other."""
    if os.geteuid() or not (shutil.which("buildah") and shutil.which("debootstrap")):
        sys.exit(
            "需要 root，以及 Debian 的 buildah、debootstrap：apt-get install buildah debootstrap"
        )
    STATE.mkdir(parents=True, exist_ok=True)
    on = base()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = load(folder)
        made = manifests(kept, seed.document(kept), prefix="county-zhengshu", namespace="gov")
        nowhere = Postgres(folder, 1, "", folder / "log")
        cluster = Cluster(rendered(), decoded(made), folder, nowhere)
        everything = [kind for kind in pods(rendered()) if kind.component != "nats"]
        for kind in [one for one in everything if one.process == "serve"]:
            if wanted and kind.component not in wanted:
                continue
            kinds = [one for one in everything if image_of(one) == image_of(kind)]
            print(check(kind.component, kinds, context, on, cluster), flush=True)
        cluster.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), sys.argv[2:])
