"""The chart with real helm: it lints, renders, is taken by Kubernetes' own schemas, and refuses nonsense."""

import json
import re

import jsonschema
import kubernetes_validate
import pytest
from support.chart import (
    CHART,
    MATRIX,
    MORE,
    OUTSIDE,
    RUNBOOKS,
    arguments_of,
    named,
    pods,
    rendered,
    run_helm,
    selected,
)
from support.foreign import is_foreign, validate_foreign
from zhengshu_audit.settings import AuditSettings
from zhengshu_catalog.settings import CatalogSettings
from zhengshu_chassis.telemetry import REGISTRY
from zhengshu_commission.settings import CommissionSettings
from zhengshu_gateway.settings import GatewaySettings
from zhengshu_local import chart
from zhengshu_opening.settings import OpeningSettings
from zhengshu_portal.settings import PortalSettings
from zhengshu_sharing.settings import SharingSettings

SETTINGS = {
    "audit": AuditSettings,
    "catalog": CatalogSettings,
    "commission": CommissionSettings,
    "gateway": GatewaySettings,
    "opening": OpeningSettings,
    "portal": PortalSettings,
    "sharing": SharingSettings,
}


@pytest.fixture(params=MATRIX)
def objects(request):
    """Everything that one set of values renders."""
    values, sets = MATRIX[request.param]
    return rendered(*values, sets=sets)


@pytest.mark.parametrize("case", MATRIX)
def test_lints_strictly(case):
    done = run_helm("lint", "--strict", str(CHART), *arguments_of(*MATRIX[case]))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "version", ["1.30", "1.37"]
)  # the oldest that Chart.yaml takes, the newest there is
@pytest.mark.parametrize("case", MATRIX)
def test_kubernetes_would_take_every_object(case, version):
    values, sets = MATRIX[case]
    for upgrade in (False, True):
        for each in rendered(*values, sets=sets, upgrade=upgrade):
            if is_foreign(each):
                validate_foreign(each)
            elif not upgrade or each["kind"] == "Job":
                kubernetes_validate.validate(each, version, strict=True)


def test_an_object_of_an_operator_with_a_mistyped_field_is_refused():
    (cluster, *_) = named(rendered(), "Cluster").values()
    mistyped = cluster | {"spec": cluster["spec"] | {"enablePdb": True}}
    with pytest.raises(jsonschema.ValidationError, match="enablePdb"):
        validate_foreign(mistyped)


def test_names_are_unique_and_begin_with_the_release(objects):
    names = [(each["kind"], each["metadata"]["name"]) for each in objects]
    assert len(names) == len(set(names))
    assert all(name.startswith("county-") for _, name in names)
    assert all(len(name) <= 63 for _, name in names)


def test_two_releases_fit_in_one_namespace(objects):
    other = rendered(release="zhengshu-two")
    assert not {(each["kind"], each["metadata"]["name"]) for each in objects} & {
        (each["kind"], each["metadata"]["name"]) for each in other
    }
    selectors = [
        *(each["spec"]["selector"] for each in named(objects, "Deployment").values()),
        *({"matchLabels": each["spec"]["selector"]} for each in named(objects, "Service").values()),
        *(each["spec"]["podSelector"] for each in named(objects, "NetworkPolicy").values()),
    ]
    assert not [one for one in selectors for pod in pods(other) if selected(one, pod.labels)]


