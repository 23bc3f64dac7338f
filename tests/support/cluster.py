"""A cluster of processes: runs what the chart rendered, on this machine.

Every container's command, arguments and environment are taken as they are rendered. Only what a machine
without containers cannot have is put in its place: a pod's ports and mounted paths become ports and folders
of this machine, and a Service becomes a port that passes connections on to the pods it selects. PostgreSQL
is one real server in which each rendered Cluster's database is made by the statements in it; what ends TLS
in front of it is here, since its wheel is built without.
"""

import asyncio
import base64
import contextlib
import os
import re
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from support.chart import Object, PodKind, named, pods, selected
from support.doors import Doors, port_of_a_pod
from support.servers import running_postgres
from support.trust import Trust
from zhengshu_local.postgres import Postgres
from zhengshu_local.processes import Process

PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
PATIENCE = 90.0


@dataclass
class Pod:
    """One pod: its name, the local ports of its containers' ports, the folders of its mounts."""

    name: str
    kind: PodKind
    ports: dict[str, int]
    numbers: dict[int, int]
    folder: Path
    process: Process | None = None


@dataclass
class Cluster:
    """Everything one rendering of the chart makes."""

    objects: list[Object]
    secrets: dict[str, Mapping[str, str]]
    folder: Path
    postgres: Postgres
    trust: Trust | None = None
    doors: Doors = field(default_factory=Doors)
    pods: list[Pod] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)
    _behind: list[tuple[Object, list[int]]] = field(default_factory=list)

    def prepare(self) -> None:
        """Open a port for every Service, and make the databases."""
        for name, service in named(self.objects, "Service").items():
            for port in service["spec"]["ports"]:
                targets: list[int] = []
                self._behind.append((service | {"port": port}, targets))
                self.addresses[f"{name}:{port['port']}"] = f"127.0.0.1:{self.doors.open(targets)}"
        for name, cluster in named(self.objects, "Cluster").items():
            assert self.trust is not None
            port = self.doors.open([self.postgres.port], self.trust.server)
            self.addresses[f"{name}-rw:5432"] = f"127.0.0.1:{port}"
            self.secrets[f"{name}-ca"] = {"ca.crt": self.trust.authority}
            asyncio.run(self._make_database(cluster["spec"]))

    async def _make_database(self, spec: Object) -> None:
        """What CloudNativePG does: initdb's statements as superuser, then the managed roles."""
        initdb = spec["bootstrap"]["initdb"]
        outer = await asyncpg.connect(self.postgres.url())
        await outer.execute(f"CREATE ROLE {initdb['owner']} LOGIN")
        for statement in initdb["postInitSQL"]:
            await outer.execute(statement)
        await outer.execute(
            f"CREATE DATABASE {initdb['database']} OWNER {initdb['owner']} TEMPLATE template0"
        )
        inner = await asyncpg.connect(self.postgres.url(initdb["database"]))
        for statement in initdb["postInitApplicationSQL"]:
            await inner.execute(statement)
        for role in spec["managed"]["roles"]:
            secret = self.secrets[role["passwordSecret"]["name"]]
            assert secret["username"] == role["name"]
            password = await outer.fetchval("SELECT quote_literal($1::text)", secret["password"])
            await outer.execute(f"ALTER ROLE {role['name']} LOGIN PASSWORD {password}")
            for group in role["inRoles"]:
                assert await outer.fetchval(
                    "SELECT pg_has_role($1, $2, 'MEMBER')", role["name"], group
                )
        await inner.close()
        await outer.close()

    def run_jobs(self, objects: list[Object]) -> None:
        """Run every Job to its end, init containers first, as often as its back-off allows: once."""
        jobs = [pod for pod in pods(objects) if pod.owner.startswith("Job/")]
        assert jobs
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self.complete, jobs))

    def complete(self, kind: PodKind) -> str:
        """Run a pod's containers to their end, one after the other; return what they said."""
        pod = self.pod(kind, 0)
        said = ""
        for container in kind.containers:
            process = self._process(pod, container)
            process.start()
            deadline = time.monotonic() + PATIENCE
            while process.running() and time.monotonic() < deadline:
                time.sleep(0.1)
            process.kill()
            said += process.log.read_text()
            assert process.exit_code == 0, f"{kind.owner}/{container['name']}:\n{process.tail(40)}"
        return said

    def start(self, kind: str) -> None:
        """Start the pods of Deployments or StatefulSets."""
        new = [
            self.pod(pods([owner])[0], number)
            for owner in named(self.objects, kind).values()
            for number in range(self.replicas(owner))
        ]
        self.pods += new
        for pod in new:
            self._expose(pod)
        for pod in new:
            (container,) = pod.kind.spec["containers"]
            pod.process = self._process(pod, container)
            pod.process.start()

    def wait(self) -> None:
        """Wait until every pod is ready."""
        for pod in self.pods:
            self._wait(pod)

    def replicas(self, owner: Object) -> int:
        """Return how many pods there are at first."""
        scalers = named(self.objects, "HorizontalPodAutoscaler")
        if "replicas" in owner["spec"]:
            return int(owner["spec"]["replicas"])
        return int(scalers[owner["metadata"]["name"]]["spec"]["minReplicas"])

    def stop(self) -> None:
        """Stop everything, together, as the end of a namespace does."""
        running = [pod.process for pod in self.pods if pod.process]
        with ThreadPoolExecutor(len(running) or 1) as pool:
            list(pool.map(Process.stop, running))
        self.doors.close()

    def url(self, service: str) -> str:
        """Return how a rendered Service is reached from this machine."""
        return f"http://{self.addresses[f'{service}:8080']}"

    def pod(self, kind: PodKind, number: int) -> Pod:
        """Give a pod its name and the ports of this machine that it listens on."""
        name = f"{kind.owner.partition('/')[2]}-{number}"
        ports, numbers = {}, {}
        for port in (port for box in kind.containers for port in box.get("ports", [])):
            ports[port["name"]] = numbers[port["containerPort"]] = port_of_a_pod()
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return Pod(name, kind, ports, numbers, folder)

    def _expose(self, pod: Pod) -> None:
        """Let the Services that select a pod lead to it; a stateful pod has a name of its own too."""
        for service, targets in self._behind:
            if selected({"matchLabels": service["spec"]["selector"]}, pod.kind.labels):
                target = pod.ports[service["port"]["targetPort"]]
                targets.append(target)
                name = f"{pod.name}.{service['metadata']['name']}:{service['port']['port']}"
                self.addresses[name] = f"127.0.0.1:{target}"

    def _process(self, pod: Pod, container: Object) -> Process:
        paths = self._mount(pod, container)
        command = [*container["command"], *container.get("args", [])]
        return Process(
            name=pod.name,
            command=[self._here(part, pod, paths) for part in command],
            environment={"PATH": PATH} | self.environment(pod, container, paths),
            log=self.folder / f"{pod.name}-{container['name']}.log",
        )

    def environment(self, pod: Pod, container: Object, paths: Mapping[str, Path]) -> dict[str, str]:
        """Resolve a container's environment."""
        known = {"HOSTNAME": pod.name}
        for variable in container.get("env", []):
            known[variable["name"]] = self._value(pod, variable, known, paths)
        return known

    def _value(
        self, pod: Pod, variable: Object, known: Mapping[str, str], paths: Mapping[str, Path]
    ) -> str:
        """Resolve one variable as the kubelet does, then its addresses, ports and paths."""
        source = variable.get("valueFrom", {})
        if "secretKeyRef" in source:
            reference = source["secretKeyRef"]
            return self.secrets[reference["name"]][reference["key"]]
        if "fieldRef" in source:
            assert source["fieldRef"]["fieldPath"] == "metadata.name"
            return pod.name
        value = re.sub(r"\$\((\w+)\)", lambda found: known[found[1]], variable.get("value", ""))
        if re.fullmatch(r"ZHENGSHU_[A-Z_]+_PORT", variable["name"]):
            return str(pod.numbers.get(int(value), value))
        return self._here(value, pod, paths)

    def _mount(self, pod: Pod, container: Object) -> dict[str, Path]:
        """Make a container's volumes as folders; return the folder of each mounted path."""
        volumes = {one["name"]: one for one in pod.kind.spec.get("volumes", [])}
        return {
            mount["mountPath"]: self._volume(pod, mount["name"], volumes.get(mount["name"], {}))
            for mount in container.get("volumeMounts", [])
        }

    def _volume(self, pod: Pod, name: str, volume: Object) -> Path:
        if "persistentVolumeClaim" in volume:  # one folder for all that claim it
            folder = self.folder / volume["persistentVolumeClaim"]["claimName"]
        else:
            folder = pod.folder / name
        folder.mkdir(exist_ok=True)
        if "secret" in volume and volume["secret"]["secretName"] in self.secrets:
            values = self.secrets[volume["secret"]["secretName"]]
            for item in volume["secret"]["items"]:
                (folder / item["path"]).write_text(values[item["key"]])
        if "configMap" in volume:
            data = named(self.objects, "ConfigMap")[volume["configMap"]["name"]]["data"]
            for key, text in data.items():
                paths = {"/data": pod.folder / "data", "/tmp": pod.folder / "tmp"}
                (folder / key).write_text(self._here(text, pod, paths))
        return folder

    def _here(self, text: str, pod: Pod, paths: Mapping[str, Path]) -> str:
        """Put this machine's addresses, ports and folders into a text."""
        for rendered in sorted(self.addresses, key=len, reverse=True):
            text = re.sub(
                rf"(?<![\w.-]){re.escape(rendered)}(?!\d)", self.addresses[rendered], text
            )
        for rendered_port, port in pod.numbers.items():
            text = text.replace(f"0.0.0.0:{rendered_port}", f"127.0.0.1:{port}")
        if paths:
            mounted = "|".join(map(re.escape, sorted(paths, key=len, reverse=True)))
            text = re.sub(rf'({mounted})(?=[/"\s]|$)', lambda found: str(paths[found[1]]), text)
        return text

    def _wait(self, pod: Pod) -> None:
        """Ask the declared probes as the kubelet does: first that it started, then that it is ready."""
        (container,) = pod.kind.spec["containers"]
        deadline = time.monotonic() + PATIENCE
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            get = container[probe]["httpGet"]
            url = f"http://127.0.0.1:{pod.ports[get['port']]}{get['path']}"
            while not answers(url):
                assert pod.process is not None
                if not pod.process.running():  # as the kubelet does
                    pod.process.start()
                told = f"{pod.name} {probe} {url}: {pod.process.tail(40)}"
                assert time.monotonic() < deadline, told
                time.sleep(0.1)


