"""What the chart says is what runs: the rendered manifests, started here, tell the story of the demo.

Replaced, because they are outside of the chart: containers by processes, S3 by a server of our own. Databases
and the object store are verified by the CAs that the chart mounts.
"""

import json
from pathlib import Path

import pytest
from support.chart import pods, rendered
from support.cluster import Cluster, decoded, running_cluster
from support.s3 import running_s3
from support.trust import make_trust
from typer.testing import CliRunner
from zhengshu_local.cli import app
from zhengshu_local.demo import tell
from zhengshu_local.demo.doors import Doors
from zhengshu_local.demo.tampering import tampered_copy
from zhengshu_local.demo.teller import Teller
from zhengshu_local.seed import COMPETENT

NAME = "county-zhengshu"
VALUES = {
    "one-node": ("values-one-node.yaml",),
    "defaults": (),
    "ha": ("values-ha.yaml",),
}
# With the object store behind a CA of the county's own.
STORE = ("objectStore.url=s3://zhengshu/county", "caSecret=county-ca")


def secrets(folder: Path) -> str:
    """What an operator pipes into kubectl."""
    department = f"{COMPETENT['code']}={COMPETENT['name']}"
    options = ["--keep", str(folder), "--release", NAME, "--department", department]
    done = CliRunner().invoke(app, ["secrets", *options])
    assert done.exit_code == 0, done.output
    return done.stdout


def doors_of(cluster: Cluster) -> Doors:
    """The doors a stranger finds: those of the rendered Services."""
    keys = {name.removeprefix(f"{NAME}-"): values for name, values in cluster.secrets.items()}
    address = cluster.addresses
    database = address[f"{NAME}-audit-db-rw:5432"]
    superuser = cluster.postgres.url().rsplit("/", 1)[0]
    owner = f"postgresql://audit_owner:{keys['audit-owner']['password']}@{database}"
    log_key = keys["audit"]["checkpoint-public-key"]
    witness_key = keys["commission"]["witness-public-key"]
    return Doors(
        gateway=cluster.url(f"{NAME}-gateway"),
        nats=f"nats://{address[f'{NAME}-nats:4222']}",
        desk=cluster.url(f"{NAME}-commission"),
        desk_token=keys["commission"]["desk-token"],
        officer=(keys["seed"]["client-id"], keys["seed"]["client-secret"]),
        log_key=log_key,
        witness_key=witness_key,
        fsck_tampered=lambda: tampered_copy(
            superuser, owner, log_key=log_key, witness_key=witness_key
        ),
        folder=cluster.folder / "story",
    )


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "case",
    [
        pytest.param("one-node", marks=pytest.mark.ship),
        pytest.param("defaults", marks=pytest.mark.ship),
        pytest.param("ha", marks=pytest.mark.ship),
    ],
)
def test_what_the_chart_says_is_what_runs(case, tmp_path):
    trust, made = make_trust(tmp_path), decoded(json.loads(secrets(tmp_path / "kept")))
    made["zhengshu-s3"] = {"AWS_ACCESS_KEY_ID": "county", "AWS_SECRET_ACCESS_KEY": "secret"}
    made["county-ca"] = {"ca.crt": trust.authority}
    with running_s3("county", trust.server) as store:
        sets = (*STORE, f"objectStore.endpoint={store.url}") if case == "ha" else ()
        tells_the_story(case, sets, made, tmp_path, trust)
    # Each service in a folder of its own, and nothing left in parts.
    kept = {path.split("/")[3] for path in store.objects}
    assert kept == ({"opening"} if case == "ha" else set())
    assert not store.parts


def tells_the_story(case, sets, made, folder, trust):
    """Install, test, and for all but the smallest the hooks of an upgrade."""
    objects = rendered(*VALUES[case], sets=sets)
    # A first installation starts everything at once; pods try until the Jobs are through.
    with running_cluster(objects, made, folder, trust, at_once=case == "defaults") as cluster:
        said: list[str] = []
        assert tell(doors_of(cluster), Teller(said.append)) == 0, "\n".join(said)
        (test,) = [pod for pod in pods(objects) if pod.component == "test"]
        assert "全部检查通过" in cluster.complete(test)
        if case != "one-node":  # an upgrade's hooks run again beside the running release
            cluster.run_jobs(rendered(*VALUES[case], sets=sets, upgrade=True))
            assert "全部检查通过" in cluster.complete(test)


def test_every_secret_the_chart_refers_to_is_made(tmp_path):
    made = {item["metadata"]["name"]: item for item in json.loads(secrets(tmp_path))["items"]}
    for pod in pods(rendered()):
        for container in pod.containers:
            for variable in container["env"]:
                if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                    assert reference["key"] in made[reference["name"]]["stringData"], reference