def test_every_service_has_pods_with_its_port(objects):
    for name, service in named(objects, "Service").items():
        behind = [
            pod
            for pod in pods(objects)
            if selected({"matchLabels": service["spec"]["selector"]}, pod.labels)
        ]
        ports = {port["name"] for pod in behind for box in pod.containers for port in box["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports, name


def test_every_address_in_the_environment_is_a_rendered_service(objects):
    services = {
        f"{name}:{port['port']}"
        for name, service in named(objects, "Service").items()
        for port in service["spec"]["ports"]
    } | {f"{name}-rw:5432" for name in named(objects, "Cluster")}
    for pod in pods(objects):
        for container in pod.containers:
            for variable in container["env"]:
                for address in re.findall(r"county-[a-z-]+:\d+", variable.get("value", "")):
                    assert address in services, (pod.owner, variable["name"])


def test_environment_is_what_the_settings_ask_for(objects):
    for pod in pods(objects):
        for container in pod.containers:
            if container["command"][:2] == ["python3", "-m"]:
                component = container["command"][2].removeprefix("zhengshu_")
                prefix = f"ZHENGSHU_{component.upper()}_"
                names = [each["name"] for each in container["env"]]
                told = {
                    name.removeprefix(prefix).lower() for name in names if name.startswith(prefix)
                }
                fields = SETTINGS[component].model_fields
                assert len(names) == len(set(names))
                assert told <= set(fields), pod.owner
                assert {name for name, field in fields.items() if field.is_required()} <= told


@pytest.mark.parametrize(
    ("sets", "cas"),
    [
        ((), "/etc/zhengshu/postgres/ca.crt"),
        (OUTSIDE, "/etc/zhengshu/postgres/ca.crt"),
        (
            (*OUTSIDE, "postgres.external.caSecret=", "caSecret=county-ca"),
            "/etc/zhengshu/ca/ca.crt",
        ),
        ((*OUTSIDE, "postgres.external.caSecret="), "/etc/ssl/certs/ca-certificates.crt"),
        (("postgres.sslmode=require",), None),
    ],
)
def test_a_database_is_verified_by_cas_that_are_there(sets, cas):
    """asyncpg knows no CAs of its own: without a file it refuses to connect."""
    for pod in pods(rendered(sets=sets)):
        for container in pod.containers:
            told = {one["name"]: one.get("value") for one in container["env"]}
            if "PGSSLMODE" in told:
                assert told.get("PGSSLROOTCERT") == cas, pod.owner
                mounts = [one["mountPath"] for one in container["volumeMounts"]]
                assert cas is None or cas.startswith(("/etc/ssl", *mounts))


def test_an_object_store_without_tls_is_reached_only_where_values_say_so():
    def allowed(endpoint: str) -> set[str | None]:
        peer = "network.to.objectStore.peers[0].ipBlock.cidr=192.0.2.10/32"
        sets = ("objectStore.url=s3://zhengshu", f"objectStore.endpoint={endpoint}", peer)
        keepers = [
            pod for pod in pods(rendered(sets=sets)) if pod.component in {"catalog", "opening"}
        ]
        told = [
            {one["name"]: one.get("value") for one in pod.containers[-1]["env"]} for pod in keepers
        ]
        assert all(one["AWS_ENDPOINT"] == endpoint for one in told)
        return {one.get("AWS_ALLOW_HTTP") for one in told}

    assert allowed("http://s3.county.example:9000") == {"true"}
    assert allowed("https://s3.county.example") == {None}


def test_only_migrations_hold_the_owners_password(objects):
    for pod in pods(objects):
        for container in pod.containers:
            owns = any(each["name"].endswith("MIGRATION_URL") for each in container["env"])
            migrates = container.get("args") == ["migrate"] and pod.component != "gateway"
            assert owns == migrates, pod.owner


def test_serve_and_work_are_apart_and_each_can_be_disturbed_one_at_a_time(objects):
    deployments, budgets = named(objects, "Deployment"), named(objects, "PodDisruptionBudget")
    processes = {(pod.component, pod.process) for pod in pods(objects)}
    for component in ("gateway", "catalog", "sharing", "opening", "audit"):
        assert {(component, "serve"), (component, "work")} <= processes
    assert set(deployments) <= set(budgets)
    for deployment in deployments.values():
        spec = deployment["spec"]["template"]["spec"]
        assert len(spec["topologySpreadConstraints"]) == 2
        assert spec["terminationGracePeriodSeconds"] > 10 + 5 + 5


def test_pods_bound_to_one_volume_may_leave_their_node_together(objects):
    """The first that is evicted cannot run elsewhere while the second stays."""
    budgets = named(objects, "PodDisruptionBudget")
    for name, deployment in named(objects, "Deployment").items():
        bound = "affinity" in deployment["spec"]["template"]["spec"]
        assert budgets[name]["spec"]["maxUnavailable"] == ("100%" if bound else 1), name
    bound = {pod.component for pod in pods(objects) if "affinity" in pod.spec}
    volumes = named(objects, "PersistentVolumeClaim").values()
    assert bound == {
        one["metadata"]["labels"]["app.kubernetes.io/component"]
        for one in volumes
        if one["spec"]["accessModes"] == ["ReadWriteOnce"]
    }


def test_one_machine_less_is_one_nats_server_less():
    objects = rendered("values-ha.yaml")
    (name, nats), *_ = named(objects, "StatefulSet").items()
    spread = nats["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert {one["topologyKey"]: one["whenUnsatisfiable"] for one in spread} == {
        "kubernetes.io/hostname": "DoNotSchedule",
        "topology.kubernetes.io/zone": "ScheduleAnyway",
    }
    labels = nats["spec"]["template"]["metadata"]["labels"]
    assert all(selected(one["labelSelector"], labels) for one in spread)
    budget = named(objects, "PodDisruptionBudget")[name]["spec"]
    assert budget["maxUnavailable"] == 1
    assert selected(budget["selector"], labels)


def test_databases_run_where_everything_runs():
    sets = (
        *("image.pullSecrets[0]=pull", "priorityClassName=important", "nodeSelector.disk=ssd"),
        *("tolerations[0].key=gov", "tolerations[0].operator=Exists"),
    )
    for cluster in named(rendered(sets=sets), "Cluster").values():
        spec = cluster["spec"]
        assert spec["imagePullSecrets"] == [{"name": "pull"}]
        assert spec["priorityClassName"] == "important"
        assert spec["affinity"] == {
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [{"key": "gov", "operator": "Exists"}],
        }


def test_a_digest_goes_before_the_tag():
    digest = f"sha256:{'5' * 64}"
    objects = rendered(sets=(f"image.digests.catalog={digest}", "image.tag=1.2.3"))
    images = {
        (pod.component, box["image"])
        for pod in pods(objects)
        for box in pod.containers
        if pod.process
    }
    assert {image for component, image in images if component == "catalog"} == {
        f"zhengshu-catalog@{digest}"
    }
    assert ("audit", "zhengshu-audit:1.2.3") in images


def test_scaled_deployments_leave_their_number_to_the_autoscaler():
    objects = rendered("values-ha.yaml")
    deployments, scalers = named(objects, "Deployment"), named(objects, "HorizontalPodAutoscaler")
    assert {"county-zhengshu-gateway", "county-zhengshu-catalog"} <= set(scalers)
    assert not [name for name in scalers if "replicas" in deployments[name]["spec"]]
    assert all(one["spec"]["minReplicas"] >= 2 for one in scalers.values())


def test_liveness_asks_the_process_and_readiness_its_dependencies(objects):
    for pod in pods(objects):
        if pod.process in {"serve", "work"}:
            (container,) = pod.spec["containers"]
            assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
            assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"


def test_a_changed_nats_configuration_rolls_the_servers():
    def checksum(*sets):
        nats = next(pod for pod in pods(rendered(sets=sets)) if pod.component == "nats")
        return nats.annotations["checksum/config"]

    assert checksum() != checksum("nats.cluster.maxFileStore=2147483648")


def test_migrations_are_hooks_on_an_upgrade_and_plain_jobs_before_there_is_a_database():
    first, upgraded = named(rendered(), "Job"), named(rendered(upgrade=True), "Job")
    assert set(first) == set(upgraded)
    assert {name.removesuffix("-migrate-1").rsplit("-", 1)[1] for name in first} == {
        *("catalog", "sharing", "opening", "audit", "commission", "gateway")
    }
    for name in first:
        assert "helm.sh/hook" not in first[name]["metadata"]["annotations"]
        assert upgraded[name]["metadata"]["annotations"]["helm.sh/hook"] == "pre-upgrade"
        # Another revision's Job has another name, and goes by itself.
        assert upgraded[name]["spec"]["ttlSecondsAfterFinished"] > 0


def test_what_comes_from_the_code_is_current(capsys):
    assert chart.main(["--check", str(CHART)]) == 0, capsys.readouterr().out


def test_every_setting_is_set_by_the_chart_or_can_be_set(objects):
    schema = json.loads((CHART / "values.schema.json").read_text())
    components = schema["properties"]["components"]["properties"]
    for name, settings in SETTINGS.items():
        prefix = f"ZHENGSHU_{name.upper()}_"
        told = {
            variable["name"].removeprefix(prefix).lower()
            for pod in pods(objects)
            for container in pod.containers
            for variable in container["env"]
            if variable["name"].startswith(prefix)
        }
        can = set(components[name]["properties"]["settings"]["properties"])
        left = set(settings.model_fields) - told - can
        # `mode` is the argument; the others belong to parts that these values leave out.
        assert left <= {"mode", "calendar_file", "oidc_client_secret"} or not told, (
            f"{name}: run `make chart`"
        )


def test_alerts_name_metrics_that_exist_and_runbooks_that_can_be_read():
    (rule,) = named(rendered(sets=MORE), "PrometheusRule").values()
    alerts = rule["spec"]["groups"][0]["rules"]
    metrics = {
        name
        for family in REGISTRY.collect()
        for suffix in ("", "_total", "_count", "_bucket")
        for name in [family.name + suffix]
    }
    for alert in alerts:
        assert set(re.findall(r"zhengshu_[a-z_]+", alert["expr"])) <= metrics, alert["alert"]
        path = alert["annotations"]["runbook"].removeprefix("docs/runbooks/")
        assert (RUNBOOKS / path).is_file(), path
        assert alert["annotations"]["runbook_url"] == f"https://docs.county.example/runbooks/{path}"
    told = {alert["annotations"]["runbook"].rsplit("/", 1)[1] for alert in alerts}
    assert told == {path.name for path in RUNBOOKS.glob("*.md")} - {"README.md"}


def test_alerts_are_of_this_release_alone():
    """Another release's name may begin with ours."""
    ours = rendered(sets=("monitoring.enabled=true", "fullnameOverride=node"))
    theirs = rendered(sets=("monitoring.enabled=true", "fullnameOverride=node-two"))
    (rule,) = named(ours, "PrometheusRule").values()
    text = json.dumps([one["expr"] for one in rule["spec"]["groups"][0]["rules"]])
    patterns = set(
        re.findall(r'(?:service|deployment|persistentvolumeclaim|job_name)=~\\"(.+?)\\"', text)
    )
    assert len(patterns) == 3
    kinds = ("Service", "Deployment", "PersistentVolumeClaim", "Job")

    def watched(objects):
        names = {one["metadata"]["name"] for one in objects if one["kind"] in kinds}
        names |= {f"{name}-1" for name in named(objects, "Cluster")}
        names |= {f"data-{name}-0" for name in named(objects, "StatefulSet")}
        return {name for name in names if any(re.fullmatch(one, name) for one in patterns)}

    components = ("audit", "catalog", "commission", "gateway", "opening", "portal", "sharing")
    assert {f"node-{one}" for one in components} <= watched(ours)
    assert {"node-audit-work", "node-catalog-files", "node-audit-db-1"} <= watched(ours)
    assert {"data-node-nats-0", "node-gateway-migrate-1"} <= watched(ours)
    assert watched(theirs) == set()
