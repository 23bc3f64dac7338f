"""The restore drill: a backup makes an empty node what this one was, and everything goes on from there."""

from pathlib import Path
from typing import Any

import pytest
from support import backup
from support.county import County, until
from zhengshu import Refused
from zhengshu_local.node import Node

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
GRANTED = {"name", "amount"}


def test_an_empty_node_becomes_what_the_backup_has(county, tmp_path):
    grant = county.grant()
    rows = county.read_until(county.aid, GRANTED)
    kept = until(lambda: witnessed(county))
    before = version(county)
    backup.take(county.node, tmp_path / "backup")
    lose_what_the_commission_has_seen(county, tmp_path / "backup")
    with backup.restored(tmp_path / "backup", tmp_path / "node") as node:
        there = county.at(node)
        assert by_case(there.read_until(there.aid, GRANTED)) == by_case(rows)
        assert epoch(version(there)) > epoch(before)
        with pytest.raises(Refused) as gone:
            there.get("market", f"/v1/datasets/{there.aid}/changes", since=before)
        assert gone.value.status == 410
        there.push_aid()
        there.revoke(grant)
        until(lambda: not GRANTED & there.read(there.aid)[0].keys())
        agree_to_the_restart(there)
        until(lambda: witnessed(there)["size"] > kept["size"])
        assert "存证完整,未发现改动" in fsck(node, kept["note"], tmp_path / "kept")
        there.close()
    county.revoke(grant)


def lose_what_the_commission_has_seen(county: County, taken: Path) -> None:
    """Go on after the backup: only the Commission, which is not the county's to restore, remembers it."""
    before = witnessed(county)["size"]
    county.push_aid()
    until(lambda: witnessed(county)["size"] > before)
    backup.take(county.node, taken, ("commission",))


def agree_to_the_restart(county: County) -> None:
    """The ledger does not continue what was countersigned: a person at the Commission looks at it."""
    path = "/desk/filings?state=pending&kind=checkpoint"
    (filing,) = until(lambda: county.desk("GET", path))
    assert filing["body"]["restart"] == "演练:恢复至当日备份"
    agreed = {"outcome": "agree", "reason": "已核对恢复记录"}
    county.desk("POST", f"/desk/filings/{filing['ref']}/decision", agreed)


def by_case(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: row["case_no"])


def version(county: County) -> str:
    path = f"/v1/datasets/{county.aid}/rows"
    return county.people["market"].door.call("GET", path).headers["Zhengshu-Version"]


def epoch(version: str) -> int:
    return int(version.split(".", maxsplit=1)[0])


def witnessed(county: County) -> dict[str, Any]:
    """Return the newest checkpoint that the Commission countersigned."""
    path = "/v1/ledger/checkpoint"
    found: dict[str, Any] = county.get("competent", path, countersigned=True)
    return found


def fsck(node: Node, kept: str, file: Path) -> str:
    """Recompute the restored ledger, which must continue what somebody kept from before."""
    file.write_text(kept)
    options = ["--database-url", node.postgres.url("audit"), "--kept-checkpoint", str(file)]
    for option, name in (
        ("--public-key", "audit_checkpoint"),
        ("--witness-key", "commission_witness"),
    ):
        options += [option, node.secrets.pair("ed25519", name)["public"]]
    return node.run("audit", "fsck", *options)
