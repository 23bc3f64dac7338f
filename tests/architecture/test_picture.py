"""The picture of the architecture shows what NATS's rights, settings and network policies allow."""

import re

import pytest
from zhengshu_contracts.subjects import BUCKETS, STREAMS
from zhengshu_local.credentials import load
from zhengshu_local.databases import DATABASES
from zhengshu_local.deployables import DEPLOYABLES, Layout
from zhengshu_local.nats import rights

from architecture.deployables import ROOT

TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
POLICIES = (ROOT / "deploy/k8s/zhengshu/templates/networkpolicies.yaml").read_text(encoding="utf-8")
OURS = {one.name for one in DEPLOYABLES}
SERVICES = {"catalog", "sharing", "opening", "audit"}
NODE = r"(\w+)(?:[(\[{]+[^)\]}]*[)\]}]+|\[[^\]]*\])?"


def drawn() -> set[tuple[str, str]]:
    """The picture's arrows and lines, by the names of their ends."""
    block = re.findall(r"```mermaid\n(flowchart.*?)```", TEXT, re.DOTALL)[0]
    found = set()
    for line in block.splitlines()[1:]:
        left, right = re.split(r" (?:-- .* -->|-\. .* \.->|-->|---) ", line.strip())
        starts, ends = (
            [re.match(NODE, one)[1] for one in side.split(" & ")] for side in (left, right)
        )
        found |= {(start, end) for start in starts for end in ends}
    return found


def between(*sides: set[str]) -> set[tuple[str, str]]:
    return {(start, end) for start, end in drawn() if start in sides[0] and end in sides[1]}


def chart(name: str) -> dict[str, set[str]]:
    """A dictionary of lists written out in the chart's network policies."""
    (text,) = re.findall(rf"\${name} := dict (.*)}}}}\n", POLICIES)
    pairs = re.findall(r'"(\w+)" \((?:compact \()?list ([^)]*(?:\([^)]*\))?)', text)
    return {key: set(re.findall(r'"(\w+)"', listed)) & (OURS | {"oidc"}) for key, listed in pairs}


def test_who_calls_whom_is_what_network_policies_allow():
    allowed = {(caller, called) for caller, all_ in chart("calls").items() for called in all_}
    assert len(allowed) == 8
    assert between(OURS, OURS) == allowed


def test_who_speaks_to_nats_has_rights_there():
    users = set(rights()) - {"operator"}
    assert {start for start, end in drawn() if end == "nats"} == users | {"integrator"}
    consuming = {
        user
        for user, right in rights().items()
        if any("MSG.NEXT" in each for each in right["publish"]) and user != "operator"
    }
    assert {end for start, end in drawn() if start == "nats"} == consuming


def test_each_database_has_one_line():
    ends = {"dbc", "dbs", "dbo", "dba", "dbm"}
    lines = between(OURS, ends)
    assert {start for start, _ in lines} == set(DATABASES)
    assert len(lines) == len(ends)


def test_who_has_a_store_is_told_where_it_is(tmp_path):
    layout = Layout(tmp_path, 18080, load(tmp_path))
    told = {
        one.name
        for one in DEPLOYABLES
        if any(key.endswith("_STORE_URL") for key in one.environment(layout))
    }
    assert {start for start, end in drawn() if end == "store"} == told


def test_what_is_reached_outside_may_be_reached():
    assert "oidc" in chart("outside")["gateway"]
    assert {start for start, end in drawn() if end == "oidc"} == {"gateway"}


@pytest.mark.parametrize("name", [each.name for each in (*STREAMS, *BUCKETS)])
def test_every_stream_and_bucket_is_described(name):
    assert f"`{name}`" in TEXT.partition("## Streams and buckets")[2]