def answers(url: str) -> bool:
    """Tell whether a probe is content."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return 200 <= answer.status < 400
    except (urllib.error.URLError, OSError):
        return False


def decoded(manifests: Object) -> dict[str, Mapping[str, str]]:
    """Return the Secrets of a List as a cluster keeps them, by name."""
    return {
        item["metadata"]["name"]: {
            **{
                key: base64.b64decode(value).decode() for key, value in item.get("data", {}).items()
            },
            **item.get("stringData", {}),
        }
        for item in manifests["items"]
    }


@contextlib.contextmanager
def running_cluster(
    objects: list[Object],
    secrets: dict[str, Mapping[str, str]],
    folder: Path,
    trust: Trust,
    *,
    at_once: bool = False,
) -> Iterator[Cluster]:
    """Databases and NATS, the Jobs, then every other pod; `at_once` lets the pods begin before the Jobs."""
    with running_postgres(folder / "postgres") as postgres:
        cluster = Cluster(objects, secrets, folder, postgres, trust)
        try:
            cluster.prepare()
            cluster.start("StatefulSet")
            cluster.wait()
            if at_once:
                cluster.start("Deployment")
            cluster.run_jobs(objects)
            if not at_once:
                cluster.start("Deployment")
            cluster.wait()
            yield cluster
        finally:
            cluster.stop()
            shutil.rmtree(folder / "postgres" / "data", ignore_errors=True)
