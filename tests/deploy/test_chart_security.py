"""What the chart lets pods be and do: the restricted standard, no secret's value, no arrow too many."""

import json
import re

import pytest
from support.chart import MATRIX, OUTSIDE, arrows, named, outside_peers, pods, rendered

SERVICES = ("catalog", "sharing", "opening", "audit")


@pytest.fixture(params=MATRIX)
def objects(request):
    """Everything that one set of values renders, on installing."""
    values, sets = MATRIX[request.param]
    return rendered(*values, sets=sets)


def test_pods_meet_the_restricted_standard(objects):
    for pod in pods(objects):
        security = pod.spec["securityContext"]
        assert security["runAsNonRoot"] is True, pod.owner
        assert security["runAsUser"] >= 1000
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod.spec)
        assert all(
            set(volume) - {"name"} <= {"emptyDir", "configMap", "secret", "persistentVolumeClaim"}
            for volume in pod.spec.get("volumes", [])
        )


def test_containers_are_confined(objects):
    for pod in pods(objects):
        for container in pod.containers:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, pod.owner
            assert not [port for port in container.get("ports", []) if "hostPort" in port]


def test_containers_have_requests_and_limits(objects):
    for pod in pods(objects):
        for container in pod.containers:
            for kind in ("requests", "limits"):
                assert set(container["resources"][kind]) == {"cpu", "memory"}, pod.owner
    for cluster in named(objects, "Cluster").values():
        assert set(cluster["spec"]["resources"]["limits"]) == {"cpu", "memory"}


def test_images_are_exact(objects):
    for pod in pods(objects):
        for container in pod.containers:
            assert re.search(r":[A-Za-z0-9_.-]+$", container["image"]), container["image"]
            assert not container["image"].endswith(":latest")


def test_pods_know_nothing_of_the_cluster(objects):
    for pod in pods(objects):
        assert pod.spec["automountServiceAccountToken"] is False
        # <release>_CATALOG_PORT=tcp://… would be taken for our own setting.
        assert pod.spec["enableServiceLinks"] is False


def test_no_secret_is_rendered_and_none_is_written_out(objects):
    assert not named(objects, "Secret")
    for pod in pods(objects):
        for container in pod.containers:
            for variable in container["env"]:
                value = re.sub(r"\$\(\w+\)", "", variable.get("value", ""))
                secret = re.search(r"(KEY|KEYS|PASSWORD|SECRET|TOKEN|_URL)$", variable["name"])
                assert not (secret and re.search(r"[A-Za-z0-9_+/=-]{24,}$", value)), variable
                assert not re.search(r"://[^/@]+:[^/@]+@", value), variable
    for config in named(objects, "ConfigMap").values():
        for text in config["data"].values():
            assert set(re.findall(r'"password": ([^,\n]+)', text)) <= {
                f"$NATS_{name}"
                for name in (
                    "AUDIT",
                    "CATALOG",
                    "GATEWAY",
                    "OPENING",
                    "OPERATOR",
                    "ROUTES",
                    "SHARING",
                )
            }


def test_every_workload_reads_only_secrets_that_are_its_business(objects):
    own = {
        "portal": set(),
        "sharing": {"sharing", "sharing-app", "s3"},
        "opening": {"opening", "opening-app", "s3"},
        "audit": {"audit", "audit-app", "commission"},
    }
    for pod in pods(objects):
        if pod.process in {"serve", "work"} and pod.component in own:
            (container,) = pod.containers
            read = {
                each["valueFrom"]["secretKeyRef"]["name"]
                .removeprefix("county-")
                .removeprefix("zhengshu-")
                for each in container["env"]
                if "secretKeyRef" in each.get("valueFrom", {})
            }
            assert {name.removeprefix("node-") for name in read} <= own[pod.component], pod.owner


def expected(*, cnpg: bool, nats: int, stand_in: bool) -> set[tuple[str, str, int]]:
    """The arrows of the architecture, with the ports at which they end."""
    services = (*SERVICES, "commission") if stand_in else SERVICES
    drawn = {("gateway", service, 8080) for service in services}
    drawn |= {("portal", "gateway", 8080), ("opening", "gateway", 8080)}
    drawn |= {("test", door, 8080) for door in ("gateway", "portal")}
    if stand_in:
        drawn.add(("commission", "gateway", 8080))
    if cnpg:
        databases = {service: f"county-zhengshu-{service}-db" for service in services}
        drawn |= {(service, name, 5432) for service, name in databases.items()}
        drawn |= {(name, name, 5432) for name in databases.values()}
    if nats:
        drawn |= {(one, "nats", 4222) for one in (*SERVICES, "gateway")}
        drawn.add(("nats", "nats", 6222))
    return drawn


@pytest.mark.parametrize("case", ["defaults", "one-node", "ha", "more"])
def test_only_the_arrows_of_the_architecture(case):
    values, sets = MATRIX[case]
    assert arrows(rendered(*values, sets=sets)) == expected(cnpg=True, nats=3, stand_in=True)


def test_only_the_arrows_of_the_architecture_when_servers_are_outside():
    objects = rendered(sets=OUTSIDE)
    assert arrows(objects) == expected(cnpg=False, nats=0, stand_in=False)
    database, nats = ("5432", "192.0.2.20/32"), ("4222", "192.0.2.30/32")
    assert outside_peers(objects) == {
        **{service: {database, nats} for service in SERVICES},
        "gateway": {nats, ("443", "198.51.100.0/24")},
    }
    doors = {("http", "ingress-nginx")}
    assert outside_peers(objects, "ingress") == {"gateway": doors, "portal": doors}


