"""Values: what cannot work is refused with its place, what the guides show is taken."""

import json
import re

import pytest
import yaml
from support.chart import CHART, ROOT, refusal, run_helm

MISTAKES = {
    "hosts.api=": "/hosts/api",
    "hosts.portal=Not_A_Host": "/hosts/portal",
    "image.tag=latest": "/image/tag",
    "image.digests.catalog=abc": "/image/digests/catalog",
    "image.pullPolicy=Sometimes": "/image/pullPolicy",
    "exposure.kind=nodePort": "/exposure/kind",
    "exposure.kind=gatewayApi": "/exposure/gatewayApi/parentRefs",
    "exposure.scheme=ftp": "/exposure/scheme",
    "commission.standIn=false": "/commission/url",
    "postgres.mode=sqlite": "/postgres/mode",
    "postgres.mode=external": "/postgres/external/host",
    "postgres.sslmode=prefer": "/postgres/sslmode",
    "postgres.cnpg.instances=0": "/postgres/cnpg/instances",
    "postgres.cnpg.imageName=postgres:latest": "/postgres/cnpg/imageName",
    "postgres.cnpg.storage.size=10GB": "/postgres/cnpg/storage/size",
    "nats.mode=external": "/nats/external/url",
    "nats.cluster.replicas=2": "/nats/cluster/replicas",
    "nats.cluster.replicas=1": "nats.streamReplicas",
    "nats.cluster.image=nats": "/nats/cluster/image",
    "nats.cluster.integrators.enabled=true": "/nats/cluster/integrators/sources",
    "objectStore.url=/data": "/objectStore/url",
    "objectStore.volume.size=": "/objectStore/volume/size",
    "components.catalog.serve.replicas=0": "/components/catalog/serve/replicas",
    "components.catalog.serve.resources.limits.memory=": "/components/catalog/serve/resources/limits/memory",
    "components.catalog.serve.resources.limits=null": "/components/catalog/serve/resources",
    "components.catalog.settings.cursor_key=abc": "/components/catalog/settings",
    "components.storage.serve.replicas=1": "/components",
    "jobs.deadline=5": "/jobs/deadline",
    "existingSecrets.catalog=Not_A_Name": "/existingSecrets/catalog",
    "existingSecrets.everything=one": "/existingSecrets",
    "network.to.webhooks.peers[0].ipBlock.cidr=0.0.0.0/0": "/network/to/webhooks/peers/0/ipBlock/cidr",
    "network.to.webhooks.peers[0].podSelector=null": "/network/to/webhooks/peers/0",
    "network.dns=null": "/network",
    "monitoring.interval=often": "/monitoring/interval",
    "skipAuth=true": "skipAuth",
    "hosts.portal=api.zhengshu.example": "hosts.portal:",
    "components.gateway.serve.autoscaling.max=1": "components.gateway.serve.autoscaling.max:",
    "components.audit.work.resources.requests.memory=1Gi": "components.audit.work.resources.requests.memory:",
    "jobs.resources.requests.cpu=2000m": "jobs.resources.requests.cpu:",
    "postgres.cnpg.resources.requests.memory=2Gi": "postgres.cnpg.resources.requests.memory:",
    "nats.cluster.storage.size=16Gi": "nats.cluster.maxFileStore:",
    "components.catalog.settings.pool_size=-3": "/components/catalog/settings/pool_size",
    "components.catalog.settings.pool_timeout=0": "/components/catalog/settings/pool_timeout",
    "components.sharing.settings.usage_years=1": "/components/sharing/settings/usage_years",
    "postgres.cnpg.extraSpec.instances=0": "/postgres/cnpg/extraSpec/instances",
    "tolerations[0].foo=bar": "/tolerations/0",
    "network.dns[0].namespaceSelector.matchLabels=oops": "/network/dns/0/namespaceSelector/matchLabels",
    "objectStore.url=s3://zhengshu": "network.to.objectStore.peers:",
    "components.gateway.settings.oidc_issuer=https://id.county.example": "network.to.oidc.peers:",
    "postgres.mode=external,postgres.external.host=db.county.example": "network.to.postgres.peers:",
    "nats.mode=external,nats.external.url=nats://nats.county.example:4222": "network.to.nats.peers:",
    "commission.standIn=false,commission.url=https://data.city.example": "network.to.commission.peers:",
    "logLevel=LOUD": "/logLevel",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_its_place(mistake):
    assert MISTAKES[mistake] in refusal(mistake)


SCHEMA = json.loads((CHART / "values.schema.json").read_text())
DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text())


def required(schema, values, path=()):
    """Every place that the schema requires and the defaults have."""
    if reference := schema.get("$ref"):
        schema = SCHEMA["$defs"][reference.rsplit("/", 1)[1]]
    for key in schema.get("required", []):
        yield (*path, key)
    for key, inner in schema.get("properties", {}).items():
        if isinstance(values.get(key), dict):
            yield from required(inner, values[key], (*path, key))


REQUIRED = list(required(SCHEMA, DEFAULTS))


@pytest.mark.parametrize("depth", sorted({len(path) for path in REQUIRED}))
def test_every_required_place_that_is_missing_is_named(depth):
    missing = [path for path in REQUIRED if len(path) == depth]
    told = refusal(*(f"{'.'.join(path)}=null" for path in missing))
    for path in missing:
        above = f"/{'/'.join(path[:-1])}" if path[:-1] else ""
        line = next(one for one in told.splitlines() if f"at '{above}'" in one)
        assert f"'{path[-1]}'" in line, path


def snippets():
    """Every piece of a values file that the operations guide and the offline guide show."""
    for path in (ROOT / "docs/operations.md", ROOT / "deploy/offline.md"):
        text = path.read_text()
        blocks = re.findall(r"```yaml\n(.*?)```", text, re.S)
        blocks += re.findall(r"<<'EOF'\n(.*?)EOF", text, re.S)
        yield from ((path.name, block) for block in blocks)


@pytest.mark.parametrize(("guide", "block"), list(snippets()))
def test_what_the_guides_show_is_taken(guide, block, tmp_path):
    values = tmp_path / "values.yaml"
    values.write_text(block)
    done = run_helm("template", "county", str(CHART), "-f", str(values))
    assert done.returncode == 0, f"{guide}: {done.stderr}"


def test_integrators_from_outside_need_tls():
    told = refusal(
        "nats.cluster.integrators.enabled=true",
        "nats.cluster.integrators.sources[0]=203.0.113.0/24",
    )
    assert "nats.cluster.tlsSecret" in told


def test_values_files_hold_only_what_the_defaults_hold():
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    for path in CHART.glob("values-*.yaml"):
        assert set(yaml.safe_load(path.read_text())) <= set(defaults)