DATABASES = [f"{service}-db" for service in (*SERVICES, "commission")]


def test_nothing_leaves_the_release_unless_values_say_where():
    """Databases alone must reach the API server, whose address only the cluster knows."""
    assert outside_peers(rendered()) == {key: {("443 6443", "anywhere")} for key in DATABASES}
    told = "network.to.{}.peers[0].ipBlock.cidr={}"
    sets = (told.format("apiServer", "192.0.2.1/32"), told.format("backup", "192.0.2.2/32"))
    places = {("443 6443", "192.0.2.1/32"), ("443", "192.0.2.2/32")}
    assert outside_peers(rendered(sets=sets)) == dict.fromkeys(DATABASES, places)


@pytest.mark.parametrize("case", ["defaults", "one-node", "ha", "more"])
def test_nobody_from_outside_comes_in_but_by_the_doors(case):
    values, sets = MATRIX[case]
    door = {("http", "kube-system" if case == "one-node" else "ingress-nginx")}
    expected = {"gateway": set(door), "portal": set(door)}
    expected |= {name: {("5432 8000", "cnpg-system")} for name in DATABASES}
    if case in {"ha", "more"}:  # watched
        for component in (*SERVICES, "commission", "gateway", "portal"):
            expected.setdefault(component, set()).add(("metrics", "monitoring"))
        for name in DATABASES:
            expected[name].add(("9187", "monitoring"))
    if case == "more":
        expected["nats"] = {("client", "203.0.113.0/24")}
    assert outside_peers(rendered(*values, sets=sets), "ingress") == expected


def test_metrics_are_on_a_port_that_no_door_leads_to(objects):
    for ingress in named(objects, "Ingress").values():
        backends = [
            path["backend"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]
        ]
        assert {one["service"]["port"]["name"] for one in backends} == {"http"}
    for route in named(objects, "HTTPRoute").values():
        assert {ref["port"] for rule in route["spec"]["rules"] for ref in rule["backendRefs"]} == {
            8080
        }
    for monitor in named(objects, "ServiceMonitor").values():
        assert [one["port"] for one in monitor["spec"]["endpoints"]] == ["metrics"]
    for pod in pods(objects):
        if pod.process in {"serve", "work"}:
            told = {one["name"]: one.get("value") for one in pod.containers[0]["env"]}
            ports = {one["name"]: str(one["containerPort"]) for one in pod.containers[0]["ports"]}
            name = f"ZHENGSHU_{pod.component.upper()}_METRICS_PORT"
            assert told[name] == ports["metrics"] != ports["http"]


def test_every_pod_is_refused_everything_first(objects):
    policies = named(objects, "NetworkPolicy")
    if policies:
        (refuse,) = [one for name, one in policies.items() if name.endswith("-refuse")]
        assert refuse["spec"]["policyTypes"] == ["Ingress", "Egress"]
        assert not {"ingress", "egress"} & set(refuse["spec"])
        wanted = refuse["spec"]["podSelector"]["matchLabels"].items()
        assert all(wanted <= pod.labels.items() for pod in pods(objects))


def test_databases_are_prepared_by_the_same_statements_as_on_one_machine():
    (catalog,) = [
        one for name, one in named(rendered(), "Cluster").items() if name.endswith("catalog-db")
    ]
    initdb = catalog["spec"]["bootstrap"]["initdb"]
    assert "CREATE ROLE catalog_rows NOLOGIN" in initdb["postInitSQL"]
    assert "REVOKE ALL ON DATABASE catalog FROM PUBLIC" in initdb["postInitApplicationSQL"]
    assert "REVOKE ALL ON DATABASE template1 FROM PUBLIC" in initdb["postInitSQL"]
    assert catalog["spec"]["enableSuperuserAccess"] is False
    assert "catalog_rows" not in json.dumps(
        [one["name"] for one in catalog["spec"]["managed"]["roles"]]
    )


def test_an_old_primary_can_be_rewound_after_a_failover(objects):
    """pg_rewind enters `postgres` as streaming_replica, by what PUBLIC may."""
    for cluster in named(objects, "Cluster").values():
        initdb = cluster["spec"]["bootstrap"]["initdb"]
        said = " ".join([*initdb["postInitSQL"], *initdb["postInitApplicationSQL"]])
        assert not re.search(r"REVOKE [A-Z ]+ON DATABASE postgres\b", said)


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        ((), "false"),
        (("nats.cluster.tlsSecret=nats-tls",), "true"),
        (OUTSIDE, "false"),
        ((*OUTSIDE, "nats.external.url=tls://nats.county.example:4222"), "true"),
    ],
)
def test_integrators_are_let_in_by_tls_alone_where_the_server_has_it(sets, told):
    """The server itself takes both: the deployables connect without."""
    for pod in pods(rendered(sets=sets)):
        if pod.component == "gateway":
            env = {one["name"]: one.get("value") for one in pod.containers[0]["env"]}
            assert env["ZHENGSHU_GATEWAY_INTEGRATORS_TLS"] == told
